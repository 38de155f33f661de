"""The subscription to a Redis Cluster: a room's channel is heard at the primary that owns the channel's slot."""

from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from typing import Any

from gevent.event import Event
from redis.crc import key_slot
from redis.exceptions import RedisError

from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus.subscriber import RECONNECT_PAUSE_S, OnMessage, Subscriber
from flask_socketio_cluster.loops import Loop

LOOK_EVERY_S = 1.0

# Host and port.
Address = tuple[str, int]


class Slots:
    """Which primary owns which slots. `ranges`: of CLUSTER SLOTS, `{(first, last): {"primary": (host, port)}}`; no host
    means `host`, the one that was asked."""

    def __init__(self, ranges: dict[tuple[int, int], dict[str, Any]], host: str) -> None:
        self._ranges = sorted(
            (last, first, (owned["primary"][0] or host, owned["primary"][1])) for (first, last), owned in ranges.items()
        )
        self.primaries: set[Address] = {primary for _, _, primary in self._ranges}

    def owner(self, channel: str) -> Address | None:
        """None while nobody owns the channel's slot."""
        slot = key_slot(channel.encode())
        at = bisect_left(self._ranges, (slot,))
        if at == len(self._ranges):
            return None
        _, first, primary = self._ranges[at]
        return primary if first <= slot else None

    def same_as(self, other: "Slots") -> bool:
        return self._ranges == other._ranges


class ShardedSubscriber:
    """Used as a Subscriber. One connection to each primary carries the channels of the rooms; one to any node carries
    the others, which Redis passes on to all of its nodes.

    Once a second, and when a channel leaves a primary, it asks one node of Redis who owns what. The channels of slots
    that have another owner are subscribed to there, and then `on_ready` is called, as after every new connection.
    `rooms`: how the channels of the rooms begin.
    """

    def __init__(self, redis_url: str, *, rooms: str, on_message: OnMessage, on_ready: Callable[[], None]) -> None:
        self._redis_url = redis_url
        self._rooms = rooms
        self._on_message = on_message
        self._on_ready = on_ready
        self._client: Any = redis_client.connect(redis_url)
        self._unsharded = Subscriber(redis_url, on_message=on_message, on_ready=on_ready)
        self._shards: dict[Address, Subscriber] = {}
        self._slots = Slots({}, "")
        # Set for good after the first look, whatever it found.
        self._looked = Event()
        # Where each wanted channel is heard; None while it is nowhere.
        self._heard_at: dict[str, Address | None] = {}
        self._loop = Loop(
            "shards",
            self._look,
            every_s=LOOK_EVERY_S,
            retry_s=RECONNECT_PAUSE_S,
            retry_max_s=1.0,
            expected=(RedisError,),
        )

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self._unsharded.loop, self._loop)

    @property
    def connected(self) -> bool:
        return self._unsharded.connected

    def add(self, channel: str) -> None:
        """Want a channel. Returns at once; see `wait`."""
        if not channel.startswith(self._rooms):
            self._unsharded.add(channel)
        elif channel not in self._heard_at:
            self._heard_at[channel] = owner = self._slots.owner(channel)
            if owner:
                self._shards[owner].add(channel)

    def remove(self, channel: str) -> None:
        if not channel.startswith(self._rooms):
            self._unsharded.remove(channel)
        elif at := self._heard_at.pop(channel, None):
            self._shards[at].remove(channel)

    def wait(self, channel: str, timeout_s: float) -> bool:
        """As `Subscriber.wait`; False as well for a channel whose slot has no owner."""
        if not channel.startswith(self._rooms):
            return self._unsharded.wait(channel, timeout_s)
        self._looked.wait(timeout_s)
        at = self._heard_at.get(channel)
        return at is not None and self._shards[at].wait(channel, timeout_s)

    def reconnect(self) -> None:
        """For the connection that carries the channels of no room; `_look` finds silent ones among the others."""
        self._unsharded.reconnect()

    def _look(self) -> None:
        """Find who owns what now, and ask every primary for a sign of life."""
        try:
            self._find_owners()
        finally:
            self._looked.set()
        for shard in self._shards.values():
            shard.ping()

    def _find_owners(self) -> None:
        node = self._client.get_random_node()
        # A node that was cut off from the others still says what was true before.
        if self._client.cluster_info(target_nodes=node)["cluster_state"] == "ok":
            found = Slots(self._client.cluster_slots(target_nodes=node), node.host)
            if not found.same_as(self._slots) or None in self._heard_at.values():
                self._move_to(found)

    def _move_to(self, found: Slots) -> None:
        self._slots = found
        for primary in found.primaries - self._shards.keys():
            self._shards[primary] = self._subscribe_at(primary)
        for channel, before in list(self._heard_at.items()):
            owner = found.owner(channel)
            if owner != before:
                self._heard_at[channel] = owner
                if before:
                    self._shards[before].remove(channel)
                if owner:
                    self._shards[owner].add(channel, missed=True)
        for primary in self._shards.keys() - found.primaries:
            shard = self._shards.pop(primary)
            shard.reconnect()
            shard.loop.stop()

    def _subscribe_at(self, primary: Address) -> Subscriber:
        url = redis_client.node_url(self._redis_url, *primary)
        shard = Subscriber(
            url, on_message=self._on_message, on_ready=self._on_ready, on_gone=partial(self._gone, primary)
        )
        shard.loop.start()
        return shard

    def _gone(self, primary: Address, channel: bytes) -> None:
        """Redis ended a subscription, whose slot `primary` no longer owns."""
        name = channel.decode()
        if self._heard_at.get(name) == primary:
            self._heard_at[name] = None
            self._loop.wake()
