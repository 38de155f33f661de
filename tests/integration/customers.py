"""Customers of a bank without a web node: the actions themselves, on a database of the test's own."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from unittest.mock import patch

from sqlalchemy import Connection, TextClause, text

from app import cards
from app.bank import accounts, actions, payloads
from app.bank.actions import Outcome
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.db import Database
from app.errors import AppError
from app.streams.stream import streams
from app.users import actions as users

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Customer:
    """A user with a first account. Amounts in centavos."""

    db: Database
    id: int
    account: int
    name: str

    def deposit(self, cents: int, *, to: int | None = None, key: str | None = None) -> payloads.ReceiptOut:
        return self.do(payloads.DEPOSIT, cents, CASH_ACCOUNT_ID, to or self.account, key=key)

    def withdraw(self, cents: int, *, key: str | None = None) -> payloads.ReceiptOut:
        return self.do(payloads.WITHDRAWAL, cents, self.account, CASH_ACCOUNT_ID, key=key)

    def pay(self, cents: int, description: str = "Luz", *, key: str | None = None) -> payloads.ReceiptOut:
        return self.do(payloads.PAYMENT, cents, self.account, CASH_ACCOUNT_ID, description, key=key)

    def transfer(
        self, to: "int | Customer", cents: int, description: str = "Aluguel", *, key: str | None = None
    ) -> payloads.ReceiptOut:
        target = to.account if isinstance(to, Customer) else to
        return self.do(payloads.TRANSFER, cents, self.account, target, description, key=key)

    def pay_request(self, target: int, cents: int, request_id: int) -> payloads.ReceiptOut:
        """Transfer what was asked for in a conversation."""
        posting = Posting(payloads.TRANSFER, self.id, cents, "Cobrança", self.account, target, request_id)
        return answered(self.db, posting, secrets.token_hex(8))

    def do(
        self, kind: str, cents: int, source: int, target: int, description: str = "", *, key: str | None = None
    ) -> payloads.ReceiptOut:
        """The answer of one operation, committed. Raises what it was refused with."""
        posting = Posting(kind, self.id, cents, description, source, target)
        return answered(self.db, posting, key or secrets.token_hex(8))

    def open_account(self, name: str = "Reserva") -> int:
        return self.db.transact(accounts.open_account, self.id, name).id

    def balance(self, account: int | None = None) -> int:
        """In centavos."""
        return self.db.read(accounts.owned, account or self.account, self.id).balance_cents


def answered(db: Database, posting: Posting, key: str) -> payloads.ReceiptOut:
    outcome: Outcome = db.transact_keyed(actions.execute, posting, key=key, beside=cards.add)
    if outcome.refusal is not None:
        raise outcome.refusal
    assert outcome.body is not None
    return outcome.body


@contextmanager
def clock_at(moment: str) -> Iterator[None]:
    """What is done inside is done at this moment, ISO 8601 with an offset."""
    now = datetime.fromisoformat(moment)
    with patch("app.clock.now", lambda: now), patch("flask_socketio_cluster.clock.now", lambda: now):
        yield


def refusal_of(call: "object") -> type[AppError] | None:
    """The kind of error that `call()` was refused with; None when it was done."""
    assert callable(call)
    try:
        call()
    except AppError as error:
        return type(error)
    return None


def new_customer(db: Database, name: str | None = None, *, cents: int = 0) -> Customer:
    """Registered as the web does it, without the slow password hash; with `cents` deposited."""
    chosen = name or f"Pessoa {next(_numbers)}"
    customer = db.transact(_register, db, chosen)
    if cents:
        customer.deposit(cents)
    return customer


def _register(connection: Connection, db: Database, name: str) -> Customer:
    email = f"{secrets.token_hex(6)}@teste.example"
    person = users.register(connection, email=email, name=name, password_hash="x" * 60)
    streams.open_for(connection, person.id)
    account = accounts.open_account(connection, person.id, name)
    return Customer(db, person.id, account.id, name)


def rows(db: Database, sql: str | TextClause, **values: object) -> list[tuple[object, ...]]:
    """What a plain statement reads."""
    return [tuple(row) for row in db.read(lambda connection: connection.execute(_text(sql), values).all())]


def write(db: Database, sql: str | TextClause, **values: object) -> None:
    """Run a plain statement in a transaction, past all rules of the application."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(_text(sql), values)


def _text(sql: str | TextClause) -> TextClause:
    return text(sql) if isinstance(sql, str) else sql
