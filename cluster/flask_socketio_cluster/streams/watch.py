"""How much waits in the outbox, and for how long: for the metrics of a process that relays it."""

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.streams.database import Database
from flask_socketio_cluster.streams.outbox import Outbox
from flask_socketio_cluster.streams.stream import Streams

EVERY_S = 5.0
JITTER = 0.2


class OutboxWatch:
    """Looks every EVERY_S, with one cheap statement. While the database is away the age goes on growing from what was
    seen last, since nobody can relay then."""

    def __init__(self, database: Database, streams: Streams, *, expected: tuple[type[Exception], ...]) -> None:
        self._database = database
        self._outbox = Outbox(streams)
        # When the oldest row was appended, in unix seconds.
        self._oldest_s: float | None = None
        metrics.OUTBOX_AGE.set_function(self._age_s)
        self.loop = Loop("outbox_watch", self.look, every_s=EVERY_S, jitter=JITTER, retry_s=EVERY_S, expected=expected)

    def look(self) -> None:
        rows, oldest_at = self._database.read(self._outbox.stand)
        self._oldest_s = oldest_at and oldest_at.timestamp()
        metrics.OUTBOX_ROWS.set(rows)

    def _age_s(self) -> float:
        return 0.0 if self._oldest_s is None else max(0.0, clock.unix_s() - self._oldest_s)
