"""The inbox over a user's stream: pages, what is unread, and a cursor that every tab and device moves at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, event

from app.db import Database
from app.errors import Invalid
from app.notifications import actions
from app.notifications.actions import Inbox
from app.streams.notify import notify
from app.streams.stream import streams
from tests.integration.customers import Customer, new_customer

TABS = 8


@pytest.fixture
def alice(database: Database) -> Customer:
    """With five notifications, the second and the third of which are not hers alone."""
    alice, bob = new_customer(database), new_customer(database)
    for number in range(1, 6):
        notify(database, [alice.id, bob.id], kind="aviso", message=f"aviso {number}")
    return alice


def page(customer: Customer, *, limit: int = 100, after: int | None = None, before: int | None = None) -> Inbox:
    return customer.db.read(actions.inbox, customer.id, limit=limit, after=after, before=before, unread_only=False)


def seqs(inbox: Inbox) -> list[int]:
    return [row["seq"] for row in inbox.rows]


def test_a_page_is_newest_first_and_says_what_is_unread(alice: Customer) -> None:
    inbox = page(alice, limit=3)

    assert seqs(inbox) == [5, 4, 3]
    assert [row["mensagem"] for row in inbox.rows] == ["aviso 5", "aviso 4", "aviso 3"]
    assert (inbox.unread, inbox.seq) == (5, 5)


def test_what_is_asked_for_after_a_seq_comes_oldest_first_and_before_one_newest_first(alice: Customer) -> None:
    assert seqs(page(alice, after=2, limit=2)) == [3, 4]
    assert seqs(page(alice, before=4, limit=2)) == [3, 2]


def test_read_is_read_and_the_rest_is_unread(alice: Customer) -> None:
    assert alice.db.transact(actions.mark_read, alice.id, 2) == (2, 3)

    assert [row["lida"] for row in page(alice).rows] == [False, False, False, True, True]
    unread = alice.db.read(actions.inbox, alice.id, limit=100, after=None, before=None, unread_only=True)
    assert seqs(unread) == [5, 4, 3]


def test_the_unread_come_in_pages_like_all_others(alice: Customer) -> None:
    alice.deposit(100)
    notify(alice.db, [alice.id], kind="aviso", message="aviso 7")
    alice.db.transact(actions.mark_read, alice.id, 1)

    def unread(limit: int, *, after: int | None = None, before: int | None = None) -> list[int]:
        found = alice.db.read(actions.inbox, alice.id, limit=limit, after=after, before=before, unread_only=True)
        return seqs(found)

    assert unread(100) == [7, 5, 4, 3, 2]
    assert unread(2) == [7, 5]
    assert unread(2, before=5) == [4, 3]
    assert unread(2, after=0) == [2, 3]
    assert unread(2, after=4) == [5, 7]
    assert unread(2, after=7) == []
    assert unread(2, before=2) == []


def test_nobody_is_told_that_they_did_it_themselves(alice: Customer) -> None:
    with pytest.raises(Invalid, match="propria"):
        notify(alice.db, [alice.id], kind="aviso", message="oi", data={"propria": True})


def test_the_cursor_goes_neither_back_nor_past_the_stream(alice: Customer) -> None:
    assert alice.db.transact(actions.mark_read, alice.id, 99) == (5, 0)
    assert alice.db.transact(actions.mark_read, alice.id, 1) == (5, 0)


def test_the_first_reading_in_many_tabs_at_once_is_no_accident(alice: Customer) -> None:
    with ThreadPoolExecutor(TABS) as tabs:
        done = list(tabs.map(lambda up_to: alice.db.transact(actions.mark_read, alice.id, up_to), [1, 2, 3, 4] * 2))

    assert len(done) == TABS
    assert alice.db.read(actions.stand, alice.id).read_to == 4


def test_preferences_kept_in_many_tabs_at_once_are_one_of_them(alice: Customer) -> None:
    documents = [f'{{"n":{number}}}' for number in range(TABS)]

    with ThreadPoolExecutor(TABS) as tabs:
        list(tabs.map(lambda document: alice.db.transact(actions.keep_preferences, alice.id, document), documents))

    assert alice.db.read(actions.preferences, alice.id) in documents


def test_what_is_kept_last_is_what_is_preferred(alice: Customer) -> None:
    for document in ('{"n":1}', '{"n":2}'):
        alice.db.transact(actions.keep_preferences, alice.id, document)

    assert alice.db.read(actions.preferences, alice.id) == '{"n":2}'


@pytest.mark.parametrize("read_first", [0, 3])
def test_a_page_is_of_one_moment_whatever_is_committed_between_its_statements(alice: Customer, read_first: int) -> None:
    alice.db.transact(actions.mark_read, alice.id, read_first)

    def asked_while_others_commit(connection: Connection) -> Inbox:
        @event.listens_for(connection, "after_cursor_execute")
        def commit(*_: object) -> None:
            notify(alice.db, [alice.id], kind="aviso", message="entre dois comandos")

        return actions.inbox(connection, alice.id, limit=100, after=None, before=None, unread_only=False)

    inbox = alice.db.read(asked_while_others_commit)

    assert seqs(inbox) == list(range(inbox.seq, 0, -1))
    assert inbox.unread == sum(not row["lida"] for row in inbox.rows)
    assert seqs(page(alice))[0] > inbox.seq
    assert seqs(page(alice, after=inbox.seq)) == list(range(inbox.seq + 1, page(alice).seq + 1))


def test_the_unread_count_is_of_notifications_alone(alice: Customer) -> None:
    alice.db.transact(streams.append, [Append(alice.id, "chat_mensagem", {}, is_notice=False)])
    notify(alice.db, [alice.id], kind="aviso", message="aviso 7")

    assert (page(alice).unread, page(alice).seq) == (6, 7)
    assert alice.db.transact(actions.mark_read, alice.id, 6) == (6, 1)
    assert alice.db.transact(actions.mark_read, alice.id, 7) == (7, 0)
