"""A node that is asked to leave does so once, where another stays; what somebody repeats on the bus ends nobody."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.node.leaving import LastNode, Leaving, NoSuchNode, OtherLeaves
from flask_socketio_cluster.node.node import ASKED_S_MAX, Node
from flask_socketio_cluster.node.report import NODE, NODE_METRICS, WORKER, Report
from redis import Redis

from app import clock
from tests.integration.library import NOWHERE
from tests.support.metrics import counted
from tests.support.servers import RedisServer

KEYS = Keys([b"k" * 32])
CHANNEL = Channels().node("web1")


@pytest.fixture
def client(own_redis: RedisServer) -> Redis:
    made = Redis.from_url(own_redis.url)
    made.flushall()
    return made


@pytest.fixture
def drains(own_redis: RedisServer, client: Redis) -> Leaving:
    return Leaving(own_redis.url, keys=KEYS)


def report(redis: RedisServer, name: str, *, role: str = NODE, keys: Keys = KEYS) -> None:
    Report(redis.url, name=name, role=role, counted=NODE_METRICS, keys=keys).say()


def test_a_node_is_asked_only_where_another_takes_clients(drains: Leaving, own_redis: RedisServer) -> None:
    with pytest.raises(NoSuchNode):
        drains.claim("web1")
    report(own_redis, "web1")
    report(own_redis, "worker1", role=WORKER)
    report(own_redis, "web2", keys=Keys([b"x" * 32]))
    with pytest.raises(LastNode):
        drains.claim("web1")
    report(own_redis, "web2")

    assert drains.claim("web1").node_id == "web1"


def test_a_node_that_leaves_is_none_that_stays(drains: Leaving, own_redis: RedisServer) -> None:
    report(own_redis, "web1")
    leaving = Node(Flask("leaving"), drain_s=0)
    leaving.drain()
    try:
        report(own_redis, "web2")
    finally:
        Node(Flask("another"))  # begins by not leaving

    with pytest.raises(LastNode):
        drains.claim("web1")


def test_of_two_that_ask_at_once_one_does(own_redis: RedisServer, drains: Leaving, client: Redis) -> None:
    report(own_redis, "web1")
    report(own_redis, "web2")
    first = drains.claim("web1")
    with pytest.raises(OtherLeaves):
        Leaving(own_redis.url, keys=KEYS).claim("web2")

    drains.give_up(first)
    second = Leaving(own_redis.url, keys=KEYS).claim("web2")

    with pytest.raises(OtherLeaves):
        drains.ask(first)
    drains.give_up(first)
    drains.ask(second)


@pytest.fixture
def terminated() -> Iterator[list[int]]:
    """The SIGTERMs that this process was sent."""
    seen: list[int] = []
    former = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    yield seen
    signal.signal(signal.SIGTERM, former)


@pytest.fixture
def said(own_redis: RedisServer, drains: Leaving, client: Redis) -> bytes:
    """What `ask` says to web1."""
    report(own_redis, "web1")
    report(own_redis, "web2")
    listening = client.pubsub()
    listening.subscribe(CHANNEL)
    drains.ask(drains.claim("web1"))
    message: dict[str, Any] = next(m for m in listening.listen() if m["type"] == "message")
    return bytes(message["data"])


def node(name: str = "web1") -> Callable[[str, bytes], None]:
    """One that begins now; how it hears."""
    bus = RoutedRedisManager(NOWHERE, node_id=name, keys=KEYS)
    Node(Flask(name), bus)
    return lambda channel, message: bus._on_message(channel.encode(), message)


def test_what_was_asked_of_a_node_ends_it_as_a_signal_would(
    own_redis: RedisServer, terminated: list[int], monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    began_s = clock.monotonic_s()
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: began_s)
    hear = node()
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: began_s + 3600)

    hear(CHANNEL, said)

    assert terminated == [signal.SIGTERM]


def test_what_was_asked_of_a_former_process_or_long_ago_or_of_another_node_ends_nobody(
    terminated: list[int], monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    dropped = counted("socketio_cluster_unsigned_messages_dropped_total")
    node()(CHANNEL, said)
    hear = node()
    asked_s = clock.unix_s()
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: 1e9)
    monkeypatch.setattr("flask_socketio_cluster.clock.unix_s", lambda: asked_s + ASKED_S_MAX)
    hear(CHANNEL, said)
    hear(Channels().node("web2"), said)
    hear(CHANNEL, said[len(said) - len(said.partition(b"{")[2]) - 1 :])

    assert terminated == []
    assert counted("socketio_cluster_unsigned_messages_dropped_total") == dropped + 2
