"""Close the sockets whose token expired or was revoked, and those that never said who they are."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import gevent

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.delivery.feed import Feed
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.delivery.messages import EXPIRED, LOGOUT, REVOKED, UNAUTHENTICATED, Said
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.loops import Loop

LOOK_EVERY_S = 0.5
# Revocations commit later than their time says, on a disk that stalls much later, and clocks of nodes differ a little.
LOOK_BACK = timedelta(seconds=60)

# What was ended at or after a moment.
EndedSince = Callable[[datetime], Iterable[Ended]]


class SessionExpiry:
    """`said(reason)`: what a socket is told before it is dropped."""

    def __init__(
        self,
        *,
        ended_since: EndedSince | None,
        unavailable: tuple[type[Exception], ...],
        said: Callable[[str], Said],
        sockets: Sockets,
        feed: Feed,
    ) -> None:
        self._said = said
        self._sockets = sockets
        self._feed = feed
        self._seen_until = clock.now()
        # Two of them: in one, a database that hangs would keep expired sockets open.
        self.loops: tuple[Loop, ...] = (
            Loop("expiry", self._look_for_overdue, every_s=LOOK_EVERY_S, retry_s=LOOK_EVERY_S),
        )
        if ended_since is not None:
            look = partial(self._look_for_revocations, ended_since)
            revocations = Loop("revocations", look, every_s=LOOK_EVERY_S, retry_s=LOOK_EVERY_S, expected=unavailable)
            self.loops = (*self.loops, revocations)

    def end(self, ended: Ended) -> None:
        """A session was ended on some node. Returns without waiting."""
        for socket in self._sockets.ended_by(ended):
            gevent.spawn(self.close, socket, LOGOUT)

    def close(self, socket: UserSocket, reason: str) -> None:
        """Tell the client why, then drop the socket."""
        if self._sockets.close(socket.sid) is None:
            return
        metrics.SESSIONS_ENDED.labels(reason).inc()
        self._feed.say(socket, self._said(reason))
        self._feed.drop(socket)

    def _look_for_overdue(self) -> float:
        """Returns the seconds until the next socket may be overdue."""
        for socket in self._sockets.overdue(clock.monotonic_s()):
            self.close(socket, EXPIRED if socket.identity else UNAUTHENTICATED)
        return max(0.0, min(LOOK_EVERY_S, self._sockets.next_deadline_s() - clock.monotonic_s()))

    def _look_for_revocations(self, ended_since: EndedSince) -> None:
        """Also without Redis, a revoked token's sockets are gone within a second."""
        started = clock.now()
        if self._sockets.keys():
            # When the database is away this raises; what was revoked meanwhile is found once it is back.
            for ended in ended_since(self._seen_until - LOOK_BACK):
                for socket in self._sockets.ended_by(ended):
                    self.close(socket, REVOKED)
        self._seen_until = started
