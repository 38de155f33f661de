"""The inbox: pages of a user's notifications, the unread count, the read cursor."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from app import db, wire
from app.notifications.models import PreferencesRow, ReadCursor
from app.streams import stream
from app.streams.models import StreamEvent

PAGE_ROWS_MAX = 100


@dataclass(frozen=True)
class Inbox:
    """A page of notification payloads with `lida`, the unread count, and the stream's head."""

    rows: list[dict[str, Any]]
    unread: int
    seq: int


def inbox(
    connection: Connection, user_id: int, *, limit: int, after: int | None, before: int | None, unread_only: bool
) -> Inbox:
    """Up to `limit` notifications: newest first, or oldest first when they are asked for `after` a seq."""
    read_to = cursor(connection, user_id)
    floor = max(after or 0, read_to if unread_only else 0)
    statement = select(StreamEvent.seq, StreamEvent.payload).where(
        StreamEvent.user_id == user_id, StreamEvent.event == wire.NOTIFICACAO, StreamEvent.seq > floor
    )
    if before is not None:
        statement = statement.where(StreamEvent.seq < before)
    order = StreamEvent.seq.asc() if after is not None else StreamEvent.seq.desc()
    rows = connection.execute(statement.order_by(order).limit(limit))
    payloads = [{**json.loads(row.payload), "lida": row.seq <= read_to} for row in rows]
    return Inbox(payloads, unread(connection, user_id, read_to), stream.head(connection, user_id).seq)


def cursor(connection: Connection, user_id: int) -> int:
    """The seq up to which everything was read; 0 for nothing."""
    return connection.execute(select(ReadCursor.seq).where(ReadCursor.user_id == user_id)).scalar_one_or_none() or 0


def unread(connection: Connection, user_id: int, read_to: int) -> int:
    return connection.execute(
        select(func.count()).where(
            StreamEvent.user_id == user_id, StreamEvent.event == wire.NOTIFICACAO, StreamEvent.seq > read_to
        )
    ).scalar_one()


def mark_read(connection: Connection, user_id: int, up_to: int) -> tuple[int, int]:
    """Move the cursor forward, never back and never past the stream; the cursor and the unread count now.

    Lock: the user's cursor row.
    """
    wanted = min(up_to, stream.head(connection, user_id).seq)
    known = _locked_cursor(connection, user_id)
    if known is None:
        # Another tab may be doing the same right now; whoever is second waits here and finds the row.
        connection.execute(db.insert_missing(ReadCursor).values(user_id=user_id, seq=0))
        known = _locked_cursor(connection, user_id) or 0
    if wanted > known:
        connection.execute(update(ReadCursor).where(ReadCursor.user_id == user_id).values(seq=wanted))
    read_to = max(wanted, known)
    return read_to, unread(connection, user_id, read_to)


def _locked_cursor(connection: Connection, user_id: int) -> int | None:
    statement = select(ReadCursor.seq).where(ReadCursor.user_id == user_id).with_for_update()
    return connection.execute(statement).scalar_one_or_none()


def preferences(connection: Connection, user_id: int) -> str | None:
    """The kept document, JSON, or None."""
    return connection.execute(
        select(PreferencesRow.document).where(PreferencesRow.user_id == user_id)
    ).scalar_one_or_none()


def keep_preferences(connection: Connection, user_id: int, document: str) -> None:
    connection.execute(db.insert_missing(PreferencesRow).values(user_id=user_id, document=document))
    connection.execute(update(PreferencesRow).where(PreferencesRow.user_id == user_id).values(document=document))
