"""Drop what is old of a stream, but for the notices that nobody has read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, select, update

from flask_socketio_cluster.clock import aware
from flask_socketio_cluster.streams.tables import Tables, insert_missing

TRIM_EVENTS_MAX = 500

_UP_TO: BindParameter[int] = bindparam("up_to")


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How many events were dropped, of those up to the seq `looked_to`."""

    dropped: int
    looked_to: int


class Trimming:
    """See `Streams.trim`."""

    def __init__(self, tables: Tables) -> None:
        self._key_name = tables.key_name
        streams, events, trims = tables.streams.c, tables.events.c, tables.trims.c
        key: BindParameter[Any] = bindparam("key")
        seqs: BindParameter[Any] = bindparam("seqs", expanding=True)
        of_stream = events[tables.key_name] == key
        self._head = select(streams.seq).where(streams[tables.key_name] == key)
        self._next = (
            select(events.seq, events.created_at, events.notices)
            .where(of_stream, events.seq > bindparam("after"), events.seq < bindparam("head"))
            .order_by(events.seq)
            .limit(TRIM_EVENTS_MAX)
        )
        self._before = (
            select(events.notices)
            .where(of_stream, events.seq <= bindparam("after"))
            .order_by(events.seq.desc())
            .limit(1)
        )
        self._drop = delete(tables.events).where(of_stream, events.seq.in_(seqs))
        self._open = insert_missing(tables.trims)
        self._note = (
            update(tables.trims)
            .where(trims[tables.key_name] == key, trims.trimmed_to < _UP_TO)
            .values(trimmed_to=_UP_TO)
        )

    def trim(
        self, connection: Connection, key: Any, *, before: datetime, is_read: Callable[[int], bool], after: int
    ) -> Trimmed | None:
        head = connection.execute(self._head, {"key": key}).scalar_one_or_none() or 0
        following = connection.execute(self._next, {"key": key, "after": after, "head": head})
        old = list(takewhile(lambda row: aware(row.created_at) < before, following))
        if not old:
            return None
        notices = connection.execute(self._before, {"key": key, "after": after}).scalar_one_or_none() or 0
        dropped = _droppable(old, notices, is_read)
        if dropped:
            connection.execute(self._open, {self._key_name: key, "trimmed_to": 0})
            connection.execute(self._note, {"key": key, "up_to": dropped[-1]})
            connection.execute(self._drop, {"key": key, "seqs": dropped})
        return Trimmed(len(dropped), old[-1].seq)


def _droppable(old: Sequence[Row[int, datetime, int]], notices: int, is_read: Callable[[int], bool]) -> list[int]:
    """The seqs of all but unread notices. `notices`: the count at the event before them that is still there.

    A notice is where the count grows. What was dropped in between was no unread notice, so an event seems to be an
    unread one only where it is.
    """
    seqs = []
    for row in old:
        if row.notices == notices or is_read(row.notices):
            seqs.append(row.seq)
        notices = row.notices
    return seqs
