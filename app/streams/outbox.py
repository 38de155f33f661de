"""What the worker does with the outbox: claim a partition, publish in order, delete, commit."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, and_, bindparam, delete, select

from app import db, log, metrics
from app.streams.models import OutboxPartition, OutboxRow, StreamEvent
from app.streams.stream import Stored, Unreadable, to_stored

BATCH_MAX = 200

_log = log.get("outbox")

# Raises when the messages did not all reach Redis.
Publish = Callable[[Sequence[Stored]], None]


# Built once: making a statement costs more than running it.
_WAITING = select(OutboxRow.partition_id).distinct()
_HOLD = select(OutboxPartition.id).where(OutboxPartition.id == bindparam("partition")).with_for_update(skip_locked=True)
_OLDEST = (
    select(OutboxRow.id, OutboxRow.user_id, OutboxRow.seq, StreamEvent.event, StreamEvent.payload, StreamEvent.state)
    .outerjoin(StreamEvent, and_(StreamEvent.user_id == OutboxRow.user_id, StreamEvent.seq == OutboxRow.seq))
    .where(OutboxRow.partition_id == bindparam("partition"))
    .order_by(OutboxRow.id)
    .limit(BATCH_MAX)
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DELETE = delete(db.table(OutboxRow)).where(OutboxRow.id.in_(_IDS))


def waiting(connection: Connection) -> list[int]:
    """The partitions that have rows."""
    return list(connection.execute(_WAITING).scalars())


def drain(connection: Connection, partition_id: int, publish: Publish) -> int:
    """Publish up to BATCH_MAX rows of one partition, oldest first; how many (0 if another worker holds it).

    Lock: the partition's row, skipped when it is taken. A user's events become visible in seq order, since
    the lock of the user's stream orders their commits; so the order by id is the order by seq. What
    `publish` raises leaves every row in place. A crash between publish and commit publishes again, and
    nodes drop what a socket already has.

    A row whose event cannot be read is taken out of the outbox and logged, so that the others go on.
    """
    if connection.execute(_HOLD, {"partition": partition_id}).first() is None:
        return 0
    rows = connection.execute(_OLDEST, {"partition": partition_id}).all()
    if rows:
        publish([event for row in rows if (event := _read(row)) is not None])
        connection.execute(_DELETE, {"ids": [row.id for row in rows]})
    return len(rows)


def _read(row: Row[*tuple[Any, ...]]) -> Stored | None:
    try:
        if row.event is None:
            raise Unreadable("there is no such event")
        return to_stored(row.user_id, row.seq, row.event, row.payload, row.state)
    except Unreadable as error:
        metrics.OUTBOX_SET_ASIDE.inc()
        _log.error("outbox_row_set_aside", user_id=row.user_id, seq=row.seq, error=str(error))
        return None
