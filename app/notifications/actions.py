"""The inbox: pages of a user's notifications, the unread count, what was read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal, select, union_all, update

from app import db, wire
from app.errors import TooManyReadRanges
from app.notifications import read_notices
from app.notifications.kinds import Way, kind_of, way_of
from app.notifications.models import PreferencesRow, ReadCursor
from app.notifications.read_notices import RANGES_MAX, ReadNotices
from app.streams.models import StreamEvent, UserStream

PAGE_ROWS_MAX = 100
# A filter looks at so many notifications at a time; the answer says where it goes on.
FILTER_ROWS_MAX = 200
READ_AT_ONCE_MAX = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """`kinds` empty and `way` None: all of them."""

    kinds: frozenset[str] = frozenset()
    way: Way | None = None

    def __bool__(self) -> bool:
        return bool(self.kinds or self.way)

    def fit(self, payload: dict[str, Any]) -> bool:
        return (not self.kinds or kind_of(payload) in self.kinds) and self.way in (None, way_of(payload))


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a stream and its reading are, at one moment: the last seq, how many notices that is, the seq up to which
    all is read, and which notices are."""

    seq: int
    notices: int
    read_to: int
    read: ReadNotices

    @property
    def unread(self) -> int:
        return self.notices - self.read.count


@dataclass(frozen=True)
class Inbox:
    """A page of notification payloads with `lida`, and the stand that it belongs to. `next_seq`: where the next page
    goes on, in the same direction; None at the end."""

    rows: list[dict[str, Any]]
    stand: Stand
    next_seq: int | None = None

    @property
    def unread(self) -> int:
        return self.stand.unread

    @property
    def seq(self) -> int:
        return self.stand.seq


# One statement, so that its numbers fit each other. Nothing is counted.
_STAND = (
    select(
        UserStream.seq,
        UserStream.notices,
        func.coalesce(ReadCursor.seq, 0),
        func.coalesce(ReadCursor.notices, 0),
        ReadCursor.beyond,
    )
    .outerjoin(ReadCursor, ReadCursor.user_id == UserStream.user_id)
    .where(UserStream.user_id == bindparam("user"))
)


def inbox(
    connection: Connection,
    user_id: int,
    *,
    limit: int,
    after: int | None,
    before: int | None,
    unread_only: bool,
    filters: Filters = NO_FILTERS,
) -> Inbox:
    """Up to `limit` notifications: newest first, or oldest first when they are asked for `after` a seq.

    The stand is read first and no row past it is shown: what is committed meanwhile belongs to the next answer.
    """
    now = stand(connection, user_id)
    floor = max(after or 0, now.read_to if unread_only else 0)
    end = now.seq if before is None else min(now.seq, before - 1)
    if floor >= end or (unread_only and now.unread == 0):
        return Inbox([], now)
    oldest_first = after is not None
    statement = _between(user_id, floor, end, oldest_first=oldest_first)
    looked_at = limit
    if filters:
        looked_at = FILTER_ROWS_MAX
    elif unread_only:
        news = _unread(connection, user_id, now, floor=floor, end=end, limit=limit, oldest_first=oldest_first)
        statement = statement.where(StreamEvent.seq.in_(news))
    rows, seqs = [], []
    for seq, notices, text in connection.execute(statement.limit(looked_at)):
        seqs.append(seq)
        payload = _shown(json.loads(text), notices, now.read)
        if filters.fit(payload) and not (unread_only and payload["lida"]):
            rows.append(payload)
        if len(rows) == limit:
            break
    goes_on = len(rows) == limit or len(seqs) == looked_at
    return Inbox(rows, now, seqs[-1] if goes_on else None)


def _between(user_id: int, floor: int, end: int, *, oldest_first: bool) -> Select[int, int, str]:
    return (
        select(StreamEvent.seq, StreamEvent.notices, StreamEvent.payload)
        .where(
            StreamEvent.user_id == user_id,
            StreamEvent.event == wire.NOTIFICACAO,
            StreamEvent.seq > floor,
            StreamEvent.seq <= end,
        )
        .order_by(StreamEvent.seq.asc() if oldest_first else StreamEvent.seq.desc())
    )


def _unread(
    connection: Connection, user_id: int, now: Stand, *, floor: int, end: int, limit: int, oldest_first: bool
) -> list[int]:
    """The seqs of the first `limit` unread notices after `floor` and up to `end`.

    Each is found by its number, so what the user did, or has read, costs nothing.
    """
    first = now.read.up_to + 1 if floor <= now.read_to else _notices_at(connection, user_id, floor) + 1
    last = now.notices if end == now.seq else _notices_at(connection, user_id, end)
    numbers = now.read.unread(first, last) if oldest_first else now.read.unread_backwards(first, last)
    return list(_seqs_of(connection, user_id, list(islice(numbers, limit))).values())


def _seqs_of(connection: Connection, user_id: int, numbers: Sequence[int]) -> dict[int, int]:
    """The seqs of notices by their numbers. A notice is where the count of notices grows."""
    if not numbers:
        return {}
    grown = (
        select(literal(number), func.min(StreamEvent.seq)).where(
            StreamEvent.user_id == user_id, StreamEvent.notices == number
        )
        for number in numbers
    )
    rows = connection.execute(union_all(*grown))
    return {number: seq for number, seq in rows if seq is not None}


def _notices_at(connection: Connection, user_id: int, seq: int) -> int:
    """How many notices there were up to a seq; without read ones that are not kept any more."""
    statement = select(StreamEvent.notices).where(StreamEvent.user_id == user_id, StreamEvent.seq <= seq)
    return connection.execute(statement.order_by(StreamEvent.seq.desc()).limit(1)).scalar_one_or_none() or 0


def _shown(payload: dict[str, Any], number: int, read: ReadNotices) -> dict[str, Any]:
    return {**payload, "lida": read.has(number) or payload["dados"].get("propria") is True}


def stand(connection: Connection, user_id: int) -> Stand:
    seq, notices, read_to, read_notices_to, beyond = connection.execute(_STAND, {"user": user_id}).one()
    return Stand(seq, notices, read_to, read_notices.from_text(read_notices_to, beyond))


def mark_read(connection: Connection, user_id: int, up_to: int) -> tuple[int, int]:
    """Move the cursor forward, never back and never past the stream; the cursor and the unread count now.

    Lock: the user's cursor row.
    """
    before = _locked_stand(connection, user_id)
    wanted = min(up_to, before.seq)
    if wanted > before.read_to:
        read = before.read.with_all_to(_notices_at(connection, user_id, wanted))
        _keep_read(connection, user_id, read, at_least=wanted)
    now = stand(connection, user_id)
    return now.read_to, now.unread


def mark_each(connection: Connection, user_id: int, seqs: Sequence[int]) -> tuple[Stand, list[int]]:
    """Mark single notices, READ_AT_ONCE_MAX at the most; the stand now, and which of `seqs` were unread until now.

    What is no notice, or not there, is passed over. The cursor follows when there is no unread notice before the first
    of them. Lock: the user's cursor row. Raises TooManyReadRanges; nothing is marked then.
    """
    before = _locked_stand(connection, user_id)
    asked = set(seqs)
    statement = select(StreamEvent.notices).where(StreamEvent.user_id == user_id, StreamEvent.seq.in_(asked))
    numbers = {number for number in connection.execute(statement).scalars() if not before.read.has(number)}
    # An event that is no notice has the number of the one before it.
    found = {number: seq for number, seq in _seqs_of(connection, user_id, list(numbers)).items() if seq in asked}
    if not found:
        return before, []
    read = before.read.with_each(found)
    if len(read.ranges) > RANGES_MAX:
        raise TooManyReadRanges
    _keep_read(connection, user_id, read, at_least=before.read_to)
    return stand(connection, user_id), sorted(found.values())


def _keep_read(connection: Connection, user_id: int, read: ReadNotices, *, at_least: int) -> None:
    """The cursor stands at the last notice before the first unread one, or at `at_least`, which is no further."""
    seq = _seqs_of(connection, user_id, [read.up_to]).get(read.up_to, 0) if read.up_to else 0
    values = {"seq": max(seq, at_least), "notices": read.up_to, "beyond": read_notices.to_text(read)}
    connection.execute(update(ReadCursor).where(ReadCursor.user_id == user_id).values(**values))


def _locked_stand(connection: Connection, user_id: int) -> Stand:
    locked = select(ReadCursor.seq).where(ReadCursor.user_id == user_id).with_for_update()
    if connection.execute(locked).scalar_one_or_none() is None:
        # Another tab may be doing the same right now; whoever is second waits here and finds the row.
        connection.execute(db.insert_missing(ReadCursor).values(user_id=user_id, seq=0, notices=0))
        connection.execute(locked)
    return stand(connection, user_id)


def preferences(connection: Connection, user_id: int) -> str | None:
    """The kept document, JSON, or None."""
    return connection.execute(
        select(PreferencesRow.document).where(PreferencesRow.user_id == user_id)
    ).scalar_one_or_none()


def keep_preferences(connection: Connection, user_id: int, document: str) -> None:
    connection.execute(db.insert_missing(PreferencesRow).values(user_id=user_id, document=document))
    connection.execute(update(PreferencesRow).where(PreferencesRow.user_id == user_id).values(document=document))
