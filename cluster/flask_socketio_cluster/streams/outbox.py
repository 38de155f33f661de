"""What a relay does with the outbox: claim the oldest rows, publish in order, delete, commit."""

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
