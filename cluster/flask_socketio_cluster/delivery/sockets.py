"""The sockets of this node: who each belongs to, until when, and how far its stream was delivered."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.delivery.identity import Ended, Identity
from flask_socketio_cluster.streams.stream import Key

AUTHENTICATE_WITHIN_S = 10
# Deadlines of sockets that have gone are dropped when there are more of them than of open ones, and than this.
DEADLINES_SPARE = 1000

Entered = Callable[[str, Key], None]
Left = Callable[[str], None]


@dataclass(slots=True, eq=False)
class UserSocket:
    """One socket. `seq` is the last durable event that was handed to it, in order and without a gap."""

    sid: str
    eio_sid: str
    # Where its handshake was from, for limits (see `transport.connection.client_network`).
    address: str
    identity: Identity | None = None
    seq: int = 0
    # Since when, in unix seconds, it is owed what is appended: it authenticated then, or asked for all of it again.
    since_s: float = float("inf")
    # Of the database when the socket authenticated; None while that is still being read.
    epoch: int | None = None
    # While a greenlet reads missed events for it, live ones only raise `announced`.
    catching_up: bool = False
    announced: int = 0
    # When its stream was read again because the client asked for it, by the monotonic clock.
    rewound_s: float = float("-inf")
    # Where the client asked that catch-up to start again.
    rewind_to: int | None = None
    # By the monotonic clock: until when it may stay, and may be told anything.
    deadline_s: float = field(default_factory=lambda: clock.monotonic_s() + AUTHENTICATE_WITHIN_S)
    # When it is looked at next, at its deadline or before; infinity while it is not.
    watched_s: float = float("inf")


class Sockets:
    """`room_of(key)`: the room of the sockets of one user, by which the bus names it."""

    def __init__(self, room_of: Callable[[Key], str]) -> None:
        self.room_of = room_of
        self._by_sid: dict[str, UserSocket] = {}
        self._by_key: dict[Key, dict[str, UserSocket]] = {}
        self._by_room: dict[str, dict[str, UserSocket]] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._followers: list[tuple[Entered, Left]] = []

    def follow(self, entered: Entered, left: Left) -> None:
        """Tell from now on who authenticates, and which of these go. Neither may wait or raise."""
        self._followers.append((entered, left))

    def __len__(self) -> int:
        return len(self._by_sid)

    def __iter__(self) -> Iterator[UserSocket]:
        return iter(list(self._by_sid.values()))

    def open(self, sid: str, eio_sid: str, *, address: str) -> UserSocket:
        socket = UserSocket(sid, eio_sid, address)
        self._by_sid[sid] = socket
        self._watch(socket)
        metrics.SOCKETS.inc()
        return socket

    def get(self, sid: str) -> UserSocket | None:
        return self._by_sid.get(sid)

    def authenticated(self, socket: UserSocket, identity: Identity) -> None:
        """The socket is this user's, until the token expires."""
        if socket.identity is None:
            socket.since_s = clock.unix_s()
        socket.identity = identity
        socket.deadline_s = clock.monotonic_s() + identity.expires_at - clock.unix_s()
        if socket.sid not in self._by_sid:
            return  # it closed meanwhile, and nothing would ever take it out again
        own = self._by_key.get(identity.key)
        if own is None:
            own = self._by_key[identity.key] = {}
            metrics.USERS.inc()
        own[socket.sid] = socket
        self._by_room[self.room_of(identity.key)] = own
        self._watch(socket)
        for entered, _ in self._followers:
            entered(socket.sid, identity.key)

    def anonymous(self, socket: UserSocket) -> None:
        """Undo `authenticated`; the socket has AUTHENTICATE_WITHIN_S again."""
        self._forget_key(socket)
        socket.identity = None
        socket.deadline_s = clock.monotonic_s() + AUTHENTICATE_WITHIN_S
        self._watch(socket)

    def close(self, sid: str) -> UserSocket | None:
        """Forget the socket; None when it was not known."""
        socket = self._by_sid.pop(sid, None)
        if socket:
            self._forget_key(socket)
            metrics.SOCKETS.dec()
        return socket

    def of(self, key: Key) -> list[UserSocket]:
        return list(self._by_key.get(key, {}).values())

    def in_room(self, room: str) -> list[UserSocket]:
        """Those of the user whose room it is."""
        return list(self._by_room.get(room, {}).values())

    def keys(self) -> list[Key]:
        """The users that have an authenticated socket here."""
        return list(self._by_key)

    def ended_by(self, ended: Ended) -> list[UserSocket]:
        """The sockets whose token it covers."""
        return [s for s in self.of(ended.key) if s.identity and ended.covers(s.identity)]

    def overdue(self, now_s: float) -> list[UserSocket]:
        """The sockets whose token has expired or that did not authenticate in time."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now_s:
            at_s, sid = heapq.heappop(self._deadlines)
            socket = self._by_sid.get(sid)
            if socket is None or socket.watched_s != at_s:
                continue
            socket.watched_s = float("inf")
            if socket.deadline_s <= now_s:
                found.append(socket)
            else:
                self._watch(socket)
        return found

    def next_deadline_s(self) -> float:
        """When `overdue` may next find somebody, by the monotonic clock; infinity when never."""
        return self._deadlines[0][0] if self._deadlines else float("inf")

    def _forget_key(self, socket: UserSocket) -> None:
        if socket.identity:
            key = socket.identity.key
            own = self._by_key.get(key, {})
            own.pop(socket.sid, None)
            if not own and self._by_key.pop(key, None) is not None:
                metrics.USERS.dec()
                self._by_room.pop(self.room_of(key), None)
            for _, left in self._followers:
                left(socket.sid)

    def _watch(self, socket: UserSocket) -> None:
        """See that `overdue` looks at it at its deadline. One that is looked at before then needs nothing: a client
        may say who it is over and over, and tokens may live for weeks longer than sockets."""
        if socket.deadline_s >= socket.watched_s:
            return
        socket.watched_s = socket.deadline_s
        heapq.heappush(self._deadlines, (socket.deadline_s, socket.sid))
        if len(self._deadlines) > 2 * len(self._by_sid) + DEADLINES_SPARE:
            self._deadlines = [(s.watched_s, s.sid) for s in self._by_sid.values()]
            heapq.heapify(self._deadlines)
