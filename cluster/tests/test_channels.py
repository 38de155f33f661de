"""Two applications on one Redis, with nodes and rooms of the same names, hear nothing of each other."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pytest
from flask import Flask
from flask_socketio import SocketIO
from flask_socketio_cluster.bus import Numbered, Publisher, RoutedRedisManager, Waker, listener, wake_once
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.node.balance import Balance
from flask_socketio_cluster.web import Transport
from installed import Program
from listener import Listener, connected
from redis import Redis

from tests.support.servers import RedisServer, redis_server

CHANNELS = ("shop", "shop.test")


@pytest.fixture(scope="module")
def nodes(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                Program(
                    sys.executable,
                    tmp_path_factory.mktemp(channel),
                    Path(__file__).parent,
                    {"REDIS_URL": redis.url, "CHANNEL": channel},
                ).node("rooms:app", "web1")
            )
            for channel in CHANNELS
        ]


@pytest.fixture
def clients(nodes: list[str]) -> Iterator[list[Listener]]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(connected(url)) for url in nodes]
        for client in listeners:
            assert client.call("join", "kitchen")
        yield listeners


def test_only_the_application_of_a_channel_hears_what_is_said_there(
    redis: RedisServer, clients: list[Listener]
) -> None:
    for channel in CHANNELS:
        stock = SocketIO(message_queue=redis.url, channel=channel)
        stock.emit("said", f"stock, all of {channel}")
        stock.emit("said", f"stock, kitchen of {channel}", to="kitchen")
        routed = RoutedRedisManager(redis.url, channel=channel, write_only=True)
        routed.emit("said", f"routed, kitchen of {channel}", room="kitchen")

    for channel, client in zip(CHANNELS, clients, strict=True):
        client.call("emit", {"data": "the last", "to": client.call("whoami", None)})
        client.call("emit", {"data": f"{channel} itself"})
        stock_and_own = [f"stock, all of {channel}", f"stock, kitchen of {channel}"]
        heard = sorted(client.wait("said", 5))
        assert heard == sorted([*stock_and_own, f"routed, kitchen of {channel}", "the last", f"{channel} itself"])


def test_every_part_that_speaks_through_redis_uses_its_channel_alone() -> None:
    shop, stock = Channels("shop"), Channels()
    with redis_server() as redis, Redis.from_url(redis.url, socket_timeout=5) as client, client.pubsub() as everything:
        everything.psubscribe("*")
        arriving = everything.listen()
        assert next(arriving)["type"] == "psubscribe"
        Publisher(redis.url, channel="shop").publish([Numbered("/", "kitchen", 1, ("2[]",))])
        Waker(redis.url, channel="shop")._signal()
        wake_once(redis.url, channel="shop")
        heard = [message["channel"].decode() for message in islice(arriving, 3)]
        assert heard == [shop.room("/", "kitchen"), shop.wake, shop.wake]

        transport = Transport(SocketIO(Flask(__name__)).server)
        Balance(redis.url, node_id="web1", transport=transport, channel="shop")._turn()
        assert (client.exists(shop.sessions), client.exists(stock.sessions)) == (1, 0)

        assert listener(redis.url, print, channel="shop")._wanted == {shop.wake.encode()}


@pytest.mark.parametrize("name", ["", "a#b", "a:wake", "a b", "á", "x" * 65])
def test_a_name_that_could_be_taken_for_another_s_channel_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a channel"):
        RoutedRedisManager("redis://127.0.0.1:1", channel=name, write_only=True)
