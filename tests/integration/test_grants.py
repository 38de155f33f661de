"""What the database lets web nodes and workers do."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from app import sql_errors
from app.db import Base, Database
from app.migrations import grants, runner
from tests.integration.customers import new_customer, rows, write
from tests.integration.test_migrations import models
from tests.support.database_users import app_url, make_users, owner_url, worker_url
from tests.support.servers import DatabaseServer, mariadb_server

__all__ = ["models"]

# Of a table, of a database.
NOT_ALLOWED = (1142, 1044)
BOOKS = ("operations", "entries", "statement_lines", "people_entries")


@pytest.fixture(scope="module")
def server() -> Iterator[DatabaseServer]:
    """With the three users, and the tables of their owner."""
    with mariadb_server() as started:
        make_users(started)
        owner = Database(owner_url(started))
        runner.upgrade(owner)
        owner.dispose()
        yield started


@pytest.fixture
def app(server: DatabaseServer) -> Iterator[Database]:
    db = Database(app_url(server))
    yield db
    db.dispose()


@pytest.fixture
def worker(server: DatabaseServer) -> Iterator[Database]:
    db = Database(worker_url(server))
    yield db
    db.dispose()


def test_of_every_table_it_is_said_who_may_do_what() -> None:
    assert set(grants.MAY) == {*Base.metadata.tables, "alembic_version"}


def test_the_server_knows_it_as_it_is_said(server: DatabaseServer) -> None:
    for number, role in enumerate((grants.NODES, grants.WORKERS)):
        with server.connection() as operator, operator.cursor() as cursor:
            cursor.execute(f"SHOW GRANTS FOR {role}")
            said = {str(row[0]) for row in cursor.fetchall()}
        wanted = {
            f"GRANT {', '.join(verbs[number])} ON `saldo_vivo`.`{table}` TO `{role}`"
            for table, verbs in grants.MAY.items()
            if verbs[number]
        }
        assert said == {*wanted, f"GRANT USAGE ON *.* TO `{role}`"}


@pytest.mark.parametrize("table", BOOKS)
@pytest.mark.parametrize("who", ["app", "worker"])
def test_nobody_but_the_owner_may_change_the_books(request: pytest.FixtureRequest, who: str, table: str) -> None:
    db: Database = request.getfixturevalue(who)
    for statement in (f"UPDATE {table} SET amount_cents = 1", f"DELETE FROM {table}", f"DROP TABLE {table}"):
        assert refused(db, statement)


def test_a_web_node_can_neither_see_nor_change_who_did_what(app: Database) -> None:
    for statement in ("SELECT * FROM audit", "SELECT * FROM audit_pending", "DELETE FROM audit_pending"):
        assert refused(app, statement)


@pytest.mark.parametrize("who", ["app", "worker"])
def test_nobody_but_the_owner_makes_tables_or_takes_users(request: pytest.FixtureRequest, who: str) -> None:
    db: Database = request.getfixturevalue(who)
    for statement in ("CREATE TABLE other (id INT)", "DELETE FROM users", "TRUNCATE TABLE outbox"):
        assert refused(db, statement)


def test_a_table_of_a_later_migration_is_not_forgotten(server: DatabaseServer, app: Database) -> None:
    owner = Database(owner_url(server))
    with server.connection() as operator, operator.cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON saldo_vivo.receipts FROM {grants.NODES}")
    assert refused(app, "SELECT * FROM receipts")

    runner.upgrade(owner)

    assert rows(app, "SELECT * FROM receipts") == []
    owner.dispose()


def test_where_there_are_no_roles_the_owner_goes_on_alone(database: Database) -> None:
    runner.upgrade(database)
    assert new_customer(database, cents=100).balance() == 100


def refused(db: Database, statement: str) -> bool:
    with pytest.raises(DBAPIError) as caught:
        write(db, statement)
    return sql_errors.number(caught.value) in NOT_ALLOWED
