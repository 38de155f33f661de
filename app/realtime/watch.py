"""Close the sockets whose token expired or was revoked, and those that never said who they are."""

from datetime import timedelta

import gevent

from app import clock, metrics, wire
from app.db import Database
from app.errors import DatabaseDown
from app.loops import Loop
from app.realtime.feed import Feed
from app.realtime.sessions import Sessions, SocketSession
from app.users import auth
from app.users.auth import Ended

LOOK_EVERY_S = 0.5
# Revocations commit a little later than their time says, and clocks of nodes differ a little.
LOOK_BACK = timedelta(seconds=10)


class Watch:
    def __init__(self, db: Database, sessions: Sessions, feed: Feed) -> None:
        self._db = db
        self._sessions = sessions
        self._feed = feed
        self._seen_until = clock.now()
        # Two of them: in one, a database that hangs would keep expired sockets open.
        self.loops = (
            Loop("expiry", self._look_for_overdue, every_s=LOOK_EVERY_S, retry_s=LOOK_EVERY_S),
            Loop(
                "revocations",
                self._look_for_revocations,
                every_s=LOOK_EVERY_S,
                retry_s=LOOK_EVERY_S,
                expected=(DatabaseDown,),
            ),
        )

    def end(self, ended: Ended) -> None:
        """A token was ended on some node. Returns without waiting."""
        for session in self._sessions.ended_by(ended):
            gevent.spawn(self.close, session, "logout")

    def close(self, session: SocketSession, reason: str) -> None:
        """Tell the client why, then drop the socket."""
        if self._sessions.close(session.sid) is None:
            return
        metrics.SESSIONS_ENDED.labels(reason).inc()
        self._feed.send(session, wire.event_packet(wire.SESSAO_ENCERRADA, wire.dumps({"motivo": reason})))
        self._feed.drop(session)

    def _look_for_overdue(self) -> float:
        """Returns the seconds until the next socket may be overdue."""
        for session in self._sessions.overdue(clock.monotonic_s()):
            self.close(session, "expirado" if session.identity else "sem_autenticacao")
        return max(0.0, min(LOOK_EVERY_S, self._sessions.next_deadline_s() - clock.monotonic_s()))

    def _look_for_revocations(self) -> None:
        """Also without Redis, a revoked token's sockets are gone within a second."""
        started = clock.now()
        if self._sessions.users():
            # When the database is away this raises; what was revoked meanwhile is found once it is back.
            for ended in self._db.read(auth.ended_since, self._seen_until - LOOK_BACK):
                for session in self._sessions.ended_by(ended):
                    self.close(session, "revogado")
        self._seen_until = started
