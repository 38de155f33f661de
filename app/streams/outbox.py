"""What the worker does with the outbox: claim a partition, publish in order, delete, commit."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, select

from app import db
from app.streams.models import OutboxPartition, OutboxRow, StreamEvent
from app.streams.stream import Stored, to_stored

BATCH_MAX = 200

# Raises when the messages did not all reach Redis.
Publish = Callable[[Sequence[Stored]], None]


# Built once: making a statement costs more than running it.
_WAITING = select(OutboxRow.partition_id).distinct()
_HOLD = select(OutboxPartition.id).where(OutboxPartition.id == bindparam("partition")).with_for_update(skip_locked=True)
_OLDEST = (
    select(OutboxRow.id, OutboxRow.user_id, OutboxRow.seq, StreamEvent.event, StreamEvent.payload, StreamEvent.state)
    .join(StreamEvent, and_(StreamEvent.user_id == OutboxRow.user_id, StreamEvent.seq == OutboxRow.seq))
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
    """
    if connection.execute(_HOLD, {"partition": partition_id}).first() is None:
        return 0
    rows = connection.execute(_OLDEST, {"partition": partition_id}).all()
    if rows:
        publish([to_stored(row.user_id, row.seq, row.event, row.payload, row.state) for row in rows])
        connection.execute(_DELETE, {"ids": [row.id for row in rows]})
    return len(rows)
