"""The sweep: what the bus did not bring is found in the database, whatever died on the way."""

import random

import gevent
from gevent.event import Event

from app import log
from app.db import Database
from app.errors import DatabaseDown
from app.realtime.feed import Feed
from app.realtime.sessions import Sessions
from app.streams import stream

EVERY_S = 5.0
JITTER = 0.1

_log = log.get("sweep")


class Sweep:
    """One query for the heads of the connected users' streams, every EVERY_S and whenever it is asked for."""

    def __init__(self, db: Database, sessions: Sessions, feed: Feed) -> None:
        self._db = db
        self._sessions = sessions
        self._feed = feed
        self._asked = Event()

    def start(self) -> None:
        gevent.spawn(self._run)

    def ask(self) -> None:
        """Soon: a subscription was remade, so messages may have been missed."""
        self._asked.set()

    def _run(self) -> None:
        while True:
            self._asked.wait(EVERY_S * random.uniform(1 - JITTER, 1 + JITTER))
            self._asked.clear()
            try:
                self.once()
            except DatabaseDown:
                _log.warning("sweep_without_database")
            except Exception:  # a sweep that ends would never be missed, until an event is
                _log.exception("sweep_failed")

    def once(self) -> None:
        """Start a catch-up for every socket that is behind its user's stream.

        A new epoch means that the database was set back to a backup: every socket is closed, and comes
        back to a stream that starts afresh.
        """
        users = self._sessions.users()
        for start in range(0, len(users), stream.HEADS_USERS_MAX):
            page = users[start : start + stream.HEADS_USERS_MAX]
            for user_id, head in self._db.read(stream.heads, page).items():
                for session in self._sessions.of_user(user_id):
                    if session.epoch not in (None, head.epoch):
                        gevent.spawn(self._feed.close_transport, session)
                    elif session.seq < head.seq:
                        self._feed.start_catch_up(session, head.seq)
