"""Whom a change of presence is told to, as it goes to Redis: those who may see it, each once, and nobody else."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.presence import leases
from redis import Redis
from redis.client import PubSub
from sqlalchemy import update

from app import wire
from app.contacts import presence_queries
from app.contacts.models import Contact
from app.contacts.presence import ContactPresence
from app.contacts.presence_queries import Choice
from app.db import Database
from app.realtime import Realtime
from app.settings import Settings
from app.users.auth import Auth
from app.users.tokens import Tokens
from tests.integration.askers import ask, email_of
from tests.integration.customers import Customer, new_customer
from tests.integration.friends import befriend
from tests.support.limits import empty, patient
from tests.support.people import eventually
from tests.support.servers import RedisServer

SECRET = "s" * 32
TTL_S = 60
MARK = "the last"


class Node:
    """A node without a network: its presence, which is turned by hand, and all that it says to rooms."""

    def __init__(self, db: Database, redis: RedisServer) -> None:
        settings = Settings.model_validate({"database_url": db.url, "redis_url": redis.url, "jwt_secret": SECRET})
        realtime = Realtime(Flask("test"), settings, db, Auth(db.authentication, Tokens(SECRET, TTL_S)))
        self.people = ContactPresence(db, patient(redis.url), realtime.presence, realtime.delivery)
        self.presence = realtime.presence
        self._client = Redis.from_url(redis.url)
        self._rooms: PubSub = self._client.pubsub()
        self._rooms.psubscribe(f"{Channels().rooms}*")
        assert next(self._rooms.listen())["type"] == "psubscribe"

    def close(self) -> None:
        self._rooms.close()
        self._client.close()

    def enter(self, customer: Customer) -> None:
        self.presence.enter(f"{customer.id} tab", customer.id)

    def leave(self, customer: Customer) -> None:
        self.presence.leave(f"{customer.id} tab")

    def wait_online(self, customer: Customer, *, online: bool) -> None:
        """Until the change was taken, and then until it is told."""

        def is_so() -> bool:
            self.presence.beat()
            return (customer.id in self.presence.listing([customer.id]).online) is online

        eventually(is_so, f"{customer.name} online: {online}")
        self.presence.tell()

    def said(self) -> list[str]:
        """The rooms that something was said to since the last time, one for each message."""
        self._client.publish(f"{Channels().rooms}{MARK}", b"")
        rooms: list[str] = []
        for message in self._rooms.listen():
            channel: str = message["channel"].decode()
            if channel.endswith(MARK):
                return sorted(rooms)
            rooms.append(channel)
        raise AssertionError("Redis went away")


@pytest.fixture
def node(database: Database, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """Told a fifth of a second after a change; Redis is empty, since people's numbers begin anew."""
    empty(own_redis)
    monkeypatch.setattr(leases, "GRACE_S", 0.2)
    # A change that took long to be told would be told twice.
    monkeypatch.setattr(leases, "RETRY_S", 600.0)
    made = Node(database, own_redis)
    yield made
    made.close()


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza")


def friends(alice: Customer, count: int) -> list[Customer]:
    """Contacts of Alice's, one of another."""
    made = [new_customer(alice.db) for _ in range(count)]
    for each in made:
        befriend(alice, each)
    for one, other in pairwise(made):
        befriend(one, other)
    return made


def rooms(*customers: Customer) -> list[str]:
    return sorted(Channels().room("/", wire.room_of(each.id)) for each in customers)


def test_a_change_is_one_message_for_each_contact_who_may_see_it_and_none_for_anybody_else(
    node: Node, alice: Customer
) -> None:
    db = alice.db
    seeing = friends(alice, 3)
    hidden, blocking, blocked, asking, asked = friends(alice, 3) + [new_customer(db) for _ in range(2)]
    db.transact(presence_queries.choose, hidden.id, Choice(shown=False))
    for who, whom in ((blocking, alice), (alice, blocked)):
        db.transact(set_blocked, who.id, whom.id)
    ask(asking, email_of(alice))
    ask(alice, email_of(asked))
    for other in (new_customer(db), *seeing[:2], hidden):
        node.enter(other)
        node.wait_online(other, online=True)
    node.said()

    node.enter(alice)
    node.wait_online(alice, online=True)
    assert node.said() == rooms(*seeing)
    node.leave(alice)
    node.wait_online(alice, online=False)
    assert node.said() == rooms(*seeing)


def set_blocked(connection: Any, who: int, whom: int) -> None:
    connection.execute(update(Contact).where(Contact.user_id == who, Contact.other_id == whom).values(blocked=1))


def test_who_is_not_shown_comes_and_goes_unheard_and_hiding_is_told_to_each_once(node: Node, alice: Customer) -> None:
    seeing = friends(alice, 2)
    node.enter(alice)
    node.wait_online(alice, online=True)
    assert node.said() == rooms(*seeing)

    node.people.choose(alice.id, Choice(shown=False))
    # Each hears of Alice, and she of each: to her they are gone as well.
    assert node.said() == rooms(*seeing, alice, alice)
    node.leave(alice)
    node.wait_online(alice, online=False)
    node.enter(alice)
    node.wait_online(alice, online=True)
    assert node.said() == []
