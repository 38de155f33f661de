"""What a relay does with the outbox: claim the oldest rows, publish in order, delete, commit."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Delete, Row, and_, bindparam, delete, func, select

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.streams.stream import Stored, Streams, Unreadable
from flask_socketio_cluster.trace import EVENTS_LOG

BATCH_MAX = 200
ROWS_COUNTED_MAX = 100_000

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
        event = (events.event, events.payload, events.state, events.created_at)
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        self._claim = (
            select(outbox.id, outbox[name].label("key"), outbox.seq, outbox.trace, *event)
            .outerjoin_from(tables.outbox, tables.events, and_(events[name] == outbox[name], events.seq == outbox.seq))
            .order_by(outbox.id)
            .limit(BATCH_MAX)
            .with_for_update(skip_locked=True)
        )
        self._delete = delete(tables.outbox).where(outbox.id.in_(ids))
        self._again = select(*event).where(events[name] == bindparam("key"), events.seq == bindparam("seq"))
        counted = select(outbox.id).limit(ROWS_COUNTED_MAX).subquery()
        # A join for all rows of the outbox could take long.
        oldest = select(outbox[name].label("key"), outbox.seq).order_by(outbox.id).limit(1).subquery()
        self._stand = select(
            select(func.count()).select_from(counted).scalar_subquery().label("rows"),
            select(events.created_at)
            .join(oldest, and_(events[name] == oldest.c.key, events.seq == oldest.c.seq))
            .scalar_subquery()
            .label("oldest_at"),
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
            events = [event for row in rows if (event := self._read(connection, row)) is not None]
            publish(events)
            _count(events)
            connection.execute(self._delete_of(len(rows)), {"ids": [row.id for row in rows]})
        return len(rows)

    def stand(self, connection: Connection) -> tuple[int, datetime | None]:
        """How many rows wait, ROWS_COUNTED_MAX at the most, and when the event of the oldest was appended; None where
        none waits, or its event is gone."""
        rows, oldest_at = connection.execute(self._stand).one()
        return rows, clock.aware(oldest_at) if oldest_at else None

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
            return self._streams.to_stored(row.key, row.seq, event, event.state, traced=row.trace)
        except Unreadable as error:
            metrics.OUTBOX_SET_ASIDE.inc()
            _log.error(
                "outbox_row_set_aside", extra={"key": row.key, "seq": row.seq, "trace": row.trace, "error": str(error)}
            )
            return None


def _count(events: Sequence[Stored]) -> None:
    now_s = clock.unix_s()
    for event in events:
        origin = event.origin
        metrics.RELAY_SECONDS.observe(max(0.0, now_s - origin.at_s) if origin else 0.0)
        if EVENTS_LOG.isEnabledFor(logging.INFO):
            EVENTS_LOG.info(
                "event_relayed", extra={"key": event.key, "seq": event.seq, "trace": origin and origin.trace}
            )
