"""With a Redis Cluster a room costs one primary; when that is lost it is heard again as soon as a replica serves."""

import itertools
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus import Numbered, Publisher, RoutedRedisManager
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.shards import Slots
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.limits.buckets import Bucket, SharedBuckets
from flask_socketio_cluster.limits.limiter import Limiter, per_day
from installed import Program
from listener import Listener, connected
from redis import Redis
from redis.exceptions import RedisError

from tests.support.fetch import fetch
from tests.support.people import eventually, in_parallel
from tests.support.redis_cluster import RedisCluster, RedisNode
from tests.support.stalls import Stalls

RECOVERY_TIMEOUT_S = 30.0
# Callers of a Redis Cluster that is away, and what it costs each of them at the most: two tries and two looks at six
# nodes, with their time-outs. One after the other they would need twenty times as much.
AT_ONCE = 20
ALL_AWAY_S_MAX = 6.0


@pytest.fixture
def whole(cluster: RedisCluster) -> Iterator[RedisCluster]:
    """For a test that takes something from it."""
    yield cluster
    cluster.make_whole()


@pytest.fixture(scope="module")
def node(cluster: RedisCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = {"REDIS_URL": cluster.url}
    program = Program(sys.executable, tmp_path_factory.mktemp("node"), Path(__file__).parent, settings)
    with program.node("rooms:app", "web1") as address:
        yield address


@pytest.fixture
def ana(node: str) -> Iterator[Listener]:
    with connected(node) as listener:
        yield listener


@pytest.fixture
def outside(cluster: RedisCluster) -> RoutedRedisManager:
    return RoutedRedisManager(cluster.url, write_only=True)


def rooms_at(cluster: RedisCluster, primary: RedisNode, count: int) -> list[str]:
    """Rooms whose channels a primary owns."""
    names = (f"{secrets.token_hex(4)} {number}" for number in itertools.count())
    return list(itertools.islice((n for n in names if cluster.owner(Channels().room("/", n)) is primary), count))


def joined_room(ana: Listener, cluster: RedisCluster, primary: RedisNode) -> str:
    (room,) = rooms_at(cluster, primary, 1)
    assert ana.call("join", room) is True
    return room


def emit(outside: RoutedRedisManager, room: str, data: str) -> bool:
    """Whether Redis took it."""
    try:
        outside.emit("said", data, room=room)
    except BusUnavailable:
        return False
    return True


def heard_again(ana: Listener, outside: RoutedRedisManager, room: str) -> None:
    """Nobody says when a node hears a room again, so it is said until it is heard."""
    mark = secrets.token_hex(4)
    eventually(
        lambda: emit(outside, room, mark) and mark in ana.heard("said"),
        "a room that is heard again",
        RECOVERY_TIMEOUT_S,
    )


def resubscriptions(node: str) -> float:
    """How often the node had to take it that something was missed."""
    return float(fetch(node, "/resubscriptions").body)


def test_a_room_is_heard_at_the_primary_that_owns_it_and_nowhere_else(cluster: RedisCluster, ana: Listener) -> None:
    rooms = {primary: rooms_at(cluster, primary, 2) for primary in cluster.primaries}
    for room in itertools.chain(*rooms.values()):
        assert ana.call("join", room) is True

    for one in cluster.nodes:
        heard_there = set(one.ask("PUBSUB", "SHARDCHANNELS"))
        assert heard_there == {Channels().room("/", room) for room in rooms.get(one, ())}


@pytest.mark.parametrize("way", ["killed", "silent"])
def test_the_rooms_of_a_lost_primary_are_heard_again_and_the_others_all_the_time(
    whole: RedisCluster, node: str, ana: Listener, outside: RoutedRedisManager, way: str
) -> None:
    lost, kept, other = whole.primaries
    lost_room, kept_room, _ = (joined_room(ana, whole, primary) for primary in (lost, kept, other))
    (late_room,) = rooms_at(whole, lost, 1)
    before = resubscriptions(node)

    with away(lost, way):
        assert not emit(outside, lost_room, "to nobody")
        assert ana.call("join", late_room) is False
        outside.emit("said", "meanwhile", room=kept_room)
        assert ana.wait("said", 1) == ["meanwhile"]

        heard_again(ana, outside, lost_room)
        heard_again(ana, outside, late_room)
        assert resubscriptions(node) > before, "what was missed is caught up with"

    whole.make_whole()
    for room in (lost_room, kept_room, late_room):
        heard_again(ana, outside, room)


@contextmanager
def away(primary: RedisNode, way: str) -> Iterator[None]:
    if way == "killed":
        primary.kill()
        yield
        return
    primary.stop()
    try:
        yield
    finally:
        primary.cont()


def test_a_room_whose_slot_moves_is_heard_at_its_new_owner(
    cluster: RedisCluster, node: str, ana: Listener, outside: RoutedRedisManager
) -> None:
    old, new, _ = cluster.primaries
    moved_room, kept_room = joined_room(ana, cluster, old), joined_room(ana, cluster, old)
    joined_room(ana, cluster, new)
    before = resubscriptions(node)
    channel = Channels().room("/", moved_room)

    with moved(cluster.slot(channel), old, new):
        heard_again(ana, outside, moved_room)
        assert channel in new.ask("PUBSUB", "SHARDCHANNELS")
        assert channel not in old.ask("PUBSUB", "SHARDCHANNELS")
        assert resubscriptions(node) > before

    heard_again(ana, outside, moved_room)
    heard_again(ana, outside, kept_room)
    assert channel in old.ask("PUBSUB", "SHARDCHANNELS")


@contextmanager
def moved(slot: int, old: RedisNode, new: RedisNode) -> Iterator[None]:
    give(slot, old, new)
    yield
    give(slot, new, old)


def give(slot: int, old: RedisNode, new: RedisNode) -> None:
    new.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", old.id)
    old.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", new.id)
    for node in (new, old):
        node.ask("CLUSTER", "SETSLOT", slot, "NODE", new.id)


def test_a_batch_reaches_every_primary_in_order_or_raises(whole: RedisCluster) -> None:
    rooms = [rooms_at(whole, primary, 1)[0] for primary in whole.primaries]
    batch = [Numbered("/", room, seq, (f'2["said",{seq}]',)) for seq in (1, 2, 3) for room in rooms]
    publisher = Publisher(whole.url)
    with ExitStack() as stack:
        subscriptions = [stack.enter_context(subscribed(whole, Channels().room("/", room))) for room in rooms]

        publisher.publish(batch)

        for subscription in subscriptions:
            assert [next(subscription) for _ in range(3)] == [f'{seq}\n2["said",{seq}]' for seq in (1, 2, 3)]

    with away(whole.primaries[1], "silent"), pytest.raises(RedisError):
        publisher.publish(batch)


@contextmanager
def subscribed(cluster: RedisCluster, channel: str) -> Iterator[Iterator[str]]:
    """What is published on a sharded channel."""
    with Redis.from_url(cluster.owner(channel).url, socket_timeout=5, decode_responses=True, protocol=2) as client:
        client.connection = client.connection_pool.get_connection()
        client.connection.send_command("SSUBSCRIBE", channel)
        assert client.connection.read_response()[0] == "ssubscribe"
        yield (client.connection.read_response()[2] for _ in itertools.count())


def test_buckets_of_many_owners_are_counted_in_one_question_whoever_owns_their_slots(cluster: RedisCluster) -> None:
    bucket = Bucket(secrets.token_hex(4), per_s=0.001, burst=2)
    nodes = [SharedBuckets(cluster.url, key_prefix="test:") for _ in range(2)]
    owners = [str(number) for number in range(30)]

    answers = [node.take(*((bucket, owner) for owner in owners)) for node in (*nodes, nodes[0])]

    assert answers[:2] == [None, None]
    assert answers[2] is not None
    assert len({cluster.owner(f"test:{bucket.name}:{owner}").port for owner in owners}) == RedisCluster.PRIMARIES


def test_buckets_are_counted_by_the_node_while_their_primary_is_away(whole: RedisCluster) -> None:
    bucket = Bucket(secrets.token_hex(4), per_s=0.001, burst=2)
    node = SharedBuckets(whole.url, key_prefix="test:")
    assert node.take((bucket, "x")) is None
    with away(whole.owner(f"test:{bucket.name}:x"), "silent"):
        answers = [node.take((bucket, "x")) is None for _ in range(3)]

    assert answers == [True, True, False]


@pytest.mark.parametrize("used_before", [False, True])
def test_a_cluster_that_answers_nothing_costs_callers_that_come_at_once_no_queue(
    whole: RedisCluster, used_before: bool
) -> None:
    client, limiter = redis_client.connect(whole.url), Limiter(whole.url, key_prefix="test")
    once_a_day = per_day("test", 1000)
    if used_before:
        client.publish("test", "x")
        limiter.check(once_a_day, "x")

    def publish() -> None:
        with pytest.raises(RedisError):
            client.publish("test", "x")

    calls = [publish] * AT_ONCE + [partial(limiter.check, once_a_day, "x")] * AT_ONCE
    with ExitStack() as stack:
        stalls = stack.enter_context(Stalls().watching())
        for one in whole.nodes:
            stack.enter_context(away(one, "silent"))

        def took_s(call: Callable[[], None]) -> float:
            begun = time.monotonic()
            call()
            return stalls.since_s(begun)

        took = in_parallel([partial(took_s, call) for call in calls], 2 * AT_ONCE)

    assert max(took) < ALL_AWAY_S_MAX


def test_the_owner_of_a_channel_is_the_one_that_redis_names(cluster: RedisCluster) -> None:
    client: Any = redis_client.connect(cluster.url)
    slots = Slots(client.cluster_slots(), "")
    for name in ("flask-socketio#/#a", "flask-socketio#/#{a}", "x{}y", "água{🫖}", "", "{", "a" * 1000):
        owner = slots.owner(name)
        assert owner is not None
        assert owner[1] == cluster.owner(name).port, name


def test_the_names_of_the_address_go_on_being_asked(cluster: RedisCluster) -> None:
    """Addresses that a cluster gave once may all be gone when it comes back."""
    port = cluster.primaries[0].port
    client = redis_client.connect(f"redis+cluster://127.0.0.1:{port}")

    client.publish("x", "")

    assert isinstance(client, redis_client.ClusterClient)
    assert client._client is not None
    assert [node.port for node in client._client.nodes_manager.startup_nodes.values()] == [port]


def test_a_slot_that_nobody_owns_has_no_owner() -> None:
    # "123456789" is of slot 12739, as the Redis Cluster specification says.
    at = ("127.0.0.1", 1)
    assert Slots({(12739, 12739): {"primary": ("", 1)}}, "127.0.0.1").owner("123456789") == at
    for ranges in ([], [(0, 12738)], [(12740, 16383)], [(0, 12738), (12740, 16383)]):
        assert Slots({one: {"primary": at} for one in ranges}, "").owner("123456789") is None


def test_an_address_names_some_nodes_and_an_account() -> None:
    url = "rediss+cluster://me:p%40ss@a:1,b:2?ssl_ca_certs=/ca.pem"

    assert redis_client.node_url(url, "c", 3) == "rediss://me:p%40ss@c:3/0?ssl_ca_certs=/ca.pem"
    options = redis_client.subscription_pool(url).connection_kwargs
    assert (options["username"], options["password"], options["ssl_ca_certs"]) == ("me", "p@ss", "/ca.pem")
    assert (options["host"], options["port"]) in {("a", 1), ("b", 2)}
