"""Even shares: a node that has far more sessions than the others asks some of its clients to come again."""

from collections.abc import Mapping
from math import ceil
from typing import cast

from redis.exceptions import RedisError

from flask_socketio_cluster import clock, metrics, redis_client
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.transport.transport import Transport

EVERY_S = 1.0
# A node that says nothing new for so long counts no more; after the second time its entry is taken out.
SILENT_S = 3.5
FORGOTTEN_S = 60.0
# Moving begins above the first share of the mean, once it was seen so often, and ends at the second. The fixed part
# keeps small clusters still.
BEGIN_ABOVE = 1.10
END_ABOVE = 1.02
SPARE = 50
LOOKS = 3
# A tenth of what is too much every time, and no more than the other nodes let in without feeling it.
MOVED_SHARE = 0.1
MOVED_MAX = 50


class Shares:
    """What the nodes say of themselves: each says `sessions:number`, with another number each time. Who of them is
    alive is told by the numbers, since clocks differ."""

    def __init__(self, node_id: str) -> None:
        self._node_id = node_id
        # What each said last, and when that was first seen here, by the monotonic clock.
        self._said: dict[str, tuple[str, float]] = {}
        self._looks_above = 0
        self._moving = False

    def to_move(self, said: Mapping[str, str]) -> int:
        """How many sessions this node should give away now. `said`: what each node said last, its own among them."""
        now_s = clock.monotonic_s()
        known = self._said
        self._said = {
            node: known[node] if node in known and known[node][0] == text else (text, now_s)
            for node, text in said.items()
        }
        alive = {node: _sessions(text) for node, (text, seen_s) in self._said.items() if now_s - seen_s <= SILENT_S}
        own, mean = alive.get(self._node_id, 0), sum(alive.values()) / max(1, len(alive))
        self._looks_above = self._looks_above + 1 if own > mean * BEGIN_ABOVE + SPARE else 0
        self._moving = own > mean * END_ABOVE + 1 and (self._moving or self._looks_above >= LOOKS)
        return min(MOVED_MAX, ceil((own - mean) * MOVED_SHARE)) if self._moving else 0

    def forgotten(self) -> list[str]:
        """The nodes that went long ago."""
        limit_s = clock.monotonic_s() - FORGOTTEN_S
        return [node for node, (_, seen_s) in self._said.items() if seen_s < limit_s]


class Balance:
    """Compares `transport` with those of the other nodes on the same Redis, once a second.

    A moved client is told first, as in a drain, and closed: it comes to another node, or with bad luck to the same
    one again. While Redis is away nobody is moved. A forged count makes a node move MOVED_MAX a second, no more.
    `channel`: as that of the node's `RoutedRedisManager`.
    """

    def __init__(self, redis_url: str, *, node_id: str, transport: Transport, channel: str = STOCK_CHANNEL) -> None:
        self._sessions_key = Channels(channel).sessions
        self._client = redis_client.connect_patiently(redis_url)
        self._node_id = node_id
        self._transport = transport
        self._shares = Shares(node_id)
        self._number = 0
        self.loop = Loop("balance", self._turn, every_s=EVERY_S, jitter=0.1, retry_s=EVERY_S, expected=(RedisError,))

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    def _turn(self) -> None:
        if self._transport.draining:
            self._client.hdel(self._sessions_key, self._node_id)
            return
        self._number += 1
        self._client.hset(self._sessions_key, self._node_id, f"{self._transport.sessions}:{self._number}")
        said = cast(dict[bytes, bytes], self._client.hgetall(self._sessions_key))
        count = self._shares.to_move({node.decode(): text.decode(errors="replace") for node, text in said.items()})
        if count:
            metrics.SESSIONS_MOVED.inc(count)
            self._transport.move(count)
        if forgotten := self._shares.forgotten():
            self._client.hdel(self._sessions_key, *forgotten)


def _sessions(text: str) -> int:
    count = text.partition(":")[0]
    return int(count) if count.isdigit() else 0
