"""A message and a block at the same moment, on a database where both go on at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from app.bank import payees
from app.chat import sides
from app.contacts import actions as contacts
from app.db import Database
from app.errors import NotConnected
from tests.integration.customers import Customer, new_customer, refusal_of, rows
from tests.integration.friends import ask, befriend, edit, events_of, say
from tests.support.people import eventually


@pytest.fixture
def alice(emptied_mariadb: Database) -> Customer:
    return new_customer(emptied_mariadb, cents=1000)


@pytest.fixture
def bob(alice: Customer) -> Customer:
    """A contact of Alice's."""
    bob = new_customer(alice.db, cents=1000)
    befriend(alice, bob)
    return bob


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def block(blocker: Customer, other: Customer) -> None:
    blocker.db.transact(contacts.block, blocker.id, other.id, payees)


def wait_waiting(db: Database, count: int, doings: list[Future[Any]]) -> None:
    """Until so many transactions wait for a lock. None of `doings` may be done before."""

    def are_waiting() -> bool:
        assert [doing.done() for doing in doings] == [False] * len(doings)
        return rows(db, "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")[0][1] == str(count)

    eventually(are_waiting, f"{count} transactions that wait")


def test_a_block_comes_after_the_message_that_is_being_written(
    alice: Customer, bob: Customer, threads: ThreadPoolExecutor
) -> None:
    say(alice, bob)
    with alice.db.engine.connect() as connection, connection.begin():
        sides.lock(connection, alice.id, bob.id)
        message = threads.submit(lambda: say(alice, bob, "antes"))
        wait_waiting(alice.db, 1, [message])
        blocked = threads.submit(block, bob, alice)
        wait_waiting(alice.db, 2, [message, blocked])
    message.result()
    blocked.result()

    assert events_of(bob)[-1][1]["texto"] == "antes"
    assert refusal_of(lambda: say(alice, bob)) is NotConnected


@pytest.mark.parametrize(
    "do",
    [
        lambda alice, bob, _: say(alice, bob),
        lambda alice, bob, _: ask(alice, bob, 100),
        lambda alice, _, before: edit(alice, before, "outra coisa"),
    ],
    ids=["write", "ask for money", "change"],
)
def test_nothing_reaches_whoever_is_blocking_just_then(
    alice: Customer, bob: Customer, threads: ThreadPoolExecutor, do: Callable[..., object]
) -> None:
    before = say(alice, bob)
    heard = events_of(bob)
    with alice.db.engine.connect() as connection, connection.begin():
        contacts.block(connection, bob.id, alice.id, payees)
        doing: Future[Any] = threads.submit(lambda: do(alice, bob, before))
        wait_waiting(alice.db, 1, [doing])

    assert type(doing.exception()) is NotConnected
    assert events_of(bob) == heard


def test_a_transfer_to_whoever_is_blocking_just_then_is_no_card(
    alice: Customer, bob: Customer, threads: ThreadPoolExecutor
) -> None:
    with alice.db.engine.connect() as connection, connection.begin():
        contacts.block(connection, bob.id, alice.id, payees)
        doing: Future[Any] = threads.submit(lambda: alice.transfer(bob, 100))
        wait_waiting(alice.db, 1, [doing])
    doing.result()

    assert [name for name, _ in events_of(bob)] == ["notificacao", "notificacao"]


@pytest.mark.parametrize("table", ["contacts", "chat_sides"])
def test_the_two_rows_of_a_pair_are_locked_in_ascending_order_of_their_owners(
    alice: Customer, bob: Customer, threads: ThreadPoolExecutor, table: str
) -> None:
    for _ in range(30):  # so that the database has other ways to find two rows than to read them all
        other = new_customer(alice.db)
        befriend(bob, other)
        say(bob, other)
    say(alice, bob)
    first, last = (
        f"SELECT 1 FROM {table} WHERE user_id = {mine.id} AND other_id = {theirs.id} FOR UPDATE NOWAIT"
        for mine, theirs in ((alice, bob), (bob, alice))
    )
    with alice.db.engine.connect() as one, alice.db.engine.connect() as two:
        one.execute(text(first))
        message = threads.submit(lambda: say(bob, alice))
        wait_waiting(alice.db, 1, [message])
        assert two.execute(text(last)).all() == [(1,)], "the message has not locked it yet"
    message.result()
