"""Can anything be written? A disk can be full, a server read-only or out of connections, while it still reads."""

import random
import threading
import time

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app import log, sql_engines, sql_errors
from app.sql_errors import Trouble

# The longest silence of one of the probe's few statements.
SILENCE_S = 1.0
ASK_EVERY_S = 1.0
# A transaction that was committed so lately says as much as a probe does.
WRITTEN_LATELY_S = 2.0
# After a failure: a probe that hangs leaves a session behind on the server, so the next comes later.
ASK_AGAIN_S = 5.0

# Rows of the outbox are 1 and above. This one is gone again before anybody could see it.
_ROW_ID_MIN = -(2**31)
_PUT = text("INSERT INTO outbox (id, user_id, seq) VALUES (:id, 0, 0)")
_TAKE = text("DELETE FROM outbox WHERE id = :id")

_log = log.get("database")


class WriteProbe:
    """What is known from this process's own transactions; else, once a second at most, from one that leaves nothing.

    The probe goes through a new connection, as the next one of the pool would, and through a commit.
    """

    def __init__(self, url: str) -> None:
        self._engine = sql_engines.for_one_use(url, timeout_s=SILENCE_S, lock_wait_s=SILENCE_S)
        self._asking = threading.Lock()
        self._writable = True
        self._known_until = 0.0

    def wrote(self) -> None:
        """A transaction was committed."""
        self._know(True, WRITTEN_LATELY_S)

    def could_not_write(self) -> None:
        """The database refused to write at all."""
        self._know(False, ASK_AGAIN_S)

    def lost(self) -> None:
        """A connection broke: what was known before says nothing any more."""
        if self._writable:
            self._known_until = 0.0

    def ask(self) -> bool:
        """Takes SILENCE_S for each of the probe's steps at the most, mostly nothing at all."""
        with self._asking:
            if time.monotonic() >= self._known_until:
                writable = self._try()
                self._know(writable, ASK_EVERY_S if writable else ASK_AGAIN_S)
            return self._writable

    def _know(self, writable: bool, for_s: float) -> None:
        self._writable, self._known_until = writable, time.monotonic() + for_s

    def _try(self) -> bool:
        try:
            with self._engine.connect() as connection, connection.begin():
                _write(connection)
        except DBAPIError as error:
            if sql_errors.trouble_of(error) is Trouble.LOCKED:
                return True  # somebody else is writing
            if self._writable:
                _log.warning("nothing_can_be_written", cause=sql_errors.cause(error))
            return False
        return True


def _write(connection: Connection) -> None:
    row = {"id": random.randrange(_ROW_ID_MIN, 0)}
    connection.execute(_PUT, row)
    connection.execute(_TAKE, row)
