"""The sockets of this node: who each belongs to, until when, and how far its stream was delivered."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from gevent.lock import BoundedSemaphore

from app import clock, metrics
from app.users.auth import Ended, Identity

AUTHENTICATE_WITHIN_S = 10
# Deadlines of sockets that have gone are dropped when there are more of them than of open ones, and than this.
DEADLINES_SPARE = 1000


@dataclass(slots=True, eq=False)
class SocketSession:
    """One socket. `seq` is the last durable event that was handed to it, in order and without a gap."""

    sid: str
    eio_sid: str
    # Where its handshake was from, for limits (see `connection.client_network`).
    address: str
    identity: Identity | None = None
    seq: int = 0
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
    # Held while the socket is given its user and its place in the stream, which is done once at a time.
    entering: BoundedSemaphore = field(default_factory=BoundedSemaphore)


class Sessions:
    def __init__(self) -> None:
        self._by_sid: dict[str, SocketSession] = {}
        self._by_user: dict[int, dict[str, SocketSession]] = {}
        self._deadlines: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._by_sid)

    def __iter__(self) -> Iterator[SocketSession]:
        return iter(list(self._by_sid.values()))

    def open(self, sid: str, eio_sid: str, *, address: str) -> SocketSession:
        session = SocketSession(sid, eio_sid, address)
        self._by_sid[sid] = session
        self._watch(session)
        metrics.SOCKETS.set(len(self._by_sid))
        return session

    def get(self, sid: str) -> SocketSession | None:
        return self._by_sid.get(sid)

    def authenticated(self, session: SocketSession, identity: Identity) -> None:
        """The socket is this user's, until the token expires."""
        session.identity = identity
        session.deadline_s = clock.monotonic_s() + identity.expires_at - clock.unix_s()
        if session.sid not in self._by_sid:
            return  # it closed meanwhile, and nothing would ever take it out again
        self._by_user.setdefault(identity.user_id, {})[session.sid] = session
        self._watch(session)

    def anonymous(self, session: SocketSession) -> None:
        """Undo `authenticated`; the socket has AUTHENTICATE_WITHIN_S again."""
        self._forget_user(session)
        session.identity = None
        session.deadline_s = clock.monotonic_s() + AUTHENTICATE_WITHIN_S
        self._watch(session)

    def close(self, sid: str) -> SocketSession | None:
        """Forget the socket; None when it was not known."""
        session = self._by_sid.pop(sid, None)
        if session:
            self._forget_user(session)
        metrics.SOCKETS.set(len(self._by_sid))
        return session

    def of_user(self, user_id: int) -> list[SocketSession]:
        return list(self._by_user.get(user_id, {}).values())

    def users(self) -> list[int]:
        """The users that have an authenticated socket here."""
        return list(self._by_user)

    def ended_by(self, ended: Ended) -> list[SocketSession]:
        """The sockets whose token it covers."""
        return [s for s in self.of_user(ended.user_id) if s.identity and ended.covers(s.identity)]

    def overdue(self, now_s: float) -> list[SocketSession]:
        """The sockets whose token has expired or that did not authenticate in time."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now_s:
            at_s, sid = heapq.heappop(self._deadlines)
            session = self._by_sid.get(sid)
            if session is None or session.watched_s != at_s:
                continue
            session.watched_s = float("inf")
            if session.deadline_s <= now_s:
                found.append(session)
            else:
                self._watch(session)
        return found

    def next_deadline_s(self) -> float:
        """When `overdue` may next find somebody, by the monotonic clock; infinity when never."""
        return self._deadlines[0][0] if self._deadlines else float("inf")

    def _forget_user(self, session: SocketSession) -> None:
        if session.identity:
            own = self._by_user.get(session.identity.user_id, {})
            own.pop(session.sid, None)
            if not own:
                self._by_user.pop(session.identity.user_id, None)

    def _watch(self, session: SocketSession) -> None:
        """See that `overdue` looks at it at its deadline. One that is looked at before then needs nothing: a client
        may say who it is over and over, and tokens may live for weeks longer than sockets."""
        if session.deadline_s >= session.watched_s:
            return
        session.watched_s = session.deadline_s
        heapq.heappush(self._deadlines, (session.deadline_s, session.sid))
        if len(self._deadlines) > 2 * len(self._by_sid) + DEADLINES_SPARE:
            self._deadlines = [(s.watched_s, s.sid) for s in self._by_sid.values()]
            heapq.heapify(self._deadlines)
