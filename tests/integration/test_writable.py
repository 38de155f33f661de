"""A node knows whether anything can be written, also where everything can be read."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pymysql
import pytest

from app import write_probe
from app.db import Database
from app.errors import DatabaseDown
from deploy.local.ports import LOOPBACK
from tests.integration.conftest import migrated
from tests.integration.customers import new_customer, refusal_of, rows
from tests.support.servers import DatabaseServer, folder, mariadb_server, started
from tests.support.small_disk import ServerOnASmallDisk


@pytest.fixture
def fresh(emptied_mariadb: Database) -> Iterator[Database]:
    """Another node on the same MariaDB, which knows nothing yet."""
    db = Database(emptied_mariadb.url)
    yield db
    db.dispose()


def test_a_database_that_takes_transactions_can_be_written(database: Database) -> None:
    assert database.writable()


def test_asking_leaves_nothing_behind(database: Database) -> None:
    asked = Database(database.url)
    assert asked.writable()

    assert rows(database, "SELECT COUNT(*) FROM outbox") == [(0,)]
    asked.dispose()


def test_a_server_that_is_read_only_cannot_be_written(mariadb: DatabaseServer, fresh: Database) -> None:
    with mariadb.setting("read_only", 1):
        assert not fresh.writable()
        assert rows(fresh, "SELECT 1") == [(1,)]


def test_what_a_transaction_met_is_known_at_once(mariadb: DatabaseServer, fresh: Database) -> None:
    new_customer(fresh)
    assert fresh.writable()

    with mariadb.setting("read_only", 1):
        assert refusal_of(lambda: new_customer(fresh)) is DatabaseDown
        assert not fresh.writable()

    new_customer(fresh)
    assert fresh.writable()


@pytest.fixture(scope="module")
def own_server() -> Iterator[DatabaseServer]:
    """That may be filled up."""
    with mariadb_server() as server:
        migrated(server.url).dispose()
        yield server


def test_a_server_that_takes_no_more_connections_or_is_away_cannot_be_written(own_server: DatabaseServer) -> None:
    assert can_write(own_server.url)

    with ExitStack() as others, own_server.setting("max_connections", 10):
        with suppress(pymysql.err.OperationalError):
            while True:  # the operator may have one more than the others
                others.enter_context(own_server.connection())
        assert not can_write(own_server.url)
    assert can_write(own_server.url)

    own_server.kill()
    assert not can_write(own_server.url)
    own_server.start()
    assert can_write(own_server.url)


def test_a_server_that_takes_no_more_connections_of_ours_cannot_be_written(own_server: DatabaseServer) -> None:
    user = f"{DatabaseServer.USER}@'{LOOPBACK}'"
    with own_server.connection() as operator, operator.cursor() as cursor:
        cursor.execute(f"ALTER USER {user} WITH MAX_USER_CONNECTIONS 1")
        held = Database(own_server.url)
        with held.engine.connect():
            assert not can_write(own_server.url)
        held.dispose()
        cursor.execute(f"ALTER USER {user} WITH MAX_USER_CONNECTIONS 0")
    assert can_write(own_server.url)


def test_a_server_whose_disk_is_full_cannot_be_written() -> None:
    """MariaDB then waits for room without a word; what is there can be read."""
    with folder("saldo-mariadb-") as directory:
        server = ServerOnASmallDisk(directory, disk_bytes=4 << 20)
        with started(server):
            migrated(server.url).dispose()
            server.fill_disk()
            # The last page of the log still has room for some transactions.
            assert any(not can_write(server.url) for _ in range(40))

            reading = Database(server.url)
            assert rows(reading, "SELECT COUNT(*) FROM users") == [(0,)]
            reading.dispose()


def can_write(url: str) -> bool:
    """As a node sees it that knows nothing yet."""
    db = Database(url)
    try:
        return db.writable()
    finally:
        db.dispose()


def test_a_file_that_is_read_only_cannot_be_written(sqlite_template: Path, tmp_path: Path) -> None:
    path = shutil.copy(sqlite_template, tmp_path / "bank.db")
    with sqlite3.connect(path) as keeper:  # the files that readers need stay there
        keeper.execute("SELECT * FROM users").fetchall()
        db = Database(f"sqlite:///file:{path}?mode=ro&uri=true")

        assert not db.writable()
        assert rows(db, "SELECT COUNT(*) FROM users") == [(0,)]
        assert refusal_of(lambda: new_customer(db)) is DatabaseDown
        db.dispose()


def test_a_file_that_somebody_else_is_writing_to_can_be_written(sqlite: Database) -> None:
    asked = Database(sqlite.url)
    with sqlite.engine.connect() as connection, connection.begin():
        assert asked.writable()
    asked.dispose()


def test_a_node_that_has_just_written_asks_nothing_more(
    mariadb: DatabaseServer, fresh: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_probe, "WRITTEN_LATELY_S", 3600.0)  # however long this takes, it was just now
    new_customer(fresh)

    with mariadb.setting("read_only", 1):
        assert [fresh.writable() for _ in range(50)] == [True] * 50, "it asked, and was told"
