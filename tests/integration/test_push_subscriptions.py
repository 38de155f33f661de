"""A browser's subscription lives as long as the session that made it, and belongs to one person."""

import copy
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection

from app import clock
from app.db import Database
from app.errors import Invalid, NotFound, RevokedToken
from app.fields import read
from app.push import actions
from app.push.actions import Subscription
from app.push.payloads import NewSubscription
from app.streams.notify import notify
from app.users import sessions
from app.users.auth import Identity
from app.users.sessions import Place
from app.users.tokens import Tokens
from tests.integration.customers import Customer, new_customer, rows
from tests.integration.users_app import SECRET
from tests.support.push_service import Browser
from worker import housekeeping

SERVICE = "https://fcm.googleapis.com"


def session_of(customer: Customer, session_id: str = "s1") -> Identity:
    return Identity(customer.id, "x@teste.example", customer.name, session_id, 1, 2**40)


def subscribe(customer: Customer, path: str = "/device", session_id: str = "s1") -> int:
    body = read(NewSubscription, Browser(SERVICE, path).subscription)
    return customer.db.transact(actions.subscribe, session_of(customer, session_id), body)


def log_out(connection: Connection, identity: Identity, *, everywhere: bool = False) -> Ended:
    """As the route does it."""
    ended = (
        sessions.end_all(connection, identity.user_id, 3600)
        if everywhere
        else sessions.end(connection, identity.user_id, identity.session_id, 3600)
    )
    actions.forget_sessions(connection, ended)
    return ended


def kept(database: Database) -> list[int]:
    return [int(str(row[0])) for row in rows(database, "SELECT id FROM push_subscriptions ORDER BY id")]


def behind(database: Database) -> list[Subscription]:
    return database.read(actions.behind, clock.now(), 100)


def test_only_what_happens_after_it_is_pushed(database: Database) -> None:
    alice = new_customer(database, cents=100)
    first = subscribe(alice)
    assert behind(database) == []

    notify(database, [alice.id], kind="aviso", message="oi")

    assert [(found.id, found.user_id, found.pushed_to) for found in behind(database)] == [(first, alice.id, 1)]


def test_a_browser_that_subscribes_again_misses_nothing_and_is_told_once(database: Database) -> None:
    alice = new_customer(database)
    subscribe(alice)
    notify(database, [alice.id], kind="aviso", message="oi")

    again = subscribe(alice, session_id="s2")

    assert [(found.id, found.pushed_to) for found in behind(database)] == [(again, 0)]


def test_a_browser_that_another_person_uses_now_tells_that_person_alone(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    notify(database, [bob.id], kind="aviso", message="antes")
    subscribe(alice)
    theirs = subscribe(bob)

    notify(database, [alice.id, bob.id], kind="aviso", message="oi")

    assert [(found.id, found.user_id, found.pushed_to) for found in behind(database)] == [(theirs, bob.id, 1)]


def test_the_end_of_a_session_ends_its_subscriptions_and_no_others(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    subscribe(alice, "/here", "here")
    there = subscribe(alice, "/there", "there")
    bobs = subscribe(bob, "/bob", "bob")

    database.transact(log_out, session_of(alice, "here"))
    assert kept(database) == [there, bobs]

    database.transact(log_out, session_of(alice, "there"), everywhere=True)
    assert kept(database) == [bobs]


def test_a_session_whose_end_has_passed_takes_its_subscriptions_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = new_customer(database)
    place = Place("Firefox", "10.0.0.1")
    short, long = (
        database.transact(_begin, alice.id, place, Tokens(SECRET, 60, session_ttl_s)) for session_ttl_s in (3600, 7200)
    )
    subscribe(alice, "/short", short)
    stays = subscribe(alice, "/long", long)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=3601))

    assert housekeeping.drop_sessions(database).text == "sessions dropped: 1"

    assert kept(database) == [stays]


def _begin(connection: Connection, user_id: int, place: Place, tokens: Tokens) -> str:
    session, _ = sessions.begin(connection, user_id=user_id, generation=1, place=place, tokens=tokens)
    return session.id


def test_a_session_that_was_ended_cannot_subscribe(database: Database) -> None:
    alice = new_customer(database)
    database.transact(log_out, session_of(alice))

    with pytest.raises(RevokedToken):
        subscribe(alice)


def test_of_a_logout_and_a_subscription_at_the_same_time_nothing_is_left(database: Database) -> None:
    alice = new_customer(database)

    def try_to_subscribe(session_id: str) -> None:
        with suppress(RevokedToken):
            subscribe(alice, f"/{session_id}", session_id)

    with ThreadPoolExecutor(2) as both:
        for number in range(10):
            session_id = f"s{number}"
            subscribing = both.submit(try_to_subscribe, session_id)
            both.submit(database.transact, log_out, session_of(alice, session_id)).result()
            subscribing.result()

    assert kept(database) == []


def test_a_person_has_so_many_devices_the_newest(database: Database) -> None:
    alice = new_customer(database)
    ids = [subscribe(alice, f"/{number}") for number in range(actions.DEVICES_MAX + 2)]

    assert kept(database) == ids[2:]


def test_nobody_cancels_for_another_person(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    own = subscribe(alice)

    with pytest.raises(NotFound):
        database.transact(actions.unsubscribe, bob.id, own)
    database.transact(actions.unsubscribe, alice.id, own)

    assert kept(database) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("p256dh", "A" * 87), ("p256dh", "curta"), ("auth", "A" * 21), ("auth", "A" * 23), ("auth", "é" * 22)],
)
def test_keys_that_no_browser_makes_are_refused(name: str, value: str) -> None:
    bad: dict[str, Any] = copy.deepcopy(Browser(SERVICE).subscription)
    bad["keys"][name] = value

    with pytest.raises(Invalid, match=name):
        read(NewSubscription, bad)
