"""The sweep: what the bus did not bring is found in the database, whatever died on the way."""

import gevent

from app.db import Database
from app.errors import DatabaseDown
from app.loops import Loop
from app.realtime.feed import Feed
from app.realtime.sessions import Sessions
from app.streams import stream

EVERY_S = 5.0
JITTER = 0.1


class Sweep:
    """One query for the heads of the connected users' streams, every EVERY_S and whenever it is asked for."""

    def __init__(self, db: Database, sessions: Sessions, feed: Feed) -> None:
        self._db = db
        self._sessions = sessions
        self._feed = feed
        self.loop = Loop("sweep", self.once, every_s=EVERY_S, jitter=JITTER, expected=(DatabaseDown,))

    def ask(self) -> None:
        """Now: a subscription was remade, so messages may have been missed."""
        self.loop.wake()

    def once(self) -> None:
        """Start a catch-up for every socket that is behind its user's stream.

        A new epoch means that the database was set back to a backup: every socket is closed, and comes
        back to a stream that starts afresh.
        """
        users = self._sessions.users()
        for start in range(0, len(users), stream.HEADS_USERS_MAX):
            page = users[start : start + stream.HEADS_USERS_MAX]
            for user_id, head in self._db.catch_up.read(stream.heads, page).items():
                for session in self._sessions.of_user(user_id):
                    if session.epoch not in (None, head.epoch):
                        gevent.spawn(self._feed.close_transport, session)
                    elif session.seq < head.seq:
                        self._feed.start_catch_up(session, head.seq)
