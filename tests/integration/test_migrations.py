"""The migrations make, on either database, the schema that the models speak of."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Engine, event, inspect
from structlog.testing import capture_logs

import app
from app import wire
from app.db import Base, Database
from app.errors import RevokedToken
from app.migrations import runner
from app.streams.stream import streams
from app.users.auth import current_identities
from app.users.tokens import Claims
from tests.integration.customers import new_customer, rows, write
from tests.integration.stopping import Stopped, stopped_after
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


def differences(database: Database) -> list[object]:
    """Between what the migrations made and what the models say."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_schema_is_what_the_models_say(own_database: Database) -> None:
    assert differences(own_database) == []
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


SEALS = {f"{table}_refuse_{verb}" for table in ("entries", "operations", "audit") for verb in ("update", "delete")}


def seals(database: Database) -> set[str]:
    return {str(row[0]) for row in rows(database, TRIGGERS[database.is_sqlite])}


def test_history_is_sealed(own_database: Database) -> None:
    assert seals(own_database) >= SEALS


@pytest.fixture
def empty(mariadb: DatabaseServer) -> Iterator[Database]:
    """On MariaDB, without any table."""
    db = Database(mariadb.create_database("migrated"))
    yield db
    db.dispose()


def test_the_migrations_run_with_the_binary_log_on_and_nothing_but_the_database(empty: Database) -> None:
    """As with docker-compose.yml, whose user is granted everything of its database and nothing of the server."""
    assert rows(empty, "SELECT @@log_bin") == [(1,)]
    assert rows(empty, "SHOW GRANTS")[0][0].startswith("GRANT USAGE ON *.*")  # type: ignore[attr-defined]

    runner.upgrade(empty)

    assert differences(empty) == []
    assert seals(empty) == SEALS


def test_where_the_server_forbids_triggers_it_is_said_and_a_later_run_seals(
    mariadb: DatabaseServer, empty: Database
) -> None:
    with mariadb.setting("log_bin_trust_function_creators", 0), capture_logs() as logs:
        runner.upgrade(empty)

    assert [entry["event"] for entry in logs] == ["history_not_sealed"]
    assert logs[0]["cause"].startswith("1419 ")
    assert new_customer(empty, cents=1000).balance() == 1000
    assert seals(empty) == set()

    runner.upgrade(empty)
    assert seals(empty) == SEALS


class PowerCut(Exception):
    pass


def test_a_migration_goes_on_from_every_half(empty: Database) -> None:
    made: set[str] = set()
    new: list[str] = []

    def cut(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Lets one more thing be made than there is, and ends the run at the next."""
        if statement.lstrip().startswith("CREATE") and statement not in made:
            if new:
                raise PowerCut
            new.append(statement)
            made.add(statement)

    runs, done = 0, False
    event.listen(Engine, "before_cursor_execute", cut)
    try:
        while not done:
            new.clear()
            runs += 1
            with suppress(PowerCut):
                runner.upgrade(empty)
                done = True
    finally:
        event.remove(Engine, "before_cursor_execute", cut)

    assert runs == len(made) > len(Base.metadata.tables) + len(SEALS)
    assert differences(empty) == []
    assert seals(empty) == SEALS
    assert rows(empty, "SELECT COUNT(*) FROM stream_epoch") == [(1,)]
    assert rows(empty, "SELECT COUNT(*) FROM accounts") == [(1,)]
    assert new_customer(empty, cents=1000).balance() == 1000


@pytest.mark.parametrize(("wait_s", "answered"), [(0, "0"), (None, "None")])
def test_without_the_lock_nothing_is_migrated(
    mariadb: DatabaseServer, empty: Database, monkeypatch: pytest.MonkeyPatch, wait_s: int | None, answered: str
) -> None:
    monkeypatch.setattr(runner, "LOCK_WAIT_S", wait_s)
    with mariadb.connection() as other, other.cursor() as cursor:
        cursor.execute(f"SELECT GET_LOCK('{runner.LOCK_NAME}', 0)")
        with pytest.raises(runner.Busy, match=f"GET_LOCK answered {answered}"):
            runner.upgrade(empty)

    assert tables(empty) == set()


def test_the_way_back_leaves_nothing_and_can_be_gone_again(own_database: Database) -> None:
    new_customer(own_database, cents=1000)
    made = tables(own_database)

    downgrade(own_database)
    left = tables(own_database)
    runner.upgrade(own_database)

    assert left == set()
    assert tables(own_database) == made
    assert new_customer(own_database, cents=1000).balance() == 1000


def test_an_event_that_waits_in_the_outbox_waits_there_after_either_way(own_database: Database) -> None:
    alice = new_customer(own_database)
    own_database.transact(streams.append, [Append(alice.id, wire.NOTIFICACAO, {"mensagem": "espera"})])
    waiting = rows(own_database, "SELECT id, user_id, seq FROM outbox")
    assert len(waiting) == 1

    for _ in range(2):
        at_revision(own_database, "0005")
        assert rows(own_database, "SELECT partition_id FROM outbox") == [(alice.id % 16,)]
        assert rows(own_database, "SELECT COUNT(*) FROM outbox_partitions") == [(16,)]
        runner.upgrade(own_database)

    assert rows(own_database, "SELECT id, user_id, seq FROM outbox") == waiting
    assert differences(own_database) == []


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
    claims = Claims(alice.id, "f00d", 1, 2**40)
    assert own_database.read(current_identities, [claims]) == {claims: RevokedToken}


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


@contextmanager
def one_event_at_a_time() -> Iterator[list[object]]:
    """Revision 0004 reads stored events by one, instead of a thousand; the reads of it."""
    reads: list[object] = []

    def limit(_connection: object, statement: object, many: object, values: dict[str, object], _options: object) -> Any:
        if "rows" in values:
            reads.append(statement)
            values = {**values, "rows": 1}
        return statement, many, values

    event.listen(Engine, "before_execute", limit, retval=True)
    try:
        yield reads
    finally:
        event.remove(Engine, "before_execute", limit)


def test_naming_the_person_goes_on_from_wherever_it_was_stopped(own_database: Database) -> None:
    alice, mallory = new_customer(own_database, "Alice Souza"), new_customer(own_database, "Mallory Lima", cents=1000)
    for cents in (100, 200, 300):
        mallory.transfer(alice, cents)
    named = told(own_database, alice.id)
    shown = "UPDATE stream_events SET payload = REPLACE(payload, 'Mallory Lima', 'Saldo Vivo Segurança')"
    write(own_database, f"{shown} WHERE user_id = :user", user=alice.id)
    assert all(now != then for now, then in zip(told(own_database, alice.id), named, strict=True))
    at_revision(own_database, "0003")
    # It is all one transaction on SQLite, so that a few ends of it say as much.
    step = 10 if own_database.is_sqlite else 1
    done: list[tuple[bool, int]] = []

    with one_event_at_a_time() as reads:
        while True:
            try:
                with stopped_after(step * len(done)):
                    runner.upgrade(own_database)
                break
            except Stopped:
                written = zip(told(own_database, alice.id), named, strict=True)
                done.append((names_sessions(own_database), sum(now == then for now, then in written)))

    assert told(own_database, alice.id) == named
    assert differences(own_database) == []
    assert len(reads) > len(named)
    # MariaDB keeps the column's name, then one event after the other.
    steps = [(False, 0), *((True, count) for count in range(len(named) + 1))]
    assert list(dict.fromkeys(done)) == (steps[:1] if own_database.is_sqlite else steps)


def names_sessions(database: Database) -> bool:
    with database.engine.connect() as connection:
        return "session_id" in {column["name"] for column in inspect(connection).get_columns("revocations")}


def told(database: Database, user_id: int) -> list[dict[str, Any]]:
    found = rows(database, "SELECT payload FROM stream_events WHERE user_id = :user ORDER BY seq", user=user_id)
    return [json.loads(str(row[0])) for row in found]
