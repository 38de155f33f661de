"""What is old and read goes: the oldest events of each stream, some at a time, and never one that is unread."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from app import clock, db
from app.db import Database
from app.notifications.models import ReadCursor
from app.streams.models import StreamEvent, StreamTrim, UserStream
from app.streams.stream import streams

USERS_AT_ONCE = 500


def trim_all(database: Database, *, days: int) -> int:
    """Drop what every stream has from before so many days; how many events that were. Each lot is a transaction."""
    before = clock.now() - timedelta(days=days)
    dropped = last = 0
    while users := database.read(_users_after, last):
        for user_id in users:
            while lot := database.transact(trim, user_id, before=before):
                dropped += lot
        last = users[-1]
    return dropped


def _users_after(connection: Connection, last: int) -> list[int]:
    statement = select(UserStream.user_id).where(UserStream.user_id > last).order_by(UserStream.user_id)
    return list(connection.execute(statement.limit(USERS_AT_ONCE)).scalars())


def trim(connection: Connection, user_id: int, *, before: datetime) -> int:
    """Drop some of a user's oldest events from before a moment, up to the first that is unread; how many.

    Up to where that was done is kept, so that the books know what may be missing.
    """
    dropped = streams.trim(connection, user_id, before=before, up_to=_last_before_unread(connection, user_id))
    if dropped:
        first = select(func.min(StreamEvent.seq)).where(StreamEvent.user_id == user_id)
        trimmed_to = connection.execute(first).scalar_one() - 1
        connection.execute(db.insert_missing(StreamTrim).values(user_id=user_id, trimmed_to=trimmed_to))
        connection.execute(update(StreamTrim).where(StreamTrim.user_id == user_id).values(trimmed_to=trimmed_to))
    return dropped


def _last_before_unread(connection: Connection, user_id: int) -> int:
    """The first unread notice is where the count of notices passes that of the read ones."""
    read = select(ReadCursor.notices).where(ReadCursor.user_id == user_id)
    read_notices = connection.execute(read).scalar_one_or_none() or 0
    first_unread = select(func.min(StreamEvent.seq)).where(
        StreamEvent.user_id == user_id, StreamEvent.notices == read_notices + 1
    )
    seq = connection.execute(first_unread).scalar_one_or_none()
    head = select(UserStream.seq).where(UserStream.user_id == user_id)
    return seq - 1 if seq else connection.execute(head).scalar_one()
