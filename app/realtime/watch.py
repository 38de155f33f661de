"""Close the sockets whose token expired or was revoked, and those that never said who they are."""

from collections.abc import Callable
from datetime import timedelta

import gevent

from app import clock, log, metrics, wire
from app.db import Database
from app.errors import DatabaseDown
from app.realtime.feed import Feed
from app.realtime.sessions import Sessions, SocketSession
from app.users import auth
from app.users.auth import Ended

LOOK_EVERY_S = 0.5
# Revocations commit a little later than their time says, and clocks of nodes differ a little.
LOOK_BACK = timedelta(seconds=10)

_log = log.get("watch")


class Watch:
    def __init__(self, db: Database, sessions: Sessions, feed: Feed) -> None:
        self._db = db
        self._sessions = sessions
        self._feed = feed
        self._seen_until = clock.now()

    def start(self) -> None:
        # One after the other, a database that hangs would keep expired sockets open.
        gevent.spawn(self._run, self._look_for_overdue, self._until_overdue_s)
        gevent.spawn(self._run, self._look_for_revocations, lambda: LOOK_EVERY_S)

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

    def _run(self, look: Callable[[], None], pause_s: Callable[[], float]) -> None:
        while True:
            gevent.sleep(pause_s())
            try:
                look()
            except Exception:  # a watch that ends would let revoked tokens listen on
                _log.exception("watch_failed")
                gevent.sleep(LOOK_EVERY_S)

    def _until_overdue_s(self) -> float:
        return max(0.0, min(LOOK_EVERY_S, self._sessions.next_deadline_s() - clock.unix_s()))

    def _look_for_overdue(self) -> None:
        for session in self._sessions.overdue(clock.unix_s()):
            self.close(session, "expirado" if session.identity else "sem_autenticacao")

    def _look_for_revocations(self) -> None:
        """Also without Redis, a revoked token's sockets are gone within a second."""
        started = clock.now()
        if self._sessions.users():
            try:
                found = self._db.read(auth.ended_since, self._seen_until - LOOK_BACK)
            except DatabaseDown:
                return  # what was revoked meanwhile is found once the database is back
            for ended in found:
                for session in self._sessions.ended_by(ended):
                    self.close(session, "revogado")
        self._seen_until = started
