"""Notices that are read one by one: the count is exact at every moment, and the cursor follows when it can."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import Database
from app.errors import TooManyReadRanges
from app.notifications import actions
from app.notifications.actions import Inbox
from app.streams.notify import notify
from tests.integration.customers import Customer, new_customer, rows, write


@pytest.fixture
def alice(database: Database) -> Customer:
    """With notices 1, 2, 4, 5 and 7; 3 and 6 tell of what she did."""
    customer = new_customer(database)
    for number in (1, 2, 3, 4, 5, 6, 7):
        if number in (3, 6):
            customer.deposit(100)
        else:
            notify(database, [customer.id], kind="aviso", message=f"aviso {number}")
    return customer


def read_each(customer: Customer, *seqs: int) -> tuple[int, int, list[int]]:
    """The cursor, the unread count, and what was unread until now."""
    stand, newly = customer.db.transact(actions.mark_each, customer.id, seqs)
    return stand.read_to, stand.unread, newly


def page(customer: Customer, limit: int = 100, *, after: int | None = None, before: int | None = None) -> Inbox:
    return customer.db.read(actions.inbox, customer.id, limit=limit, after=after, before=before, unread_only=False)


def unread(customer: Customer, limit: int = 100, *, after: int | None = None, before: int | None = None) -> list[int]:
    found = customer.db.read(actions.inbox, customer.id, limit=limit, after=after, before=before, unread_only=True)
    return [row["seq"] for row in found.rows]


def test_one_is_read_and_the_others_are_not(alice: Customer) -> None:
    assert read_each(alice, 4) == (0, 4, [4])

    assert {row["seq"]: row["lida"] for row in page(alice).rows} == {
        1: False,
        2: False,
        3: True,
        4: True,
        5: False,
        6: True,
        7: False,
    }
    assert unread(alice) == [7, 5, 2, 1]


def test_what_is_read_twice_what_is_no_notice_and_what_is_not_there_change_nothing(alice: Customer) -> None:
    read_each(alice, 4)

    assert read_each(alice, 4, 3, 6, 99) == (0, 4, [])


def test_the_cursor_follows_when_nothing_unread_is_left_before(alice: Customer) -> None:
    assert read_each(alice, 4, 2) == (0, 3, [2, 4])
    assert read_each(alice, 1) == (4, 2, [1])
    assert rows(alice.db, "SELECT beyond FROM read_cursors WHERE user_id = :user", user=alice.id) == [(None,)]


def test_reading_up_to_a_notice_keeps_what_was_read_beyond_it(alice: Customer) -> None:
    read_each(alice, 5)

    assert alice.db.transact(actions.mark_read, alice.id, 2) == (2, 2)
    assert unread(alice) == [7, 4]
    assert alice.db.transact(actions.mark_read, alice.id, 4) == (5, 1)


def test_the_unread_come_in_pages_around_those_that_were_read(alice: Customer) -> None:
    read_each(alice, 2, 5)

    assert unread(alice, 2) == [7, 4]
    assert unread(alice, 2, before=4) == [1]
    assert unread(alice, 2, after=0) == [1, 4]
    assert unread(alice, 2, after=4) == [7]


def test_whatever_is_read_in_whatever_order_the_count_is_that_of_the_rows(alice: Customer) -> None:
    random_order = random.Random(7)
    for _ in range(30):
        seqs = random_order.sample(range(1, 9), 3)
        if random_order.random() < 0.2:
            _, count = alice.db.transact(actions.mark_read, alice.id, min(seqs))
        else:
            _, count, _ = read_each(alice, *seqs)
        if random_order.random() < 0.3:
            notify(alice.db, [alice.id], kind="aviso", message="mais um")
            count += 1
        seen = page(alice)
        assert sum(not row["lida"] for row in seen.rows) == seen.unread == count == len(unread(alice))


def test_many_tabs_that_read_at_once_lose_nothing(alice: Customer) -> None:
    with ThreadPoolExecutor(8) as tabs:
        told = list(tabs.map(lambda seq: read_each(alice, seq), [1, 2, 4, 5, 7, 7, 5, 4]))

    assert sorted(seq for _, _, newly in told for seq in newly) == [1, 2, 4, 5, 7]
    assert page(alice).unread == 0
    assert page(alice).stand.read_to == 7


def test_a_node_of_before_that_moves_the_cursor_breaks_no_count(alice: Customer) -> None:
    read_each(alice, 2, 7)
    write(alice.db, "UPDATE read_cursors SET seq = 4, notices = 3 WHERE user_id = :user", user=alice.id)

    assert page(alice).unread == 1
    assert unread(alice) == [5]


def test_what_is_kept_of_one_user_has_a_limit(alice: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "RANGES_MAX", 1)
    read_each(alice, 2)

    with pytest.raises(TooManyReadRanges):
        read_each(alice, 5)

    assert page(alice).unread == 4
    assert alice.db.transact(actions.mark_read, alice.id, 7) == (7, 0)
