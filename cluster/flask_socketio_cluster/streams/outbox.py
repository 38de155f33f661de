"""What a relay does with the outbox: claim partitions, publish in order, delete, commit."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, and_, bindparam, delete, select

from flask_socketio_cluster import metrics
from flask_socketio_cluster.streams.stream import Stored, Streams, Unreadable

BATCH_MAX = 200

_log = logging.getLogger(__name__)

# Raises when the messages did not all reach Redis.
Publish = Callable[[Sequence[Stored]], None]


class Outbox:
    """The outbox of `streams`."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        # Built once: making a statement costs more than running it.
        tables, name = streams.tables, streams.tables.key_name
        outbox, events, partitions = tables.outbox.c, tables.events.c, tables.partitions.c
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        chosen: BindParameter[Any] = bindparam("partitions", expanding=True)
        self._waiting = select(outbox.partition_id).distinct()
        self._hold = select(partitions.id).where(partitions.id.in_(chosen)).with_for_update(skip_locked=True)
        self._oldest = (
            select(outbox.id, outbox[name].label("key"), outbox.seq, events.event, events.payload, events.state)
            .outerjoin_from(tables.outbox, tables.events, and_(events[name] == outbox[name], events.seq == outbox.seq))
            .where(outbox.partition_id.in_(chosen))
            .order_by(outbox.id)
            .limit(BATCH_MAX)
        )
        self._delete = delete(tables.outbox).where(outbox.id.in_(ids))

    def waiting(self, connection: Connection) -> list[int]:
        """The partitions that have rows."""
        return list(connection.execute(self._waiting).scalars())

    def drain(self, connection: Connection, partitions: Sequence[int], publish: Publish) -> int:
        """Publish up to BATCH_MAX rows of those of the partitions that no other relay holds, oldest first; how many.

        Locks: the rows of the partitions, skipped where they are taken. A stream's events become visible in seq order,
        since the lock of the stream orders their commits; so the order by id is the order by seq. What `publish` raises
        leaves every row in place. A crash between publish and commit publishes again, and nodes drop what a socket
        already has.

        A row whose event cannot be read is taken out of the outbox and logged, so that the others go on.
        """
        held = list(connection.execute(self._hold, {"partitions": list(partitions)}).scalars())
        if not held:
            return 0
        rows = connection.execute(self._oldest, {"partitions": held}).all()
        if rows:
            publish([event for row in rows if (event := self._read(row)) is not None])
            connection.execute(self._delete, {"ids": [row.id for row in rows]})
        return len(rows)

    def _read(self, row: Row[*tuple[Any, ...]]) -> Stored | None:
        try:
            if row.event is None:
                raise Unreadable("there is no such event")
            return self._streams.to_stored(row.key, row.seq, row.event, row.payload, row.state)
        except Unreadable as error:
            metrics.OUTBOX_SET_ASIDE.inc()
            _log.error("outbox_row_set_aside", extra={"key": row.key, "seq": row.seq, "error": str(error)})
            return None
