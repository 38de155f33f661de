"""Money in a conversation: a transfer between the two is a card, and one may ask the other for an amount."""

from collections.abc import Callable
from dataclasses import replace

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, update

from app.chat import actions, messages, sides
from app.chat.actions import Connected
from app.chat.messages import Message
from app.chat.models import ChatMessage
from app.errors import NotFound, RequestSettled
from app.streams.stream import streams

OPEN, PAID, REFUSED, WITHDRAWN = "aberta", "paga", "recusada", "cancelada"

# Raises unless the account is this user's.
RequireOwned = Callable[[Connection, int, int], object]


def add_transfer(
    connection: Connection,
    *,
    payer_id: int,
    payee_id: int,
    operation_id: int,
    amount_cents: int,
    text: str,
    connected: Connected,
) -> list[Append]:
    """Put a transfer that is being made into the conversation of two connected people; what both are told.

    The accounts are locked by the caller; locks the sides of the conversation.
    """
    if payer_id == payee_id or not connected(connection, payer_id, payee_id):
        return []
    both = sides.lock(connection, payer_id, payee_id)
    card = sides.add(
        connection,
        both,
        sender_id=payer_id,
        kind=messages.TRANSFER,
        text=text,
        amount_cents=amount_cents,
        operation_id=operation_id,
    )
    return sides.told_new(connection, card)


def ask(
    connection: Connection,
    *,
    sender_id: int,
    receiver_id: int,
    account_id: int,
    amount_cents: int,
    text: str,
    client_id: str,
    connected: Connected,
    require_owned: RequireOwned,
) -> Message:
    """Ask the other for an amount, to be paid into an account of the sender's. The same `client_id` again gives the
    request that it gave. Raises NotConnected, ClientIdReused, and what `require_owned` raises."""
    named = {"sender_id": sender_id, "receiver_id": receiver_id}
    if known := actions.repeated(connection, client_id=client_id, **named):
        return known
    actions.require_connected(connection, sender_id, receiver_id, connected)
    require_owned(connection, account_id, sender_id)
    both = sides.lock(connection, sender_id, receiver_id)
    if known := actions.repeated(connection, client_id=client_id, **named):
        return known
    request = sides.add(
        connection,
        both,
        sender_id=sender_id,
        kind=messages.REQUEST,
        text=text,
        client_id=client_id,
        amount_cents=amount_cents,
        account_id=account_id,
        status=OPEN,
    )
    streams.append(connection, sides.told_new(connection, request))
    return request


def pay(
    connection: Connection, *, request_id: int, payer_id: int, account_id: int, amount_cents: int, operation_id: int
) -> list[Append]:
    """The transfer that is being made pays a request; what both are told. Raises NotFound for a request that is not
    for this payer, account and amount, RequestSettled for one that is not open any more."""
    request = _open(connection, payer_id, request_id)
    asked = (request.receiver_id, request.account_id, request.amount_cents)
    if asked != (payer_id, account_id, amount_cents):
        raise NotFound
    return _settle(connection, replace(request, status=PAID, operation_id=operation_id))


def settle(connection: Connection, *, request_id: int, user_id: int, status: str) -> Message:
    """Refuse what one was asked for, or withdraw what one asked for; both are told. Raises NotFound, RequestSettled."""
    request = _open(connection, user_id, request_id)
    may = request.receiver_id if status == REFUSED else request.sender_id
    if user_id != may:
        raise NotFound
    settled = replace(request, status=status)
    streams.append(connection, _settle(connection, settled))
    return settled


def _open(connection: Connection, user_id: int, request_id: int) -> Message:
    request = actions.lock_message(connection, user_id, request_id)
    if request.kind != messages.REQUEST:
        raise NotFound
    if request.status != OPEN:
        raise RequestSettled
    return request


def _settle(connection: Connection, request: Message) -> list[Append]:
    values = {"status": request.status, "operation_id": request.operation_id}
    connection.execute(update(ChatMessage).where(ChatMessage.id == request.id).values(**values))
    return sides.told_changed(request)
