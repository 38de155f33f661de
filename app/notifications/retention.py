"""What is old goes: of each stream some events at a time, and never a notice that is unread."""

from datetime import datetime, timedelta

from flask_socketio_cluster.streams.trimming import Trimmed
from sqlalchemy import Connection, select

from app import clock
from app.db import Database
from app.notifications import actions
from app.streams.models import UserStream
from app.streams.stream import streams

USERS_AT_ONCE = 500


def trim_all(database: Database, *, days: int) -> int:
    """Drop what every stream has from before so many days; how many events that were. Each lot is a transaction."""
    before = clock.now() - timedelta(days=days)
    dropped = last = 0
    while users := database.read(_users_after, last):
        for user_id in users:
            dropped += _trim_stream(database, user_id, before)
        last = users[-1]
    return dropped


def _users_after(connection: Connection, last: int) -> list[int]:
    statement = select(UserStream.user_id).where(UserStream.user_id > last).order_by(UserStream.user_id)
    return list(connection.execute(statement.limit(USERS_AT_ONCE)).scalars())


def _trim_stream(database: Database, user_id: int, before: datetime) -> int:
    dropped = looked_to = 0
    while lot := database.transact(trim, user_id, before=before, after=looked_to):
        dropped, looked_to = dropped + lot.dropped, lot.looked_to
    return dropped


def trim(connection: Connection, user_id: int, *, before: datetime, after: int) -> Trimmed | None:
    """Drop, of the next events after a seq, those from before a moment that are no unread notices. None at the end.

    An unread notice holds nothing back but itself: what else happened is in the statement and in the conversations.
    """
    read = actions.stand(connection, user_id).read
    return streams.trim(connection, user_id, before=before, is_read=read.has, after=after)
