"""The inbox: pages of a user's notifications, the unread count, the read cursor."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, union_all, update

from app import db, wire
from app.notifications.models import PreferencesRow, ReadCursor
from app.streams.models import StreamEvent, UserStream

PAGE_ROWS_MAX = 100


@dataclass(frozen=True)
class Inbox:
    """A page of notification payloads with `lida`, the unread count, and the stream's head."""

    rows: list[dict[str, Any]]
    unread: int
    seq: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a stream and its reading are, at one moment: the last seq, the read seq, and how many are unread."""

    seq: int
    read_to: int
    unread: int


_READ_NOTICES = func.coalesce(ReadCursor.notices, 0)
# One statement, so that its numbers fit each other. Nothing is counted.
_STAND = (
    select(UserStream.seq, func.coalesce(ReadCursor.seq, 0), UserStream.notices - _READ_NOTICES)
    .outerjoin(ReadCursor, ReadCursor.user_id == UserStream.user_id)
    .where(UserStream.user_id == bindparam("user"))
)


def inbox(
    connection: Connection, user_id: int, *, limit: int, after: int | None, before: int | None, unread_only: bool
) -> Inbox:
    """Up to `limit` notifications: newest first, or oldest first when they are asked for `after` a seq.

    The stand is read first and no row past it is shown: what is committed meanwhile belongs to the next answer.
    """
    now = stand(connection, user_id)
    if unread_only and now.unread == 0:
        return Inbox([], 0, now.seq)
    floor = max(after or 0, now.read_to if unread_only else 0)
    end = now.seq if before is None else min(now.seq, before - 1)
    oldest_first = after is not None
    statement = select(StreamEvent.seq, StreamEvent.payload).where(
        StreamEvent.user_id == user_id,
        StreamEvent.event == wire.NOTIFICACAO,
        StreamEvent.seq > floor,
        StreamEvent.seq <= end,
    )
    if unread_only:
        news = _news(connection, user_id, floor=floor, end=end, limit=limit, oldest_first=oldest_first)
        statement = statement.where(StreamEvent.seq.in_(news))
    order = StreamEvent.seq.asc() if oldest_first else StreamEvent.seq.desc()
    rows = connection.execute(statement.order_by(order).limit(limit))
    payloads = [_shown(row.seq, json.loads(row.payload), now.read_to) for row in rows]
    return Inbox(payloads, now.unread, now.seq)


def _news(connection: Connection, user_id: int, *, floor: int, end: int, limit: int, oldest_first: bool) -> list[int]:
    """The seqs after `floor` and up to `end` of what others did, the first `limit` of them.

    They are where the count of notices grows, so each is found by its number: what the user did costs nothing.
    """
    before, last = _notices_at(connection, user_id, floor), _notices_at(connection, user_id, end)
    first = before + 1
    numbers = (
        range(first, min(last, before + limit) + 1) if oldest_first else range(max(first, last - limit + 1), last + 1)
    )
    if not numbers:
        return []
    grown = (
        select(func.min(StreamEvent.seq)).where(StreamEvent.user_id == user_id, StreamEvent.notices == number)
        for number in numbers
    )
    return list(connection.execute(union_all(*grown)).scalars())


def _notices_at(connection: Connection, user_id: int, seq: int) -> int:
    statement = select(StreamEvent.notices).where(StreamEvent.user_id == user_id, StreamEvent.seq == seq)
    return connection.execute(statement).scalar_one_or_none() or 0


def _shown(seq: int, payload: dict[str, Any], read_to: int) -> dict[str, Any]:
    return {**payload, "lida": seq <= read_to or payload["dados"].get("propria") is True}


def stand(connection: Connection, user_id: int) -> Stand:
    return Stand(*connection.execute(_STAND, {"user": user_id}).one())


def mark_read(connection: Connection, user_id: int, up_to: int) -> tuple[int, int]:
    """Move the cursor forward, never back and never past the stream; the cursor and the unread count now.

    Lock: the user's cursor row.
    """
    if _locked_cursor(connection, user_id) is None:
        # Another tab may be doing the same right now; whoever is second waits here and finds the row.
        connection.execute(db.insert_missing(ReadCursor).values(user_id=user_id, seq=0, notices=0))
        _locked_cursor(connection, user_id)
    before = stand(connection, user_id)
    wanted = min(up_to, before.seq)
    if wanted > before.read_to:
        notices = _notices_at(connection, user_id, wanted)
        cursor = update(ReadCursor).where(ReadCursor.user_id == user_id)
        connection.execute(cursor.values(seq=wanted, notices=notices))
    now = stand(connection, user_id)
    return now.read_to, now.unread


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
