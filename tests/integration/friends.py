"""People who chat with each other: the actions themselves, on a database of the test's own."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert

from app import wire
from app.chat import actions, messages, money, queries
from app.chat.messages import Message
from app.chat.payloads import conversation
from app.contacts.models import Contact
from app.contacts.queries import connected, held_connected
from tests.integration.customers import Customer, rows

_numbers = itertools.count(1)


def befriend(one: Customer, other: Customer) -> None:
    """Both agreed to chat."""
    one.db.transact(_befriend, one.id, other.id)


def _befriend(connection: Connection, one: int, other: int) -> None:
    flags = {"consents": 1, "listed": 1, "refused": 0, "favourite": 0, "blocked": 0}
    pairs = [{"user_id": one, "other_id": other, **flags}, {"user_id": other, "other_id": one, **flags}]
    connection.execute(insert(Contact), pairs)


def say(sender: Customer, receiver: Customer, text: str = "Oi", *, client_id: str | None = None) -> Message:
    return sender.db.transact(
        actions.send,
        sender_id=sender.id,
        receiver_id=receiver.id,
        text=text,
        client_id=client_id or f"c{next(_numbers)}",
        connected=held_connected,
    )


def ask(sender: Customer, receiver: Customer, cents: int, *, client_id: str | None = None) -> Message:
    return sender.db.transact(
        money.ask,
        sender_id=sender.id,
        receiver_id=receiver.id,
        account_id=sender.account,
        amount_cents=cents,
        text="Almoço",
        client_id=client_id or f"c{next(_numbers)}",
        connected=held_connected,
        require_owned=lambda *_: None,
    )


def read(reader: Customer, writer: Customer, message: Message) -> None:
    reader.db.transact(actions.read, user_id=reader.id, other_id=writer.id, to=message.id, connected=connected)


def edit(writer: Customer, message: Message, words: str) -> None:
    writer.db.transact(actions.edit, user_id=writer.id, message_id=message.id, text=words, connected=held_connected)


def receive(reader: Customer, writer: Customer, message: Message) -> None:
    reader.db.transact(actions.receive, user_id=reader.id, other_id=writer.id, to=message.id, connected=connected)


def events_of(person: Customer) -> list[tuple[str, dict[str, Any]]]:
    """The person's durable events, in order."""
    found = rows(
        person.db, "SELECT event, payload FROM stream_events WHERE user_id = :user ORDER BY seq", user=person.id
    )
    return [(str(event), json.loads(str(payload))) for event, payload in found]


def told(person: Customer, event: str) -> list[dict[str, Any]]:
    return [payload for name, payload in events_of(person) if name == event]


@dataclass
class ChatPage:
    """What a page shows that knows nothing but the events."""

    user_id: int
    messages: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    unread: dict[int, int] = field(default_factory=dict)
    ticks: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def apply(self, name: str, event: dict[str, Any]) -> None:
        fields = {key: value for key, value in event.items() if key in wire.Mensagem.__annotations__}
        other = event.get("conversa", 0)
        read_to, their_read_to, their_received_to = self.ticks.get(other, (0, 0, 0))
        if name == wire.CHAT_MENSAGEM:
            self.messages.setdefault(other, []).append(fields)
            self.unread[other] = event["nao_lidas"]
            self.ticks[other] = (read_to, their_read_to, their_received_to)
        elif name == wire.CHAT_ALTERADA:
            shown = self.messages[other]
            (place,) = (n for n, m in enumerate(shown) if m["mensagem_id"] == fields["mensagem_id"])
            shown[place] = fields
        elif name == wire.CHAT_LIDA and event["usuario_id"] == self.user_id:
            self.unread[other] = event["nao_lidas"]
            self.ticks[other] = (event["lida_ate"], their_read_to, their_received_to)
        elif name == wire.CHAT_LIDA:
            self.ticks[other] = (read_to, event["lida_ate"], event["recebida_ate"])


def by_events(person: Customer) -> ChatPage:
    page = ChatPage(person.id)
    for name, event in events_of(person):
        page.apply(name, event)
    return page


def by_fetch(person: Customer) -> ChatPage:
    """What a page shows that has just asked for everything."""
    page = ChatPage(person.id)
    for found in person.db.read(queries.conversations, person.id):
        shown = conversation(found)
        other = shown["usuario_id"]
        newest = person.db.read(queries.page, person.id, other, limit=100, before_id=None, after_id=None)
        page.messages[other] = [dict(messages.payload(message)) for message in reversed(newest.rows)]
        page.unread[other] = shown["nao_lidas"]
        page.ticks[other] = (shown["lida_ate"], shown["outro_lida_ate"], shown["outro_recebida_ate"])
    return page
