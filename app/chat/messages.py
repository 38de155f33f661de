"""A message as rows have it, and as clients are told of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from app import clock, money, wire
from app.chat.models import ChatMessage
from app.search import folded
from app.users.models import User

# Some characters are folded to a dozen others.
SEARCH_CHARS_KEPT = 4000

TEXT, TRANSFER, REQUEST = "texto", "transferencia", "cobranca"


@dataclass(frozen=True, slots=True)
class Message:
    """A row of ChatMessage."""

    id: int
    low_id: int
    high_id: int
    sender_id: int
    nth: int
    kind: str
    text: str
    client_id: str | None
    amount_cents: int | None
    account_id: int | None
    status: str | None
    operation_id: int | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None

    @property
    def receiver_id(self) -> int:
        return self.high_id if self.sender_id == self.low_id else self.low_id


def select_messages() -> Select[*tuple[Any, ...]]:
    """Each row for `message_of`."""
    statement: Select[*tuple[Any, ...]] = select(*(getattr(ChatMessage, name) for name in Message.__dataclass_fields__))
    return statement


def searchable(text: str) -> str:
    """What a search finds of a text."""
    return folded(text)[:SEARCH_CHARS_KEPT]


def one(connection: Connection, message_id: int) -> Message | None:
    """Also after its lock was waited for: what is committed by then."""
    row = connection.execute(select_messages().where(ChatMessage.id == message_id)).first()
    return Message(*row) if row else None


def by_client_id(connection: Connection, sender_id: int, client_id: str) -> Message | None:
    statement = select_messages().where(ChatMessage.sender_id == sender_id, ChatMessage.client_id == client_id)
    row = connection.execute(statement).first()
    return Message(*row) if row else None


def names_of(connection: Connection, user_ids: set[int]) -> dict[int, str]:
    rows = connection.execute(select(User.id, User.name).where(User.id.in_(user_ids)))
    return {row.id: row.name for row in rows}


def payload(message: Message) -> wire.Mensagem:
    """The same for both people."""
    return {
        "mensagem_id": message.id,
        "de": message.sender_id,
        "para": message.receiver_id,
        "tipo": message.kind,
        "texto": message.text,
        "timestamp": clock.iso(message.created_at),
        "id_cliente": message.client_id,
        "editada": message.edited_at is not None,
        "apagada": message.deleted_at is not None,
        "valor": None if message.amount_cents is None else money.to_json(message.amount_cents),
        "correntista_id": message.account_id,
        "situacao": message.status,
        "operacao_id": message.operation_id,
    }
