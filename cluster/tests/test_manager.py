"""What the manager leaves in Redis, and what it leaves to others of its node while it says much."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import gevent
import pytest
from flask_socketio_cluster.bus import RoutedRedisManager, manager
from flask_socketio_cluster.bus.channels import Channels
from redis import Redis
from redis.connection import AbstractConnection

from tests.support.redis_cluster import RedisCluster
from tests.support.servers import RedisServer

QUESTION = "0123456789abcdef"


class Died(Exception):
    """The process was killed here."""


@contextmanager
def dying_after(commands: int) -> Iterator[None]:
    """Whatever runs inside may say so much to Redis, and raises Died before the next."""
    said = 0
    send: Callable[..., None] = AbstractConnection.send_packed_command

    def count(*args: Any, **kwargs: Any) -> None:
        nonlocal said
        said += 1
        if said > commands:
            raise Died
        send(*args, **kwargs)

    with patch.object(AbstractConnection, "send_packed_command", count), suppress(Died):
        yield


def test_a_node_that_dies_while_it_leaves_an_answer_leaves_nothing_for_ever(redis: RedisServer) -> None:
    node = RoutedRedisManager(redis.url, write_only=True)
    node._client.ping()  # the connection is made
    with dying_after(1):
        node.leave_answer(QUESTION)

    with Redis.from_url(redis.url) as client:
        assert 0 < client.ttl(Channels().taken(QUESTION)) <= manager.ANSWER_KEPT_S


@pytest.mark.parametrize("kind", ["redis", "cluster"])
def test_an_answer_that_was_left_is_found(kind: str, request: pytest.FixtureRequest) -> None:
    server: RedisServer | RedisCluster = request.getfixturevalue(kind)
    node = RoutedRedisManager(server.url, write_only=True)
    node.leave_answer(QUESTION)

    assert node._client.blpop([Channels().taken(QUESTION)], timeout=1) is not None


def test_an_event_for_many_rooms_lets_others_have_their_turn_after_each_part(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager, "EMITS_AT_ONCE", 3)
    node = RoutedRedisManager(redis.url, write_only=True)
    order: list[str] = []

    def messages() -> Iterator[tuple[str, int]]:
        for number in range(8):
            order.append(str(number))
            yield f"room {number}", number

    def another() -> None:
        while "7" not in order:
            order.append("another")
            gevent.sleep(0)

    turns = gevent.spawn(another)
    node.emit_each("said", messages(), namespace="/")
    turns.join()

    for last, first in (("2", "3"), ("5", "6")):
        assert "another" in order[order.index(last) : order.index(first)]
    assert [each for each in order if each != "another"] == list("01234567")
