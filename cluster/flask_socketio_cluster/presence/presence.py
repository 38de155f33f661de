"""Who is online, over all nodes: several tabs and devices are one person, and a change is told once."""

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

from redis.exceptions import RedisError

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.presence.leases import CHANGES_MAX, RESTORE_S, Answer, Change, Leases, Listing
from flask_socketio_cluster.streams.stream import Key

EVERY_S = 1.0
# What the sockets of a node did goes to Redis in parts of this many.
BATCH_MAX = 1000


OnChange = Callable[[Sequence[Change]], None]


def nothing(*_: object) -> None:
    """For a node that nobody listens to."""


class Presence:
    """The presence of one node among those that share `channel` of a Redis.

    `enter` and `leave` say which sockets are whose. Once a second the node tells Redis in one round trip what its
    sockets did, also when there are thousands of them, and is given the changes that are due, see `listen`. A node that
    dies takes its people along within 11 seconds. While Redis is away nothing changes for anybody.

    `unavailable`: what listeners raise while a database is away. `channel`: as that of the node's `RoutedRedisManager`.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        node_id: str,
        unavailable: tuple[type[Exception], ...] = (),
        channel: str = STOCK_CHANNEL,
    ) -> None:
        self._leases = Leases(redis_url, channel)
        self._node_id = node_id
        self._on_change: OnChange = nothing
        self._on_lost: Callable[[], None] = nothing
        self._sockets: dict[str, Key] = {}
        # Sockets of which Redis does not know yet that they came, or, with None, that they went.
        self._unsaid: dict[str, Key | None]
        self._to_tell: list[Change] = []
        self._told: list[Change] = []
        self._begin()
        self._again = False
        # When to send lists anew, by the monotonic clock.
        self._lists_at_s = float("inf")
        loop = partial(Loop, every_s=EVERY_S, jitter=0.1, retry_s=EVERY_S)
        self._beating = loop("presence_beat", self.beat, expected=(RedisError,))
        # Apart from the beat: a database that is slow must not cost the lease.
        self._telling = loop("presence_tell", self.tell, expected=(BusUnavailable, RedisError, *unavailable))

    def _begin(self) -> None:
        """As a new generation: what Redis has of a former one ends with its lease."""
        self._generation = f"{self._node_id}.{secrets.token_urlsafe(9)}"
        self._beats = 0
        self._unsaid = dict(self._sockets)

    @property
    def loops(self) -> tuple[Loop, ...]:
        return self._beating, self._telling

    def listen(self, on_change: OnChange, on_lost: Callable[[], None] = nothing) -> None:
        """Whom to tell from now on; both may wait.

        `on_change(changes)`: up to 500 people came online or went, more than 3 s ago. Each change goes to one node
        of all. When it raises or the node dies, another node is given the change 5 seconds later, so whoever hears of
        one twice passes over the second by its version. `on_lost()`: changes may have been told to nobody, or not to
        the sockets of this node, so lists are to be sent anew. Redis came back empty, and by now the nodes have said
        again what it knew; or see `missed`.
        """
        self._on_change, self._on_lost = on_change, on_lost

    def enter(self, sid: str, key: Key) -> None:
        """A socket is this person's. Returns without waiting."""
        if self._sockets.get(sid) != key:
            self._sockets[sid] = self._unsaid[sid] = key

    def leave(self, sid: str) -> None:
        """A socket has gone; one that never entered is passed over. Returns without waiting."""
        if self._sockets.pop(sid, None) is not None:
            self._unsaid[sid] = None

    def missed(self) -> None:
        """What was told to the sockets of this node may not have come: their lists are sent anew, in RESTORE_S, when a
        Redis that was away is whole again. Returns without waiting."""
        self._lists_at_s = clock.monotonic_s() + RESTORE_S

    def listing(self, keys: Sequence[Key]) -> Listing:
        """Who of these, 1000 at the most, is online, by what was told last. One round trip. Raises RedisError."""
        return self._leases.listing(keys)

    def beat(self) -> None:
        """Say what the sockets did, and take the changes that are due."""
        while True:
            batch = dict(islice(self._unsaid.items(), BATCH_MAX))
            told, self._told = self._told, []
            try:
                answer = self._leases.beat(
                    self._generation,
                    self._beats + 1,
                    entered={sid: key for sid, key in batch.items() if key is not None},
                    left=[sid for sid, key in batch.items() if key is None],
                    told=told,
                    again=self._again,
                    changes_max=CHANGES_MAX - len(self._to_tell),
                )
            except BaseException:
                self._told += told
                raise
            self._beats += 1
            for sid, key in batch.items():
                if self._unsaid[sid] == key:  # nothing else happened meanwhile
                    del self._unsaid[sid]
            self._take(answer)
            if not self._unsaid:
                self._again = False
                return

    def _take(self, answer: Answer) -> None:
        self._to_tell += answer.changes
        if answer.changes:
            self._telling.wake()
        if not answer.is_known:
            # Redis lost everything, or its last second, or others took this node for dead when it did not reach Redis.
            self._begin()
            self._again = True
        if answer.restoring_s > 0:
            # Also a node that has just started: what it is asked meanwhile is not all, and of the rest nothing is told.
            self._lists_at_s = clock.monotonic_s() + answer.restoring_s

    def tell(self) -> None:
        """Tell what was taken."""
        if changes := self._to_tell[:CHANGES_MAX]:
            try:
                self._on_change(changes)
            finally:
                # What could not be told is given to a node again by Redis.
                del self._to_tell[: len(changes)]
            self._told += changes
            metrics.PRESENCE_CHANGES.inc(len(changes))
            if len(changes) == CHANGES_MAX:
                self._beating.wake()  # there are more than a beat brings
        if clock.monotonic_s() >= self._lists_at_s:
            self._send_lists()

    def _send_lists(self) -> None:
        # Before, so that what is missed while lists are sent has them sent once more.
        due_s, self._lists_at_s = self._lists_at_s, float("inf")
        try:
            self._on_lost()
        except BaseException:
            if self._lists_at_s == float("inf"):
                self._lists_at_s = due_s
            raise
