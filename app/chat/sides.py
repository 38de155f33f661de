"""The two sides of a conversation: who wrote how much, and what each has read."""

from dataclasses import dataclass
from typing import Any

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, insert, or_, select, update

from app import clock, db
from app.chat.messages import Message, names_of, payload, searchable
from app.chat.models import ChatMessage, ChatSide
from app.wire import CHAT_ALTERADA, CHAT_LIDA, CHAT_MENSAGEM


@dataclass(frozen=True, slots=True)
class Side:
    """A row of ChatSide."""

    user_id: int
    other_id: int
    last_id: int
    sent: int
    unread: int
    read_to: int
    received_to: int


_COLUMNS = tuple(getattr(ChatSide, name) for name in Side.__dataclass_fields__)


def lock(connection: Connection, one_id: int, other_id: int) -> dict[int, Side]:
    """Both sides by user, locked in ascending order of the users until the transaction ends; made if need be."""
    found = _lock(connection, one_id, other_id)
    if len(found) < 2:
        empty = {"last_id": 0, "sent": 0, "unread": 0, "read_to": 0, "received_to": 0}
        pairs = ((one_id, other_id), (other_id, one_id))
        rows = [{"user_id": user, "other_id": other, **empty} for user, other in sorted(pairs)]
        connection.execute(db.insert_missing(ChatSide), rows)
        found = _lock(connection, one_id, other_id)
    return found


def _lock(connection: Connection, one_id: int, other_id: int) -> dict[int, Side]:
    pairs = ((ChatSide.user_id == a) & (ChatSide.other_id == b) for a, b in ((one_id, other_id), (other_id, one_id)))
    rows = connection.execute(db.locked_by_key(select(*_COLUMNS).where(or_(*pairs)), ChatSide))
    return {row.user_id: Side(*row) for row in rows}


def of(connection: Connection, user_id: int, other_id: int) -> Side | None:
    row = connection.execute(
        select(*_COLUMNS).where(ChatSide.user_id == user_id, ChatSide.other_id == other_id)
    ).first()
    return Side(*row) if row else None


def add(connection: Connection, sides: dict[int, Side], *, sender_id: int, **values: Any) -> Message:
    """Write a message of `sender_id` between the locked sides; the receiver has one more to read."""
    sender = sides[sender_id]
    low_id, high_id = sorted(sides)
    fields = {
        "low_id": low_id,
        "high_id": high_id,
        "sender_id": sender_id,
        "nth": sender.sent + 1,
        "created_at": clock.now(),
        "client_id": None,
        "amount_cents": None,
        "account_id": None,
        "status": None,
        "operation_id": None,
        "edited_at": None,
        "deleted_at": None,
        **values,
    }
    message_id = db.new_id(
        connection.execute(insert(ChatMessage).values(**fields, search_text=searchable(fields["text"])))
    )
    _update(connection, sender, last_id=message_id, sent=sender.sent + 1)
    receiver = sides[sender.other_id]
    _update(connection, receiver, last_id=message_id, unread=receiver.unread + 1)
    return Message(id=message_id, **fields)


def read(connection: Connection, side: Side, *, to: int) -> Side | None:
    """Move what the user has read up to message `to`, never back and never past the last; None when nothing changed.

    The side is locked by the caller, and the other one too.
    """
    read_to = min(to, side.last_id)
    if read_to <= side.read_to:
        return None
    other = _of_locked(connection, side.other_id, side.user_id)
    unread = other.sent - _nth(connection, side, read_to)
    received_to = max(side.received_to, read_to)
    _update(connection, side, read_to=read_to, received_to=received_to, unread=unread)
    return Side(side.user_id, side.other_id, side.last_id, side.sent, unread, read_to, received_to)


def receive(connection: Connection, side: Side, *, to: int) -> Side | None:
    """The same for what a device of the user has received."""
    received_to = min(to, side.last_id)
    if received_to <= side.received_to:
        return None
    _update(connection, side, received_to=received_to)
    return Side(side.user_id, side.other_id, side.last_id, side.sent, side.unread, side.read_to, received_to)


def _of_locked(connection: Connection, user_id: int, other_id: int) -> Side:
    side = of(connection, user_id, other_id)
    assert side is not None, "the caller locked it"
    return side


def _nth(connection: Connection, side: Side, message_id: int) -> int:
    """How many of the other's messages there are up to this one."""
    low_id, high_id = sorted((side.user_id, side.other_id))
    statement = (
        select(ChatMessage.nth)
        .where(
            ChatMessage.low_id == low_id,
            ChatMessage.high_id == high_id,
            ChatMessage.sender_id == side.other_id,
            ChatMessage.id <= message_id,
        )
        .order_by(ChatMessage.id.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none() or 0


def _update(connection: Connection, side: Side, **values: int) -> None:
    own = (ChatSide.user_id == side.user_id) & (ChatSide.other_id == side.other_id)
    connection.execute(update(ChatSide).where(own).values(**values))


# -- what both are told ----------------------------------------------------------------------------


def told_new(connection: Connection, message: Message) -> list[Append]:
    """A new message, with what each of the two has unread by now."""
    names = names_of(connection, {message.low_id, message.high_id})
    told = []
    for user_id, other_id in ((message.low_id, message.high_id), (message.high_id, message.low_id)):
        side = _of_locked(connection, user_id, other_id)
        event = {**payload(message), "conversa": other_id, "nome": names[other_id], "nao_lidas": side.unread}
        told.append(Append(user_id, CHAT_MENSAGEM, event, is_notice=False))
    return told


def told_changed(message: Message) -> list[Append]:
    """A message that is not as it was."""
    return [
        Append(user_id, CHAT_ALTERADA, {**payload(message), "conversa": other_id}, is_notice=False)
        for user_id, other_id in ((message.low_id, message.high_id), (message.high_id, message.low_id))
    ]


def told_other(side: Side) -> Append:
    """How far the user of the side has come, for the other one."""
    return Append(side.other_id, CHAT_LIDA, {"conversa": side.user_id, **_progress(side)}, is_notice=False)


def told_self(side: Side) -> Append:
    """The same for the user's own tabs and devices, with what is still unread."""
    event = {"conversa": side.other_id, **_progress(side), "nao_lidas": side.unread}
    return Append(side.user_id, CHAT_LIDA, event, is_notice=False)


def _progress(side: Side) -> dict[str, int]:
    return {"usuario_id": side.user_id, "lida_ate": side.read_to, "recebida_ate": side.received_to}
