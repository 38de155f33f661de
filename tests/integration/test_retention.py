"""Old events are dropped, but for unread notices; whoever comes back from before them is told to begin afresh."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_socketio_cluster.streams.trimming import Trimmed

from app.bank import reconciliation
from app.chat import queries
from app.db import Database
from app.notifications import actions, retention
from app.streams.notify import notify
from app.streams.stream import streams
from tests.integration.customers import Customer, clock_at, new_customer, rows, write
from tests.integration.friends import befriend, read, say

OLD = "2025-01-10T12:00:00+00:00"
NOW = "2026-11-20T12:00:00+00:00"


@pytest.fixture
def alice(database: Database) -> Customer:
    """With four old notices and two new ones."""
    with clock_at(OLD):
        alice = new_customer(database)
        for number in range(4):
            notify(database, [alice.id], kind="aviso", message=f"antigo {number}")
    with clock_at(NOW):
        for number in range(2):
            notify(database, [alice.id], kind="aviso", message=f"novo {number}")
    return alice


def trim(customer: Customer) -> int:
    with clock_at(NOW):
        return retention.trim_all(customer.db, days=365)


def kept(customer: Customer) -> list[int]:
    return [event.seq for event in customer.db.read(streams.read_after, customer.id, 0)]


def test_what_is_old_and_read_goes_and_nothing_else(alice: Customer) -> None:
    assert trim(alice) == 0, "nothing is read yet"
    alice.db.transact(actions.mark_read, alice.id, 2)
    assert trim(alice) == 2
    assert kept(alice) == [3, 4, 5, 6]
    alice.db.transact(actions.mark_read, alice.id, 6)
    assert trim(alice) == 2
    assert kept(alice) == [5, 6]
    assert trim(alice) == 0


def test_own_operations_are_no_news_and_hold_nothing_back(database: Database) -> None:
    with clock_at(OLD):
        alice = new_customer(database, cents=1000)
        alice.pay(10)
        notify(database, [alice.id], kind="aviso", message="não lida")
        alice.pay(10)

    assert trim(alice) == 2
    assert kept(alice) == [3, 4]


def test_an_unread_notice_holds_nothing_back_but_itself(database: Database) -> None:
    with clock_at(OLD):
        alice, bob = new_customer(database, cents=1000), new_customer(database)
        befriend(alice, bob)
        notify(database, [alice.id], kind="aviso", message="não lida")
        written = [say(bob, alice), say(alice, bob), say(bob, alice)]
        read(alice, bob, written[-1])
        notify(database, [alice.id], kind="aviso", message="nem esta")
        alice.pay(10)
    assert (unread(alice), len(kept(alice))) == (["não lida", "nem esta"], 8)

    assert trim(alice) == 5 + 3, "and all but the newest of Bob's four"
    assert kept(alice) == [2, 7, 8]
    assert unread(alice) == ["não lida", "nem esta"]
    assert len(alice.db.read(queries.page, alice.id, bob.id, limit=10, before_id=None, after_id=None).rows) == 3
    head = alice.db.read(streams.head, alice.id)
    assert [head.has_all_after(seq) for seq in (0, 2, 5, 6, 8)] == [False, False, False, True, True]
    assert faults(database) == []

    alice.db.transact(actions.mark_read, alice.id, 4)
    assert trim(alice) == 1, "it is read by now"
    assert (kept(alice), unread(alice)) == ([7, 8], ["nem esta"])
    assert faults(database) == []


def test_pages_and_marks_pass_over_what_is_not_kept(database: Database) -> None:
    with clock_at(OLD):
        alice = new_customer(database)
        for number in range(1, 7):
            notify(database, [alice.id], kind="aviso", message=str(number))
        alice.db.transact(actions.mark_each, alice.id, [2, 3, 5])
    assert trim(alice) == 3
    assert kept(alice) == [1, 4, 6]

    assert (unread(alice, after=2), unread(alice, before=6), unread(alice, after=3, before=6)) == (
        ["4", "6"],
        ["4", "1"],
        ["4"],
    )
    assert alice.db.transact(actions.mark_read, alice.id, 3) == (3, 2)
    assert unread(alice) == ["4", "6"]
    assert alice.db.transact(actions.mark_read, alice.id, 5) == (5, 1)
    assert alice.db.transact(actions.mark_each, alice.id, [2, 3, 6])[1] == [6]
    assert unread(alice) == []


def unread(customer: Customer, *, after: int | None = None, before: int | None = None) -> list[str]:
    page = customer.db.read(actions.inbox, customer.id, limit=10, after=after, before=before, unread_only=True)
    assert before is not None or after is not None or page.unread == len(page.rows)
    return [row["mensagem"] for row in (page.rows if after is not None or before is not None else reversed(page.rows))]


def test_the_newest_event_is_kept_so_that_a_gap_is_found_out(database: Database) -> None:
    with clock_at(OLD):
        alice = new_customer(database, cents=1000)
        alice.pay(10)
    assert trim(alice) == 1

    head = alice.db.read(streams.head, alice.id)
    assert (head.seq, head.first) == (2, 2)
    assert [head.has_all_after(seq) for seq in (0, 1, 2, 3)] == [False, True, True, False]


def test_a_stream_without_events_has_all_after_its_beginning(database: Database) -> None:
    head = database.read(streams.head, new_customer(database).id)
    assert [head.has_all_after(seq) for seq in (0, 1)] == [True, False]


def test_the_books_know_what_was_dropped_and_what_is_missing_besides(own_database: Database) -> None:
    with clock_at(OLD):
        alice = new_customer(own_database, cents=1000)
        for _ in range(3):
            alice.pay(10)
    assert trim(alice) == 3
    assert faults(own_database) == []

    write(own_database, "UPDATE stream_trims SET trimmed_to = 2")
    assert len(faults(own_database)) == 1


def faults(db: Database) -> list[str]:
    return [fault for check in db.read(reconciliation.run) for fault in check.faults]


def test_a_long_past_goes_in_small_lots(alice: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.db.transact(actions.mark_read, alice.id, 6)
    monkeypatch.setattr("flask_socketio_cluster.streams.trimming.TRIM_EVENTS_MAX", 3)
    before = datetime.fromisoformat(NOW).astimezone(UTC) - timedelta(days=30)

    small = type(streams)(streams.tables)
    lots = [
        alice.db.transact(small.trim, alice.id, before=before, is_read=lambda _: True, after=after)
        for after in (0, 3, 4)
    ]
    assert lots == [Trimmed(3, 3), Trimmed(1, 4), None]
    assert rows(alice.db, "SELECT COUNT(*) FROM stream_events WHERE user_id = :id", id=alice.id) == [(2,)]
