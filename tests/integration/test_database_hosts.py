"""Several servers in DATABASE_URL: who writes goes to the first that takes writes, and to another when that is over."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.db import Database
from app.errors import DatabaseDown
from tests.integration.conftest import migrated
from tests.integration.customers import new_customer, rows
from tests.support.cluster import ROOT
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import DatabaseServer, mariadb_server

NAME = "on_several"
# Less than it waits for a server that does not come.
START_TIMEOUT_S = 60.0


@pytest.fixture(scope="module")
def other(mariadb: DatabaseServer) -> Iterator[DatabaseServer]:
    """A second server, with the same user."""
    with mariadb_server(password=mariadb.password) as server:
        yield server


@pytest.fixture
def both(mariadb: DatabaseServer, other: DatabaseServer) -> Iterator[Database]:
    """A bank on two servers, of which the first is preferred. Nothing is copied between them."""
    for server in (mariadb, other):
        db = migrated(server.create_database(NAME))
        db.dispose()
    url = mariadb.url_of(NAME)
    db = Database(url.replace(f":{mariadb.port}/", f":{mariadb.port},{LOOPBACK}:{other.port}/"))
    yield db
    db.dispose()


def port(db: Database) -> int:
    return int(db.transact(_port))


def _port(connection: Connection) -> int:
    return int(connection.execute(text("SELECT @@port")).scalar_one())


def test_the_first_server_is_preferred(both: Database, mariadb: DatabaseServer) -> None:
    new_customer(both)

    assert port(both) == mariadb.port
    assert both.read(_port) == mariadb.port


def test_a_server_that_becomes_read_only_is_left_without_a_failed_transaction(
    both: Database, mariadb: DatabaseServer, other: DatabaseServer
) -> None:
    new_customer(both)  # connections are open now, and stay so

    with mariadb.setting("read_only", 1):
        new_customer(both)

        assert port(both) == other.port
        assert rows(both, "SELECT COUNT(*) FROM users") == [(1,)]


def test_a_server_that_dies_is_left_for_the_other(
    mariadb: DatabaseServer, both: Database, other: DatabaseServer
) -> None:
    reversed_url = both.url.replace(
        f":{mariadb.port},{LOOPBACK}:{other.port}/", f":{other.port},{LOOPBACK}:{mariadb.port}/"
    )
    db = Database(reversed_url)
    new_customer(db)
    assert port(db) == other.port

    other.kill()
    try:
        new_customer(db)
        assert port(db) == mariadb.port
        assert db.writable()
    finally:
        other.start()
        db.dispose()


def test_where_no_server_takes_writes_the_database_is_down(
    both: Database, mariadb: DatabaseServer, other: DatabaseServer
) -> None:
    with mariadb.setting("read_only", 1), other.setting("read_only", 1):
        with pytest.raises(DatabaseDown):
            new_customer(both)
        assert not both.writable()

    new_customer(both)


@pytest.mark.parametrize("what", ["database", "schema"])
def test_what_waits_at_its_start_goes_by_whichever_server_answers(mariadb: DatabaseServer, what: str) -> None:
    migrated(mariadb.create_database(NAME)).dispose()
    url = mariadb.url_of(NAME).replace(f":{mariadb.port}/", f":{free_port()},{LOOPBACK}:{mariadb.port}/")

    subprocess.run(
        [sys.executable, "-m", "deploy.wait_for", what, "true"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
        timeout=START_TIMEOUT_S,
    )
