"""Append to durable streams in the transaction of the fact itself; read what somebody missed.

Knows no socket and no Redis: it serves any application that has a database.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)

from flask_socketio_cluster import clock, trace
from flask_socketio_cluster.streams.tables import Tables, insert_missing
from flask_socketio_cluster.streams.trimming import Trimmed, Trimming
from flask_socketio_cluster.trace import EVENTS_LOG, Origin
from flask_socketio_cluster.wire import dumps, event_packet, require_event_name

READ_EVENTS_MAX = 200
HEADS_KEYS_MAX = 1000
PAYLOAD_BYTES_MAX = 32_000

_log = logging.getLogger(__name__)

# Names a stream: a user's id, for example. All keys of an application are of one of these types.
Key = int | str


def is_key(key: Key) -> bool:
    """Not a text that ends in a space: MariaDB and MySQL take it for the one without."""
    return not (isinstance(key, str) and key.endswith(" "))


class Unreadable(Exception):
    """A row that is not as `append` wrote it."""


@dataclass(frozen=True, slots=True)
class State:
    """An ephemeral event that holds as soon as the durable one does; of one `key` only the last matters."""

    event: str
    key: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Append:
    """A durable event for one stream. `payload` is a JSON object; `id` and `seq` are added to it.

    `is_notice`: it counts as unread until it is read.
    """

    key: Key
    event: str
    payload: dict[str, Any]
    state: Sequence[State] = field(default=())
    is_notice: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """One event of a stream, as wire text. `state` packets by key, to be sent after it. `origin`: None where nobody has
    looked."""

    key: Key
    seq: int
    packet: str
    state: dict[str, str]
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream is: the last seq (0 when empty), the epoch of the database, and from which seq on it can be read
    without a gap."""

    seq: int
    epoch: int
    first: int

    def has_all_after(self, seq: int) -> bool:
        """Whether a client that has everything up to `seq` can be given the rest."""
        return self.first - 1 <= seq <= self.seq


class Streams:
    """The streams that are kept in `tables`, for sockets of `namespace`. Safe to share between greenlets and threads.

    Every method runs on a connection of the caller's, in the caller's transaction.
    """

    def __init__(self, tables: Tables, *, namespace: str = "/") -> None:
        self.tables = tables
        self.namespace = namespace
        # Built once: making a statement costs more than running it.
        streams, events = tables.streams.c, tables.events.c
        key, events_key = streams[tables.key_name], events[tables.key_name]
        keys: BindParameter[Any] = bindparam("keys", expanding=True)
        noticed: BindParameter[Any] = bindparam("noticed", expanding=True)
        epoch = select(tables.epoch.c.epoch).scalar_subquery()
        self._epoch = select(tables.epoch.c.epoch)
        self._open = insert_missing(tables.streams)
        self._advance = (
            update(tables.streams)
            .where(key.in_(keys))
            .values(seq=streams.seq + 1, notices=streams.notices + case((key.in_(noticed), 1), else_=0))
        )
        self._appended = select(key.label("key"), streams.seq, streams.notices).where(key.in_(keys))
        trims = tables.trims.c
        self._heads = (
            select(
                key.label("key"),
                streams.seq,
                epoch.label("epoch"),
                (func.coalesce(trims.trimmed_to, 0) + 1).label("first"),
            )
            .outerjoin(tables.trims, trims[tables.key_name] == key)
            .where(key.in_(keys))
        )
        self._sum = select(func.coalesce(func.sum(streams.seq), 0), epoch).where(key.in_(keys))
        self._insert_events = insert(tables.events)
        self._insert_outbox = insert(tables.outbox)
        self._after = (
            select(events.seq, events.event, events.payload, events.state, events.created_at)
            .where(events_key == bindparam("key"), events.seq > bindparam("after"))
            .order_by(events.seq)
            .limit(READ_EVENTS_MAX)
        )
        self._trimming = Trimming(tables)

    def prepare(self, connection: Connection) -> None:
        """Fill what must be there before the first event; what is there already stays. Once, after the tables were
        made, and not by several processes at a time."""
        if connection.execute(select(self.tables.epoch.c.epoch)).first() is None:
            connection.execute(insert(self.tables.epoch), {"id": 1, "epoch": int(clock.unix_s())})

    def open_for(self, connection: Connection, *keys: Key) -> None:
        """New, empty streams; those that are there already stay. Otherwise the first event makes its stream.

        Raises ValueError for what is no key (see `is_key`).
        """
        _require_keys(keys)
        name = self.tables.key_name
        connection.execute(self._open, [{name: key, "seq": 0, "notices": 0} for key in keys])

    def append(self, connection: Connection, events: Iterable[Append]) -> dict[Key, int]:
        """Give each event the next seq of its stream and put it in the outbox; at most one event a stream.

        Locks the streams in ascending order of their keys, until the transaction ends. Returns key → seq. Call it
        last: what is locked here orders every operation of these streams. Raises ValueError for what is no key (see
        `is_key`) or no event's name.
        """
        ordered = sorted(events, key=lambda event: event.key)
        keys = [event.key for event in ordered]
        assert len(set(keys)) == len(keys), "one event a stream and call"
        _require_keys(keys)
        for event in ordered:
            require_event_name(event.event)
        noticed = [event.key for event in ordered if event.is_notice]
        if connection.execute(self._advance, {"keys": keys, "noticed": noticed}).rowcount < len(keys):
            known = {row.key for row in connection.execute(self._appended, {"keys": keys})}
            new = [key for key in keys if key not in known]
            self.open_for(connection, *new)
            connection.execute(self._advance, {"keys": new, "noticed": noticed})
        heads = {row.key: row for row in connection.execute(self._appended, {"keys": keys})}
        rows = [self._row(event, heads[event.key].seq, heads[event.key].notices) for event in ordered]
        connection.execute(self._insert_events, rows)
        name, traced = self.tables.key_name, trace.current()
        connection.execute(self._insert_outbox, [{name: key, "seq": heads[key].seq, "trace": traced} for key in keys])
        if EVENTS_LOG.isEnabledFor(logging.INFO):
            for key in keys:  # the transaction may still be rolled back, or run again
                EVENTS_LOG.info("event_appended", extra={"key": key, "seq": heads[key].seq})
        return {key: heads[key].seq for key in keys}

    def _row(self, event: Append, seq: int, notices: int) -> dict[str, Any]:
        payload = dumps({**event.payload, "id": f"{event.key}-{seq}", "seq": seq})
        assert len(payload.encode()) <= PAYLOAD_BYTES_MAX, "whoever appends bounds every field of a payload"
        state = "\n".join(f"{s.key}\t{event_packet(s.event, dumps(s.payload), self.namespace)}" for s in event.state)
        return {
            self.tables.key_name: event.key,
            "seq": seq,
            "event": event.event,
            "payload": payload,
            "state": state,
            "created_at": clock.now(),
            "notices": notices,
        }

    def head(self, connection: Connection, key: Key) -> Head:
        """Where one stream is; one without events may not be there yet."""
        return self.head_of_each(connection, [key])[key]

    def head_of_each(self, connection: Connection, keys: Sequence[Key]) -> dict[Key, Head]:
        """The same for each of the keys, of which there are HEADS_KEYS_MAX at the most."""
        found = self.heads(connection, keys)
        if len(found) < len(keys):
            empty = Head(0, connection.execute(self._epoch).scalar_one(), 1)
            found |= {key: empty for key in keys if key not in found}
        return found

    def heads(self, connection: Connection, keys: Sequence[Key]) -> dict[Key, Head]:
        """The heads, by key, of those streams that are there, for at most HEADS_KEYS_MAX keys."""
        assert len(keys) <= HEADS_KEYS_MAX
        return {row.key: Head(row.seq, row.epoch, row.first) for row in connection.execute(self._heads, {"keys": keys})}

    def sum_of_heads(self, connection: Connection, keys: Sequence[Key]) -> tuple[int, int]:
        """The sum of their seqs, and the epoch, for at most HEADS_KEYS_MAX keys: one row where `heads` has many."""
        assert len(keys) <= HEADS_KEYS_MAX
        total, epoch = connection.execute(self._sum, {"keys": keys}).one()
        return int(total), epoch

    def read_after(self, connection: Connection, key: Key, seq: int) -> list[Stored]:
        """The next READ_EVENTS_MAX events after `seq`, in order. One whose state cannot be read comes without it."""
        return [self._readable(key, row) for row in connection.execute(self._after, {"key": key, "after": seq})]

    def _readable(self, key: Key, row: Row[*tuple[Any, ...]]) -> Stored:
        try:
            return self.to_stored(key, row.seq, row, row.state)
        except Unreadable as error:
            _log.error("state_left_out", extra={"key": key, "seq": row.seq, "error": str(error)})
            return self.to_stored(key, row.seq, row, "")

    def to_stored(
        self, key: Key, seq: int, row: Row[*tuple[Any, ...]], state: str, *, traced: str | None = None
    ) -> Stored:
        """A row of the stream as wire text. Raises Unreadable."""
        lines = [line.partition("\t") for line in state.split("\n")] if state else []
        if not all(packet for _, _, packet in lines):
            raise Unreadable("its state is not lines of a key, a tab and a packet")
        packet = event_packet(row.event, row.payload, self.namespace)
        origin = Origin(clock.aware(row.created_at).timestamp(), traced)
        return Stored(key, seq, packet, {state_key: after for state_key, _, after in lines}, origin)

    def trim(
        self, connection: Connection, key: Key, *, before: datetime, is_read: Callable[[int], bool], after: int = 0
    ) -> Trimmed | None:
        """Look at the next TRIM_EVENTS_MAX events of one stream after `after`, and drop those from before an aware
        moment, but for notices that are not read: `is_read(number)`, where the first notice of the stream is number 1.
        None when nothing so old follows.

        The newest event of a stream is kept, so that a client that misses some is found out. A client whose place lies
        before the last that was dropped begins at the head, and is told so.
        """
        return self._trimming.trim(connection, key, before=before, is_read=is_read, after=after)

    def change_epoch(self, connection: Connection) -> int:
        """A number that this database never had, also after it was set back to a backup; returns it."""
        table = self.tables.epoch
        old: int = connection.execute(self._epoch).scalar_one()
        epoch = max(old + 1, int(clock.unix_s()))
        connection.execute(update(table).values(epoch=epoch))
        return epoch


def _require_keys(keys: Sequence[Key]) -> None:
    if not all(map(is_key, keys)):
        raise ValueError("a stream's key does not end in a space")
