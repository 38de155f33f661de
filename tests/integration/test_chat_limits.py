"""How much one person may write in a day, counted over all nodes."""

import pytest
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

from app.bank import accounts
from app.chat import chat, payloads
from app.chat.chat import Chat
from app.contacts.queries import connected, held_connected
from app.db import Database
from app.errors import TooMuchText
from app.fields import read
from tests.integration.customers import Customer, new_customer, refusal_of, rows
from tests.integration.friends import befriend

# Two bytes in UTF-8.
LETTER = "é"
MESSAGE = 1000 * LETTER
MESSAGE_COSTS = 2000 + chat.MESSAGE_BYTES


@pytest.fixture
def alice(sqlite: Database) -> Customer:
    return new_customer(sqlite)


@pytest.fixture
def bob(alice: Customer) -> Customer:
    """A contact of Alice's."""
    bob = new_customer(alice.db)
    befriend(alice, bob)
    return bob


@pytest.fixture
def conversations(sqlite: Database, limits: Limiter) -> Chat:
    return Chat(
        sqlite,
        limits,
        connected=connected,
        held_connected=held_connected,
        require_owned=accounts.owned,
        tell=lambda *_: None,
        committed=lambda: None,
    )


def write(conversations: Chat, sender: Customer, receiver: Customer, text: str, number: int) -> int:
    return conversations.send(sender.id, receiver_id=receiver.id, text=text, client_id=f"m{number}").id


def texts(db: Database) -> list[tuple[object, ...]]:
    return rows(db, "SELECT text FROM chat_messages ORDER BY id")


def test_what_a_person_writes_in_a_day_is_bounded_in_bytes_and_changes_count(
    conversations: Chat, alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "TEXT_BYTES", limiter.per_day("few-bytes", 3 * MESSAGE_COSTS))
    first = write(conversations, alice, bob, MESSAGE, 1)
    changed = "x" * 2000
    conversations.edit(alice.id, read(payloads.Edit, {"id": first, "texto": changed}))
    write(conversations, alice, bob, MESSAGE, 2)

    with pytest.raises(TooMuchText) as refused:
        write(conversations, alice, bob, "x", 3)
    assert refused.value.retry_after_s is not None
    assert refused.value.retry_after_s > 3600
    assert (
        refusal_of(lambda: conversations.edit(alice.id, read(payloads.Edit, {"id": first, "texto": "y"})))
        is TooMuchText
    )
    assert texts(alice.db) == [(changed,), (MESSAGE,)]
    assert write(conversations, bob, alice, MESSAGE, 1) > first, "each has a bound of their own"


def test_messages_of_a_letter_are_bounded_too(
    conversations: Chat, alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "TEXT_BYTES", limiter.per_day("few-letters", 3 * chat.MESSAGE_BYTES))

    outcomes = [refusal_of(lambda n=n: write(conversations, alice, bob, "x", n)) for n in range(4)]

    assert outcomes == [None, None, TooMuchText, TooMuchText]
