"""How many sockets a user has, over all nodes: beyond that the oldest is ended."""

import secrets
from collections.abc import Callable
from importlib.resources import files
from itertools import islice
from typing import Any

from redis.exceptions import RedisError

from flask_socketio_cluster import clock, redis_client
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.delivery.sockets import Sockets
from flask_socketio_cluster.limits.client_limits import ClientLimits
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.streams.stream import Key

LEASE_EVERY_S = 2.0
# A node that says nothing for so long has gone, and its sockets with it.
LEASE_S = 6.0
# A socket of a node that is not known counts for so long.
UNKNOWN_S = 10.0
# Longer than a token lives; until then Redis keeps what a dead node has left of a user who does not come again.
KEPT_S = 31 * 24 * 3600
BATCH_MAX = 500
# Sockets that went while Redis was away. What is beyond stays in Redis as the oldest of its user, and ends nobody else.
LEFT_MAX = 20_000
RETRY_S = 0.5

# To end these sockets of a user, on whichever node they are. May not raise.
End = Callable[[Key, list[str]], None]


class SocketLimit:
    """Tells Redis which sockets come and go, all of them in one round trip, and ends those that are too many.

    The sockets of a dead node do not count: each node has a lease, under another name in each of its lives, and every
    node reads which of them are alive. While Redis is away a node counts its own sockets alone; afterwards it says
    again what Redis does not know.
    """

    def __init__(
        self, redis_url: str, *, channel: str, node_id: str, limits: ClientLimits, sockets: Sockets, end: End
    ) -> None:
        self._client = redis_client.connect_patiently(redis_url)
        self._prefix = Channels(channel).sockets
        self._socket, self._lease = (
            files(__package__).joinpath(name).read_text() for name in ("socket_limit.lua", "socket_lease.lua")
        )
        self._generation = f"{node_id}.{secrets.token_urlsafe(9)}"
        self._alive: list[bytes] = []
        self._lease_at_s = 0.0
        self._limits = limits
        self._sockets = sockets
        self._end = end
        # Whose each socket is, and since when, in unix milliseconds.
        self._own: dict[str, tuple[Key, int]] = {}
        # What Redis does not know yet: whose came, since when, or 0 of one that went.
        self._unsaid: dict[str, tuple[Key, int]] = {}
        sockets.follow(self._entered, self._gone)
        self.loop = Loop(
            "sockets_of_users", self.once, every_s=LEASE_EVERY_S, jitter=0.1, retry_s=RETRY_S, expected=(RedisError,)
        )

    def _entered(self, sid: str, key: Key) -> None:
        _, since_ms = self._own.get(sid, (key, int(clock.unix_s() * 1000)))
        self._own[sid] = self._unsaid[sid] = (key, since_ms)
        self.loop.wake()

    def _gone(self, sid: str) -> None:
        known = self._own.pop(sid, None)
        self._unsaid.pop(sid, None)
        if known and len(self._unsaid) < LEFT_MAX + len(self._own):
            self._unsaid[sid] = (known[0], 0)
            self.loop.wake()

    def once(self) -> None:
        """Say what is unsaid, and the lease when it is time. Raises RedisError."""
        try:
            if clock.monotonic_s() >= self._lease_at_s:
                self._renew()
            while self._unsaid:
                self._say(dict(islice(self._unsaid.items(), BATCH_MAX)))
        except RedisError:
            self._lease_at_s = 0.0
            self._count_alone()
            raise

    def _renew(self) -> None:
        client: Any = self._client
        known, self._alive = client.eval(self._lease, 1, f"{self._prefix}nodes", self._generation, int(LEASE_S * 1000))
        self._lease_at_s = clock.monotonic_s() + LEASE_EVERY_S
        if not known:
            # Redis has lost it, or others took this node for dead.
            self._unsaid |= self._own

    def _say(self, batch: dict[str, tuple[Key, int]]) -> None:
        of_all = (self._limits.sockets_of_user, KEPT_S, int(UNKNOWN_S * 1000), *self._alive)
        calls = (
            (f"{self._prefix}of:{key}", (f"{self._generation} {sid}", since_ms, *of_all))
            for sid, (key, since_ms) in batch.items()
        )
        answers = redis_client.eval_each(self._client, self._socket, calls)
        surplus: dict[Key, dict[str, None]] = {}
        for (sid, said), members in zip(batch.items(), answers, strict=True):
            if self._unsaid.get(sid) == said:  # nothing else happened meanwhile
                del self._unsaid[sid]
            surplus.setdefault(said[0], {}).update({member.decode().split(" ", 1)[1]: None for member in members})
        for key, sids in surplus.items():
            self._end_surplus(key, list(sids))

    def _count_alone(self) -> None:
        for key in {key for key, since_ms in self._unsaid.values() if since_ms}:
            own = [socket.sid for socket in self._sockets.of(key)]
            self._end_surplus(key, own[: -self._limits.sockets_of_user])

    def _end_surplus(self, key: Key, sids: list[str]) -> None:
        for _ in sids:
            self._limits.count("sockets_of_user")
        if sids and not self._limits.dry_run:
            self._end(key, sids)
