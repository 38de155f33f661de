"""A user has five sockets over all nodes, whatever dies or forgets in between; the oldest makes room."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis
from flask_socketio_cluster import clock as cluster_clock
from flask_socketio_cluster.delivery import socket_limit
from flask_socketio_cluster.delivery.socket_limit import SocketLimit
from flask_socketio_cluster.delivery.sockets import Sockets
from flask_socketio_cluster.limits.client_limits import ClientLimits
from redis.exceptions import RedisError

from app import clock
from app.users.auth import Identity
from app.wire import room_of
from tests.support.metrics import counted
from tests.support.servers import RedisServer, redis_server

ALICE, BOB = 1, 2
OVER = "socketio_cluster_limited_total"

_channels = itertools.count()


@dataclass
class Cluster:
    """Nodes that share a Redis, without a network; a socket that one of them ends is gone from all."""

    url: str
    limits: ClientLimits = field(default_factory=ClientLimits)
    channel: str = field(default_factory=lambda: f"test-{next(_channels)}")
    ended: list[str] = field(default_factory=list)
    nodes: list["Node"] = field(default_factory=list)

    def node(self) -> "Node":
        self.nodes.append(Node(self, f"web{len(self.nodes) + 1}"))
        return self.nodes[-1]

    def end(self, _key: object, sids: list[str]) -> None:
        self.ended += sids
        for node in self.nodes:
            for sid in sids:
                node.sockets.close(sid)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)


class Node:
    def __init__(self, cluster: Cluster, name: str) -> None:
        self.sockets = Sockets(room_of)
        self.limit = SocketLimit(
            cluster.url,
            channel=cluster.channel,
            node_id=name,
            limits=cluster.limits,
            sockets=self.sockets,
            end=cluster.end,
        )

    def open(self, *sids: str, user: int = ALICE) -> None:
        for sid in sids:
            socket = self.sockets.open(sid, f"eio-{sid}", address="192.0.2.1")
            expires_at = int(clock.now().timestamp()) + 3600
            self.sockets.authenticated(socket, Identity(user, "x@teste.example", "X", "jti", 1, expires_at))

    def say(self, *, lease: bool = False) -> None:
        """What the loop does; with its lease also when that is not due yet."""
        if lease:
            self.limit._lease_at_s = 0.0
        self.limit.once()


@pytest.fixture
def cluster(redis: RedisServer) -> Cluster:
    return Cluster(redis.url)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each socket comes a little after the one before."""
    begun, later = clock.now().timestamp() - 2, itertools.count()
    monkeypatch.setattr(cluster_clock, "unix_s", lambda: begun + next(later) / 1000)


pytestmark = pytest.mark.usefixtures("moments")


def test_the_sixth_ends_the_oldest_on_whichever_node_it_is(cluster: Cluster) -> None:
    one, two = cluster.node(), cluster.node()
    one.open("a1", "a2")
    two.open("a3", "a4")
    one.open("a5")
    for node in (two, one):
        node.say()
    assert cluster.ended == []

    two.open("a6")
    two.say()

    assert cluster.ended == ["a1"]


def test_many_that_come_at_once_leave_the_newest_five(cluster: Cluster) -> None:
    node = cluster.node()
    node.open(*(f"a{number:04}" for number in range(socket_limit.BATCH_MAX + 50)))
    node.open("b1", user=BOB)
    node.say()

    assert len(node.sockets.of(ALICE)) == 5
    assert [socket.sid for socket in node.sockets.of(ALICE)] == [f"a{number:04}" for number in range(545, 550)]
    assert len(node.sockets.of(BOB)) == 1


def test_a_node_that_the_others_do_not_know_yet_counts(cluster: Cluster) -> None:
    one, two = cluster.node(), cluster.node()
    two.say()
    one.open("a1", "a2", "a3", "a4", "a5")
    one.say()
    two.open("a6")
    two.say()

    assert cluster.ended == ["a1"]


def test_who_went_makes_room(cluster: Cluster) -> None:
    one, two = cluster.node(), cluster.node()
    one.open("a1", "a2", "a3", "a4", "a5")
    one.say()
    one.sockets.close("a3")
    one.say()
    two.open("a6")
    two.say()

    assert cluster.ended == []


def test_one_that_does_not_hear_that_it_ends_is_told_again_with_the_next(cluster: Cluster) -> None:
    node = cluster.node()
    told: list[list[str]] = []
    node.limit._end = lambda _key, sids: told.append(sids)
    for number in range(7):
        node.open(f"a{number}")
        node.say()

    assert told == [["a0"], ["a0", "a1"]]


def test_authenticating_again_makes_nobody_younger(cluster: Cluster) -> None:
    node = cluster.node()
    node.open("a1", "a2", "a3", "a4", "a5")
    node.say()
    (first, *_) = node.sockets.of(ALICE)
    assert first.identity
    node.sockets.authenticated(first, first.identity)
    node.open("a6")
    node.say()

    assert cluster.ended == ["a1"]


def test_the_sockets_of_a_dead_node_do_not_count(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_limit, "UNKNOWN_S", 0)
    one, two = cluster.node(), cluster.node()
    one.open("a1", "a2", "a3", "a4", "a5")
    one.say()
    with cluster.client() as client:
        client.zadd(f"{cluster.channel}:sockets:nodes", {one.limit._generation: 1})  # as after LEASE_S without a word
    two.open("a6", "a7", "a8", "a9", "b1")
    two.say(lease=True)

    assert cluster.ended == []

    two.open("b2")
    two.say()
    assert cluster.ended == ["a6"]


def test_a_node_that_was_taken_for_dead_says_everything_again(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_limit, "UNKNOWN_S", 0)
    one, two = cluster.node(), cluster.node()
    one.open("a1", "a2", "a3", "a4", "a5")
    one.say()
    with cluster.client() as client:
        client.zadd(f"{cluster.channel}:sockets:nodes", {one.limit._generation: 1})
    two.open("a6")
    two.say(lease=True)
    assert cluster.ended == []

    one.say(lease=True)

    assert cluster.ended == ["a1"]


def test_a_redis_that_lost_everything_is_told_again(cluster: Cluster) -> None:
    one, two = cluster.node(), cluster.node()
    one.open("a1", "a2", "a3", "a4", "a5")
    one.say()
    with cluster.client() as client:
        for key in client.keys(f"{cluster.channel}:*"):
            client.delete(key)
    one.say(lease=True)
    two.open("a6")
    two.say(lease=True)

    assert cluster.ended == ["a1"]


@pytest.fixture
def own() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def test_without_redis_a_node_counts_its_own_and_afterwards_all_count_together(own: RedisServer) -> None:
    cluster = Cluster(own.url)
    one, two = cluster.node(), cluster.node()
    own.kill()
    one.open("a1", "a2", "a3", "a4", "a5", "a6")
    two.open("b1")
    for node in (one, two):
        with pytest.raises(RedisError):
            node.say()
    assert cluster.ended == ["a1"]

    own.start()
    for node in (one, two):
        node.say()

    assert cluster.ended == ["a1", "a2"]


def test_in_a_dry_run_it_is_only_counted(redis: RedisServer) -> None:
    cluster = Cluster(redis.url, ClientLimits(dry_run=True))
    before = counted(OVER, limit="sockets_of_user", dry_run="true")
    node = cluster.node()
    node.open("a1", "a2", "a3", "a4", "a5", "a6")
    node.say()

    assert cluster.ended == []
    assert counted(OVER, limit="sockets_of_user", dry_run="true") == before + 1


def test_redis_keeps_nothing_of_who_has_gone(cluster: Cluster) -> None:
    node = cluster.node()
    node.open("a1", "a2")
    node.say()
    for sid in ("a1", "a2"):
        node.sockets.close(sid)
    node.say()

    with cluster.client() as client:
        assert client.keys(f"{cluster.channel}:sockets:of:*") == []
