"""A connection that breaks while the server still holds what the operation locked: done once, and never a wrong 409."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app import deadline, sql_engines
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from tests.cluster.chaos.network import CHUNK_BYTES, Link, Network
from tests.integration.customers import Customer, answered, new_customer, refusal_of, rows
from tests.support.servers import DatabaseServer

# The first as a command of its own: SET AUTOCOMMIT is another thing.
COMMIT, UPDATE = b"\x03COMMIT", b"UPDATE accounts"


class LosingLink(Link):
    """Cuts the program off when it sends a certain statement, and keeps the session on the server open."""

    def __init__(self, network: Network, target_port: int) -> None:
        self.statement = b""
        self._settled = asyncio.Event()
        self._arrives = False
        super().__init__(network, target_port)

    def settle(self, *, arrives: bool) -> None:
        """The statement reaches the server now, or the session ends without it."""
        self._arrives = arrives
        self._network.call(self._settled.set)

    async def _carry_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if self.statement and self.statement in data:
                self.statement = b""
                next(near for near, far in self._open if far is writer).transport.abort()
                await self._settled.wait()
                if not self._arrives:
                    return
            writer.write(data)
            await writer.drain()

    async def _carry_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)


@pytest.fixture
def link(mariadb: DatabaseServer) -> Iterator[LosingLink]:
    with Network() as network:
        yield LosingLink(network, mariadb.port)


@pytest.fixture
def behind(mariadb: DatabaseServer, emptied_mariadb: Database, link: LosingLink) -> Iterator[Database]:
    """A node that reaches the database through the link."""
    db = Database(emptied_mariadb.url.replace(f":{mariadb.port}/", f":{link.port}/"))
    yield db
    db.dispose()


@pytest.fixture
def alice(emptied_mariadb: Database) -> Customer:
    return new_customer(emptied_mariadb)


def connect(db: Database) -> None:
    """So that what a new connection sends is sent: a COMMIT is among it."""
    db.transact_keyed(lambda connection: connection.execute(text("SELECT 1")))


def lock_waits_given_up(mariadb: DatabaseServer) -> int:
    with mariadb.connection() as operator, operator.cursor() as cursor:
        cursor.execute("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_timeouts'")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("key", ["auto:1", "key:mine"])
@pytest.mark.parametrize(("statement", "arrives"), [(COMMIT, True), (COMMIT, False), (UPDATE, False)])
def test_what_the_lost_session_still_holds_is_waited_for(
    mariadb: DatabaseServer,
    link: LosingLink,
    behind: Database,
    alice: Customer,
    statement: bytes,
    arrives: bool,
    key: str,
) -> None:
    posting = Posting("deposito", alice.id, 100, "Depósito", CASH_ACCOUNT_ID, alice.account)
    before = lock_waits_given_up(mariadb)
    connect(behind)
    link.statement = statement

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(answered, behind, posting, key)
        while lock_waits_given_up(mariadb) == before:
            assert not answer.done(), answer.result()
        link.settle(arrives=arrives)

    assert answer.result()["saldo"] == 1
    assert alice.balance() == 100
    assert len(rows(alice.db, "SELECT id FROM operations")) == 1


@pytest.mark.parametrize(("statement", "told"), [(COMMIT, OutcomeUnknown), (UPDATE, DatabaseDown)])
def test_what_is_held_for_longer_than_a_request_may_take_is_no_conflict(
    link: LosingLink,
    behind: Database,
    alice: Customer,
    monkeypatch: pytest.MonkeyPatch,
    statement: bytes,
    told: type[Exception],
) -> None:
    monkeypatch.setattr(sql_engines, "IDLE_TRANSACTION_S", 60)
    monkeypatch.setattr(deadline, "REQUEST_S", 2.0)
    patient = Database(behind.url)
    posting = Posting("deposito", alice.id, 100, "Depósito", CASH_ACCOUNT_ID, alice.account)
    connect(patient)
    link.statement = statement

    assert refusal_of(lambda: answered(patient, posting, "auto:1")) is told

    link.settle(arrives=False)
    patient.dispose()
