"""What a search of messages costs the database is bounded, whatever was written and whatever is looked for."""

from typing import Any

import pytest
from sqlalchemy import insert

from app import clock
from app.chat import queries
from app.chat.messages import TEXT, searchable
from app.chat.models import TEXT_CHARS_MAX, ChatMessage
from app.chat.payloads import SEARCH_CHARS_MAX
from app.db import Database
from tests.integration.customers import Customer, new_customer
from tests.integration.friends import befriend, say
from tests.integration.test_costs import planned, touched

AT_ONCE = 100
# One character that is folded to four, of three bytes each; and one of four bytes.
PRIMES, SMILE = "\u2057", "\U0001f600"


@pytest.fixture
def alice(emptied_mariadb: Database) -> Customer:
    return new_customer(emptied_mariadb)


def write_alike(alice: Customer, text: str, count: int) -> None:
    """So many messages with this text, between Alice and somebody new."""
    other = new_customer(alice.db)
    row: dict[str, Any] = {"low_id": alice.id, "high_id": other.id, "sender_id": alice.id, "nth": 1, "kind": TEXT}
    row |= {"text": text, "search_text": searchable(text), "created_at": clock.now()}
    for _ in range(count // AT_ONCE):
        alice.db.transact(lambda connection: connection.execute(insert(ChatMessage), [row] * AT_ONCE))


def found(alice: Customer, typed: str) -> int:
    return len(alice.db.read(queries.search, alice.id, text=typed, limit=10, before_id=None).rows)


@pytest.mark.parametrize("letter", [PRIMES, SMILE])
def test_what_is_almost_there_at_every_place_of_every_message_is_looked_for_in_time(
    alice: Customer, letter: str
) -> None:
    """Within the time that a statement may take, after which the database counts as lost."""
    write_alike(alice, letter * TEXT_CHARS_MAX, queries.SEARCH_ROWS_MAX)
    longest = max(n for n in range(SEARCH_CHARS_MAX) if len(searchable(letter * n).encode()) < queries.SEARCH_BYTES_MAX)

    assert found(alice, letter * longest + "x") == 0
    assert found(alice, letter * longest) == 10
    # Of what is longer only the beginning is looked for.
    assert found(alice, letter * (SEARCH_CHARS_MAX - 1) + "x") == 10


def test_as_many_messages_are_looked_at_however_many_there_are(alice: Customer) -> None:
    counts = []
    for total in (queries.SEARCH_ROWS_MAX, 4 * queries.SEARCH_ROWS_MAX):
        customer = new_customer(alice.db)
        write_alike(customer, "nada", total)
        counts.append(touched(alice.db, queries.search, customer.id, text="tudo", limit=10, before_id=None))

    assert counts[1] <= counts[0]


def test_on_sqlite_messages_are_found_by_key_or_index(sqlite: Database) -> None:
    alice = new_customer(sqlite)
    write_alike(alice, "nada", AT_ONCE)
    with planned(sqlite) as steps:
        assert found(alice, "nada") == 10

    of_messages = [step for step in steps if "chat_messages" in step]
    assert of_messages
    assert [step for step in of_messages if step.startswith("SCAN")] == []


@pytest.mark.parametrize("typed", ["nção", "ＮÇÃO", "o 🫖", "ss"])
def test_words_of_any_writing_are_found_in_both_databases(database: Database, typed: str) -> None:
    alice, bob = new_customer(database), new_customer(database)
    befriend(alice, bob)
    say(bob, alice, "Outra coisa")
    wanted = say(alice, bob, "Atenção: o 🫖 da Strauß")

    page = bob.db.read(queries.search, bob.id, text=typed, limit=10, before_id=None)
    assert [message.id for message in page.rows] == [wanted.id]
