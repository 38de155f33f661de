"""Requests by e-mail end by themselves, or by their maker, and nobody learns from it whether anybody was asked."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from app import clock
from app.contacts import actions, expiry, people, queries
from app.contacts.actions import Change
from app.db import Database
from app.errors import NotFound, TooManyRequests
from tests.integration.askers import NOBODY, ask, do, email_of, related, seen, situations, told
from tests.integration.customers import Customer, clock_at, new_customer, refusal_of, rows
from tests.support.people import eventually
from worker import housekeeping


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza")


@pytest.fixture
def bob(database: Database) -> Customer:
    return new_customer(database, "Bob Pereira")


def later(days: int) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


def test_a_request_that_is_old_is_gone_for_both_and_nothing_tells_whether_anybody_was_asked(
    database: Database, alice: Customer, bob: Customer
) -> None:
    before = seen(alice)
    ask(alice, NOBODY)
    ask(alice, email_of(bob))
    with clock_at(later(29)):
        assert housekeeping.end_contact_requests(database).text == "requests ended: 0"
    assert seen(alice)["emails"] == [email_of(bob), NOBODY]

    with clock_at(later(31)):
        housekeeping.end_contact_requests(database)

    assert seen(alice) == before
    assert (situations(bob), related(bob, alice).waiting_for_me) == ({}, False)
    assert refusal_of(lambda: do(actions.accept, bob, alice)) is NotFound


def test_who_asks_again_after_that_asks_anew_and_in_vain_where_refused(
    database: Database, alice: Customer, bob: Customer
) -> None:
    carol = new_customer(database, "Carol Dias")
    for other in (bob, carol):
        ask(alice, email_of(other))
    do(actions.refuse, carol, alice)
    refused = seen(carol)

    with clock_at(later(31)):
        housekeeping.end_contact_requests(database)
        for other in (bob, carol):
            ask(alice, email_of(other))

    assert len(told(bob)) == 2
    assert situations(bob) == {alice.id: people.RECEIVED}
    assert seen(carol) == refused


def test_old_requests_make_room_for_new_ones_some_at_a_time(
    database: Database, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(people.REQUESTS_MAX):
        ask(alice, f"ninguem{n}@teste.example")
    assert refusal_of(lambda: ask(alice, NOBODY)) is TooManyRequests
    monkeypatch.setattr(expiry, "ENDED_AT_ONCE", people.REQUESTS_MAX - 1)

    with clock_at(later(31)):
        results = [housekeeping.end_contact_requests(database) for _ in range(2)]
        assert [(result.text, result.more) for result in results] == [
            (f"requests ended: {people.REQUESTS_MAX - 1}", True),
            ("requests ended: 1", False),
        ]
        ask(alice, NOBODY)
    assert seen(alice)["emails"] == [NOBODY]


def test_what_was_accepted_is_not_old_however_long_ago_it_was_asked(
    database: Database, alice: Customer, bob: Customer
) -> None:
    ask(alice, email_of(bob))
    do(actions.accept, bob, alice)

    with clock_at(later(31)):
        housekeeping.end_contact_requests(database)

    assert database.read(queries.connected, alice.id, bob.id)


def test_the_e_mail_of_a_contact_or_of_who_has_asked_is_no_request(
    database: Database, alice: Customer, bob: Customer
) -> None:
    ask(bob, email_of(alice))
    ask(alice, email_of(bob))
    assert database.read(queries.connected, alice.id, bob.id)
    before = (seen(alice), seen(bob))
    ask(alice, email_of(bob))

    assert (seen(alice), seen(bob)) == before
    assert before[0]["emails"] == []


def test_a_request_that_is_accepted_while_it_is_taken_back_was_accepted(emptied_mariadb: Database) -> None:
    db = emptied_mariadb
    alice, bob = new_customer(db), new_customer(db)
    ask(alice, email_of(bob))
    request = db.read(people.asked_emails, alice.id)[0].id
    with ThreadPoolExecutor(1) as thread:
        with db.engine.connect() as connection, connection.begin():
            actions.accept(connection, bob.id, alice.id)
            taking_back: Future[Change] = thread.submit(db.transact, actions.take_back, alice.id, request)
            eventually(lambda: waits_for_a_lock(db), "a request that is being taken back")
        assert type(taking_back.exception()) is NotFound

    assert db.read(queries.connected, alice.id, bob.id)


def test_a_request_that_reaches_its_owner_while_it_is_taken_back_is_taken_back(emptied_mariadb: Database) -> None:
    db = emptied_mariadb
    alice, bob = new_customer(db, cents=1000), new_customer(db)
    ask(alice, email_of(bob))
    alice.transfer(bob, 100)
    do(actions.remove, alice, bob)  # what was typed stays in sight, and asks nobody
    request = db.read(people.asked_emails, alice.id)[0].id
    with ThreadPoolExecutor(1) as thread:
        with db.engine.connect() as connection, connection.begin():
            actions.ask_email(connection, alice.id, email_of(bob))
            taking_back: Future[Change] = thread.submit(db.transact, actions.take_back, alice.id, request)
            eventually(lambda: waits_for_a_lock(db), "a request that is being taken back")
        taking_back.result()

    assert not related(bob, alice).waiting_for_me
    assert not related(alice, bob).waiting_for_them


def waits_for_a_lock(db: Database) -> bool:
    return rows(db, "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")[0][1] == "1"


@pytest.mark.parametrize("part", [[actions.remove], [actions.block, actions.unblock]], ids=["removed", "blocked"])
def test_asking_the_e_mail_again_after_parting_from_its_owner_shows_no_more_than_the_first_time(
    database: Database, alice: Customer, bob: Customer, part: list[Callable[..., Change]]
) -> None:
    alice.deposit(1000)
    alice.transfer(bob, 100)
    ask(alice, email_of(bob))
    for action in part:
        do(action, alice, bob)
    ask(alice, email_of(bob))
    alice.transfer(bob, 100)

    assert situations(alice) == {bob.id: people.HISTORY}, "not that this person was asked"
    assert not related(alice, bob).waiting_for_them
    with clock_at(later(31)):
        housekeeping.end_contact_requests(database)
    assert not related(bob, alice).waiting_for_me
