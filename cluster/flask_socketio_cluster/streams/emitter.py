"""Durable emits from any process that has the database, with sockets or without."""

from collections.abc import Callable
from typing import Any

from flask_socketio_cluster.streams.database import Database
from flask_socketio_cluster.streams.stream import Append, Key, Streams


class DurableEmitter:
    """`wake` is called after each commit, so that a relay looks at once; without it the relay looks by itself."""

    def __init__(self, database: Database, streams: Streams, *, wake: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._streams = streams
        self._wake = wake

    def emit_durable(self, key: Key, event: str, data: dict[str, Any]) -> int:
        """One event for the user's stream, in a transaction of its own; its seq.

        When it returns, the event reaches every socket of the user, now or later. What the database raises is passed
        on; the event is not in the stream then, unless the connection broke during the commit. Where an application
        commits something of its own with it, `Streams.append` in that transaction is the way.
        """
        seqs: dict[Key, int] = self._database.transact(self._streams.append, [Append(key, event, data)])
        self._wake()
        return seqs[key]
