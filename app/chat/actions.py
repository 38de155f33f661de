"""Write, change, take back, read and report messages. Every action runs in one transaction of the caller's.

Locks, in this order: that the two are connected (`Connected`), the two sides of the conversation by user, then the
users' streams by id.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, insert, update

from app import clock
from app.chat import messages, sides
from app.chat.messages import Message
from app.chat.models import ChatMessage, ChatReport
from app.chat.sides import Side
from app.errors import ClientIdReused, NotConnected, NotFound, TooLate
from app.streams.stream import streams

CHANGE_WITHIN = timedelta(minutes=15)

# Whether two people agreed to chat, and neither blocks the other. What one writes to the other is given one that holds
# it so until the transaction ends.
Connected = Callable[[Connection, int, int], bool]


def send(
    connection: Connection, *, sender_id: int, receiver_id: int, text: str, client_id: str, connected: Connected
) -> Message:
    """Write a message and tell both; the same `client_id` again gives the message that it gave.

    Raises NotConnected, ClientIdReused.
    """
    if known := repeated(connection, sender_id=sender_id, receiver_id=receiver_id, client_id=client_id):
        return known
    require_connected(connection, sender_id, receiver_id, connected)
    both = sides.lock(connection, sender_id, receiver_id)
    # Another connection may have sent it while this one waited.
    if known := repeated(connection, sender_id=sender_id, receiver_id=receiver_id, client_id=client_id):
        return known
    message = sides.add(connection, both, sender_id=sender_id, kind=messages.TEXT, text=text, client_id=client_id)
    streams.append(connection, sides.told_new(connection, message))
    return message


def repeated(connection: Connection, *, sender_id: int, receiver_id: int, client_id: str) -> Message | None:
    """The message that was written under this `client_id`. Raises ClientIdReused for one to somebody else."""
    known = messages.by_client_id(connection, sender_id, client_id)
    if known and known.receiver_id != receiver_id:
        raise ClientIdReused
    return known


def require_connected(connection: Connection, user_id: int, other_id: int, connected: Connected) -> None:
    """Raises NotConnected; it is the same for who does not exist, is no contact, or blocks."""
    if user_id == other_id or not connected(connection, user_id, other_id):
        raise NotConnected


def edit(connection: Connection, *, user_id: int, message_id: int, text: str, connected: Connected) -> Message:
    """Change the text of an own message and tell both. Raises NotFound, TooLate, NotConnected."""
    sent = _of_conversation(connection, user_id, message_id)
    may_reach = connected(connection, user_id, sent.receiver_id)
    message = _own_text(connection, user_id, message_id)
    if not may_reach:
        raise NotConnected
    if message.text == text:
        return message
    changed = replace(message, text=text, edited_at=clock.now())
    _keep(connection, changed)
    return changed


def delete(connection: Connection, *, user_id: int, message_id: int) -> Message:
    """Take an own message back, and tell both; nothing of its text is kept. Raises NotFound, TooLate."""
    message = _own_text(connection, user_id, message_id)
    changed = replace(message, text="", deleted_at=clock.now())
    _keep(connection, changed)
    return changed


def _own_text(connection: Connection, user_id: int, message_id: int) -> Message:
    """An own message that may still be changed; its conversation is locked."""
    message = lock_message(connection, user_id, message_id)
    if message.sender_id != user_id or message.kind != messages.TEXT or message.deleted_at is not None:
        raise NotFound
    if clock.now() - message.created_at > CHANGE_WITHIN:
        raise TooLate
    return message


def lock_message(connection: Connection, user_id: int, message_id: int) -> Message:
    """A message of a conversation of this user's, as it is once the conversation is locked. Raises NotFound."""
    message = _of_conversation(connection, user_id, message_id)
    sides.lock(connection, message.low_id, message.high_id)
    current = messages.one(connection, message_id)
    assert current is not None, "messages are never removed"
    return current


def _of_conversation(connection: Connection, user_id: int, message_id: int) -> Message:
    message = messages.one(connection, message_id)
    if message is None or user_id not in (message.low_id, message.high_id):
        raise NotFound
    return message


def _keep(connection: Connection, message: Message) -> None:
    connection.execute(
        update(ChatMessage)
        .where(ChatMessage.id == message.id)
        .values(
            text=message.text,
            search_text=messages.searchable(message.text),
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
        )
    )
    streams.append(connection, sides.told_changed(message))


def read(connection: Connection, *, user_id: int, other_id: int, to: int, connected: Connected) -> Side:
    """Everything up to message `to` was read; both are told, the other only while the two are contacts.

    Raises NotFound when there is no such conversation.
    """
    before = _locked_side(connection, user_id, other_id)
    moved = sides.read(connection, before, to=to)
    if moved:
        other = [sides.told_other(moved)] if connected(connection, user_id, other_id) else []
        streams.append(connection, [sides.told_self(moved), *other])
    return moved or before


def receive(connection: Connection, *, user_id: int, other_id: int, to: int, connected: Connected) -> Side:
    """Everything up to message `to` is on a device of the user's; the other is told, while the two are contacts.

    Raises NotFound.
    """
    before = _locked_side(connection, user_id, other_id)
    moved = sides.receive(connection, before, to=to)
    if moved and connected(connection, user_id, other_id):
        streams.append(connection, [sides.told_other(moved)])
    return moved or before


def _locked_side(connection: Connection, user_id: int, other_id: int) -> Side:
    require_conversation(connection, user_id, other_id)
    return sides.lock(connection, user_id, other_id)[user_id]


def require_conversation(connection: Connection, user_id: int, other_id: int) -> None:
    """Raises NotFound: nobody can make rows for people that they have nothing to do with."""
    if sides.of(connection, user_id, other_id) is None:
        raise NotFound


def report(connection: Connection, *, user_id: int, other_id: int, reason: str, message_id: int | None) -> None:
    """Keep what is said against the other of a conversation, with the message as it is now. Raises NotFound."""
    require_conversation(connection, user_id, other_id)
    text = ""
    if message_id is not None:
        message = messages.one(connection, message_id)
        if message is None or (message.sender_id, message.receiver_id) != (other_id, user_id):
            raise NotFound
        text = message.text
    connection.execute(
        insert(ChatReport).values(
            user_id=user_id,
            other_id=other_id,
            message_id=message_id,
            message_text=text,
            reason=reason,
            created_at=clock.now(),
        )
    )
