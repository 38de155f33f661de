"""Append to users' streams in the transaction of the fact itself; read what a client missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, case, insert, select, update

from app import clock, db, log, wire
from app.streams.models import PARTITIONS, OutboxRow, StreamEpoch, StreamEvent, UserStream

READ_EVENTS_MAX = 200
HEADS_USERS_MAX = 1000
PAYLOAD_BYTES_MAX = 32_000


_log = log.get("stream")


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
    """A durable event for one user. `payload` is a JSON object; `id` and `seq` are added to it.

    `by_self`: it tells of what that user did, so it is never unread.
    """

    user_id: int
    event: str
    payload: dict[str, Any]
    state: Sequence[State] = field(default=())
    by_self: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """One event of a stream, as wire text. `state` packets by key, to be sent after it."""

    user_id: int
    seq: int
    packet: str
    state: dict[str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a user's stream is: the last seq (0 when empty) and the epoch of the database."""

    seq: int
    epoch: int


# Built once: making a statement costs more than running it.
_USERS: BindParameter[Any] = bindparam("users", expanding=True)
_EPOCH = select(StreamEpoch.epoch).scalar_subquery()
_NOTICED: BindParameter[Any] = bindparam("noticed", expanding=True)
_ADVANCE = (
    update(db.table(UserStream))
    .where(UserStream.user_id.in_(_USERS))
    .values(seq=UserStream.seq + 1, notices=UserStream.notices + case((UserStream.user_id.in_(_NOTICED), 1), else_=0))
)
_HEADS = select(UserStream.user_id, UserStream.seq, UserStream.notices, _EPOCH.label("epoch")).where(
    UserStream.user_id.in_(_USERS)
)
_INSERT_EVENTS = insert(db.table(StreamEvent))
_INSERT_OUTBOX = insert(db.table(OutboxRow))
_AFTER = (
    select(StreamEvent.seq, StreamEvent.event, StreamEvent.payload, StreamEvent.state)
    .where(StreamEvent.user_id == bindparam("user"), StreamEvent.seq > bindparam("after"))
    .order_by(StreamEvent.seq)
    .limit(READ_EVENTS_MAX)
)


def open_for(connection: Connection, user_id: int) -> None:
    """The empty stream of a new user."""
    connection.execute(insert(UserStream).values(user_id=user_id, seq=0, notices=0))


def append(connection: Connection, events: Iterable[Append]) -> dict[int, int]:
    """Give each event the next seq of its user and put it in the outbox; at most one event a user.

    Locks the users' streams in ascending user id order, until the transaction ends. Returns user id → seq.
    Call it last: what is locked here orders every operation of these users.
    """
    ordered = sorted(events, key=lambda event: event.user_id)
    users = [event.user_id for event in ordered]
    assert len(set(users)) == len(users), "one event a user and call"
    noticed = [event.user_id for event in ordered if event.event == wire.NOTIFICACAO and not event.by_self]
    connection.execute(_ADVANCE, {"users": users, "noticed": noticed})
    heads = {row.user_id: row for row in connection.execute(_HEADS, {"users": users})}
    seqs = {user_id: row.seq for user_id, row in heads.items()}
    notices = {user_id: row.notices for user_id, row in heads.items()}
    rows = [_row(event, seqs[event.user_id], notices[event.user_id]) for event in ordered]
    connection.execute(_INSERT_EVENTS, rows)
    outbox = [{"partition_id": u % PARTITIONS, "user_id": u, "seq": seqs[u]} for u in users]
    connection.execute(_INSERT_OUTBOX, outbox)
    return seqs


def _row(event: Append, seq: int, notices: int) -> dict[str, Any]:
    payload = wire.dumps({**event.payload, "id": f"{event.user_id}-{seq}", "seq": seq})
    assert len(payload.encode()) <= PAYLOAD_BYTES_MAX, "the doors bound every field of a payload"
    state = "\n".join(f"{s.key}\t{wire.event_packet(s.event, wire.dumps(s.payload))}" for s in event.state)
    return {
        "user_id": event.user_id,
        "seq": seq,
        "event": event.event,
        "payload": payload,
        "state": state,
        "created_at": clock.now(),
        "notices": notices,
    }


def head(connection: Connection, user_id: int) -> Head:
    """Where one stream is. Raises KeyError for a user without one."""
    return heads(connection, [user_id])[user_id]


def heads(connection: Connection, user_ids: Sequence[int]) -> dict[int, Head]:
    """The streams' heads by user id, for at most HEADS_USERS_MAX users."""
    assert len(user_ids) <= HEADS_USERS_MAX
    return {row.user_id: Head(row.seq, row.epoch) for row in connection.execute(_HEADS, {"users": user_ids})}


def read_after(connection: Connection, user_id: int, seq: int) -> list[Stored]:
    """The next READ_EVENTS_MAX events after `seq`, in order. One whose state cannot be read comes without it."""
    rows = connection.execute(_AFTER, {"user": user_id, "after": seq})
    return [_readable(user_id, row) for row in rows]


def _readable(user_id: int, row: Row[*tuple[Any, ...]]) -> Stored:
    try:
        return to_stored(user_id, row.seq, row.event, row.payload, row.state)
    except Unreadable as error:
        _log.error("state_left_out", user_id=user_id, seq=row.seq, error=str(error))
        return to_stored(user_id, row.seq, row.event, row.payload, "")


def to_stored(user_id: int, seq: int, event: str, payload: str, state: str) -> Stored:
    """A row of the stream as wire text. Raises Unreadable."""
    lines = [line.partition("\t") for line in state.split("\n")] if state else []
    if not all(packet for _, _, packet in lines):
        raise Unreadable("its state is not lines of a key, a tab and a packet")
    return Stored(user_id, seq, wire.event_packet(event, payload), {key: packet for key, _, packet in lines})


def change_epoch(connection: Connection) -> int:
    """A number that this database never had, also after it was set back to a backup; returns it."""
    old = connection.execute(select(StreamEpoch.epoch)).scalar_one()
    epoch = max(old + 1, int(clock.unix_s()))
    connection.execute(update(StreamEpoch).values(epoch=epoch))
    return epoch
