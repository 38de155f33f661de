"""The relay: brings the outbox onto the bus, woken by commits, looking by itself in case a signal was lost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import gevent

from flask_socketio_cluster import clock
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.streams.database import Database
from flask_socketio_cluster.streams.outbox import BATCH_MAX, Outbox
from flask_socketio_cluster.streams.stream import Stored, Streams

LOOK_EVERY_S = 1.0
RETRY_S = 0.3
RETRY_MAX_S = 2.0
JITTER = 0.2
# After a round that was not full the next one waits so long for more to come: a round costs some hundred microseconds,
# however little it finds, and anybody who reaches Redis can ask for one.
GATHER_S = 0.01


class StreamsPublisher(Protocol):
    """The way onto the bus, such as `flask_socketio_cluster.delivery.StreamPublisher`."""

    def publish(self, events: Sequence[Stored]) -> None:
        """Raises unless all of them reached Redis. They are in order; of several relays one may be ahead of another."""

    def ping(self) -> None:
        """Raises unless Redis answers."""


class Relay:
    """Several may run at once: each row is relayed by whoever claims it. On SQLite run one.

    `expected`: errors of the publisher and of the database, which an operator knows by their name. Each round touches
    the file `alive`.
    """

    def __init__(
        self,
        database: Database,
        streams: Streams,
        *,
        publisher: StreamsPublisher,
        expected: tuple[type[Exception], ...],
        alive: Path | None = None,
    ) -> None:
        self._database = database
        self._outbox = Outbox(streams)
        self._publisher = publisher
        self._alive = alive
        # Whether Redis did not take, or did not confirm, what was published last.
        self._in_doubt = False
        # The next round starts no earlier than this, by the monotonic clock.
        self._next_s = 0.0
        self.loop = Loop(
            "relay",
            self._round,
            every_s=LOOK_EVERY_S,
            jitter=JITTER,
            retry_s=RETRY_S,
            retry_max_s=RETRY_MAX_S,
            expected=expected,
        )

    def drain(self) -> int:
        """One round; how many events were relayed, BATCH_MAX at the most.

        Raises what the database and the publisher raise; the rows that were not relayed are still there. After such an
        error nothing is published before a ping was answered: a Redis that is only slow has the messages already, and
        would be given them again and again.
        """
        if self._in_doubt:
            self._publisher.ping()
        self._in_doubt = True
        relayed: int = self._database.transact(self._outbox.drain, self._publisher.publish)
        self._in_doubt = False
        return relayed

    def _round(self) -> float | None:
        if self._alive:
            self._alive.touch()
        gevent.sleep(max(0.0, self._next_s - clock.monotonic_s()))
        # What is committed from now on wakes this loop again.
        relayed = self.drain()
        if relayed >= BATCH_MAX:
            return 0.0
        self._next_s = clock.monotonic_s() + GATHER_S
        return None
