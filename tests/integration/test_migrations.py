"""The migrations make, on either database, the schema that the models speak of."""

import importlib
import json
import pkgutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import app
from app.db import Base, Database
from app.errors import RevokedToken
from app.migrations import runner
from app.users.auth import current_identity
from app.users.tokens import Claims
from tests.integration.customers import new_customer, rows, write
from tests.support.servers import DatabaseServer

TRIGGERS = {
    True: "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    False: "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
}


@pytest.fixture(autouse=True)
def models() -> None:
    """Every module that defines tables is imported."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)


def tables(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def downgrade(database: Database) -> None:
    with database.engine.connect() as connection, connection.begin():
        command.downgrade(runner.config(connection), "base")


def test_the_schema_is_what_the_models_say(own_database: Database) -> None:
    with own_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []
    assert tables(own_database) == set(Base.metadata.tables)


def test_every_constraint_has_the_name_that_the_models_give_it(own_database: Database) -> None:
    with own_database.engine.connect() as connection:
        inspector = inspect(connection)
        named = {
            constraint["name"]
            for table in tables(own_database)
            for read in (inspector.get_unique_constraints, inspector.get_foreign_keys, inspector.get_check_constraints)
            for constraint in read(table)
        }

    assert {name for name in named if name} >= {
        "uq_users_email",
        "uq_revocations_session_id",
        "fk_entries_operation_id",
        "ck_accounts_balance_in_range",
        "ck_operations_amount_positive",
        "ck_entries_amount_not_zero",
    }


def test_a_second_upgrade_changes_nothing(own_database: Database) -> None:
    alice = new_customer(own_database, cents=1000)

    runner.upgrade(own_database)

    assert alice.balance() == 1000


def test_history_is_sealed(own_database: Database) -> None:
    assert {str(row[0]) for row in rows(own_database, TRIGGERS[own_database.is_sqlite])} >= {
        "entries_refuse_update",
        "entries_refuse_delete",
        "operations_refuse_update",
        "operations_refuse_delete",
    }


def test_the_way_back_leaves_nothing_and_can_be_gone_again(own_database: Database) -> None:
    new_customer(own_database, cents=1000)
    made = tables(own_database)

    downgrade(own_database)
    left = tables(own_database)
    runner.upgrade(own_database)

    assert left == set()
    assert tables(own_database) == made
    assert new_customer(own_database, cents=1000).balance() == 1000


def test_moments_keep_their_microseconds(own_database: Database) -> None:
    column = "substr(created_at, 21)" if own_database.is_sqlite else "MICROSECOND(created_at)"
    alice = new_customer(own_database)
    moments = {str(alice.deposit(1)["movimentacao"]["DataOperacao"])[20:26] for _ in range(20)}

    stored = {f"{int(str(row[0])):06d}" for row in rows(own_database, f"SELECT {column} FROM operations")}

    assert stored == moments
    assert moments != {"000000"}


def test_no_moment_is_cut_to_seconds(emptied_mariadb: Database) -> None:
    coarse = rows(
        emptied_mariadb,
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND data_type = 'datetime' AND datetime_precision <> 6",
    )

    assert coarse == []


def test_several_processes_may_start_at_once(own_database: Database) -> None:
    made = tables(own_database)
    downgrade(own_database)

    with ThreadPoolExecutor(3) as pool:
        for upgrade in [pool.submit(runner.upgrade, own_database) for _ in range(3)]:
            upgrade.result()

    assert tables(own_database) == made
    assert new_customer(own_database, cents=1000).balance() == 1000


def at_revision(database: Database, revision: str) -> None:
    with database.engine.connect() as connection, connection.begin():
        command.downgrade(runner.config(connection), revision)


def test_a_token_that_was_revoked_stays_revoked_when_revocations_name_sessions(own_database: Database) -> None:
    alice = new_customer(own_database)
    at_revision(own_database, "0002")
    moment = "2026-11-24 12:00:00.000000"
    write(
        own_database,
        "INSERT INTO revocations (user_id, jti, revoked_at, expires_at) VALUES (:user, 'f00d', :moment, :moment)",
        user=alice.id,
        moment=moment,
    )

    runner.upgrade(own_database)

    assert rows(own_database, "SELECT user_id, session_id FROM revocations") == [(alice.id, "f00d")]
    with pytest.raises(RevokedToken):
        own_database.read(current_identity, Claims(alice.id, "f00d", 1, 2**40))


def test_sessions_come_also_after_a_run_that_ended_in_the_middle(mariadb: DatabaseServer) -> None:
    database = Database(mariadb.create_database("half_renamed"))
    runner.upgrade(database)
    at_revision(database, "0002")
    # MariaDB keeps what was changed, and the version says nothing of it.
    half = "RENAME COLUMN jti TO session_id, RENAME INDEX uq_revocations_jti TO uq_revocations_session_id"
    write(database, f"ALTER TABLE revocations {half}")

    runner.upgrade(database)

    assert rows(database, "SELECT session_id FROM revocations") == []
    database.dispose()


def test_stored_notifications_name_the_person_afterwards(own_database: Database) -> None:
    alice, mallory = new_customer(own_database, "Alice Souza", cents=1000), new_customer(own_database, "Mallory Lima")
    mask = mallory.open_account("Reserva")
    own = mallory.open_account("Viagem")
    mallory.deposit(500, to=mask)
    mallory.do("transferencia", 100, mask, alice.account)
    mallory.do("transferencia", 100, mask, own)
    before = told(own_database, alice.id), told(own_database, mallory.id)
    # As it was told when the account's own name was shown to everybody.
    shown = "UPDATE stream_events SET payload = REPLACE(payload, 'Mallory Lima', 'Saldo Vivo Segurança')"
    write(own_database, f"{shown} WHERE user_id = :user", user=alice.id)
    assert "Saldo Vivo Segurança" in told(own_database, alice.id)[-1]["mensagem"]
    at_revision(own_database, "0002")

    runner.upgrade(own_database)

    assert (told(own_database, alice.id), told(own_database, mallory.id)) == before
    assert before[0][-1]["mensagem"].endswith("de Mallory Lima")
    assert before[1][-1]["mensagem"].endswith("de Reserva para Viagem")


def told(database: Database, user_id: int) -> list[dict[str, Any]]:
    found = rows(database, "SELECT payload FROM stream_events WHERE user_id = :user ORDER BY seq", user=user_id)
    return [json.loads(str(row[0])) for row in found]
