"""What a relay does with the outbox: claim the oldest rows, publish in order, delete, commit."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Delete, Row, and_, bindparam, delete, select

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
        outbox, events = tables.outbox.c, tables.events.c
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        self._claim = (
            select(outbox.id, outbox[name].label("key"), outbox.seq, events.event, events.payload, events.state)
            .outerjoin_from(tables.outbox, tables.events, and_(events[name] == outbox[name], events.seq == outbox.seq))
            .order_by(outbox.id)
            .limit(BATCH_MAX)
            .with_for_update(skip_locked=True)
        )
        self._delete = delete(tables.outbox).where(outbox.id.in_(ids))
        self._again = select(events.event, events.payload, events.state).where(
            events[name] == bindparam("key"), events.seq == bindparam("seq")
        )

    def drain(self, connection: Connection, publish: Publish) -> int:
        """Publish up to BATCH_MAX rows that no other relay has claimed, oldest first; how many.

        Locks: these rows and their events, until the transaction ends; what is locked already is skipped. A stream's
        events become visible in seq order, since the lock of the stream orders their commits; so the order by id is the
        order by seq. Of several relays one may be ahead of another: nodes read a gap from the database. What `publish`
        raises leaves every row in place. A crash between publish and commit publishes again, and nodes drop what a
        socket already has.

        A row whose event cannot be read is taken out of the outbox and logged, so that the others go on.
        """
        rows = connection.execute(self._claim).all()
        if rows:
            publish([event for row in rows if (event := self._read(connection, row)) is not None])
            connection.execute(self._delete_of(len(rows)), {"ids": [row.id for row in rows]})
        return len(rows)

    def _delete_of(self, count: int) -> Delete:
        """Without a limit MariaDB takes the ids for too many, reads the whole table, and locks others' rows as well."""
        return self._delete.with_dialect_options(mysql_limit=count, mariadb_limit=count)

    def _read(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Stored | None:
        try:
            event: Row[*tuple[Any, ...]] | None = row
            if row.event is None:  # it is not there, or skipped because somebody has locked it
                event = connection.execute(self._again, {"key": row.key, "seq": row.seq}).one_or_none()
            if event is None:
                raise Unreadable("there is no such event")
            return self._streams.to_stored(row.key, row.seq, event.event, event.payload, event.state)
        except Unreadable as error:
            metrics.OUTBOX_SET_ASIDE.inc()
            _log.error("outbox_row_set_aside", extra={"key": row.key, "seq": row.seq, "error": str(error)})
            return None
