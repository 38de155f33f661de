"""A database that is away is told from SQL that is wrong, and no log shows what people wrote."""

import json
import traceback
from collections.abc import Callable

import gevent
import pytest
import socketio
from flask import Flask
from flask_socketio_cluster.delivery.guard import Guard
from flask_socketio_cluster.limits.buckets import SharedBuckets
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from app import limiter, sql_engines
from app.db import Database
from app.errors import AppError, DatabaseDown
from app.realtime import bank_messages
from app.settings import Settings
from app.sql_errors import SqlFault, Trouble, trouble_of
from app.users.auth import Auth
from app.users.tokens import Tokens
from app.web import edge
from tests.integration.customers import new_customer
from tests.integration.library import NOWHERE
from tests.integration.test_feed import Node
from tests.support import package_log
from tests.support.servers import DatabaseServer

SECRET = "s" * 32
WRONG = ["SELECT nme FROM users", "SELEKT 1", "SELECT * FROM no_such_table", "INSERT INTO users (nme) VALUES (1)"]
ROW = text(
    "INSERT INTO users (email, name, password_hash, token_generation, created_at) "
    "VALUES (:email, 'Ana', :hash, 1, '2026-01-01')"
)
PRIVATE = {"email": "ana'quote@teste.example", "hash": "$2b$12$secret"}


class Work:
    """A statement, and how often it was tried."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tries = 0

    def __call__(self, connection: Connection) -> None:
        self.tries += 1
        connection.execute(text(self.sql))


@pytest.mark.parametrize("sql", WRONG)
@pytest.mark.parametrize("way", ["read", "transact", "transact_keyed"])
def test_a_wrong_statement_is_no_outage_and_is_tried_once(database: Database, way: str, sql: str) -> None:
    work = Work(sql)

    with pytest.raises(SqlFault, match=r"nme|SELEKT|no_such_table") as fault:
        getattr(database, way)(work)

    assert work.tries == 1
    assert "in __call__" in "".join(traceback.format_exception(fault.value)), "the log says where"


def test_a_value_that_is_too_long_is_no_outage(emptied_mariadb: Database) -> None:
    with pytest.raises(SqlFault, match="1406 Data too long for column 'password_hash'"):
        emptied_mariadb.transact(lambda connection: connection.execute(ROW, {**PRIVATE, "hash": "x" * 61}))


@pytest.mark.parametrize("way", ["read", "transact"])
def test_no_log_of_a_refused_row_shows_what_is_in_it(database: Database, way: str) -> None:
    database.transact(lambda connection: connection.execute(ROW, PRIVATE))

    with pytest.raises(SqlFault, match="IntegrityError") as fault:
        getattr(database, way)(lambda connection: connection.execute(ROW, PRIVATE))

    logged = "".join(traceback.format_exception(fault.value))
    assert "INSERT INTO users" in logged
    assert [value for value in PRIVATE.values() if value in logged or repr(value) in logged] == []
    assert "quote" not in logged


@pytest.mark.parametrize("near", ["'", "\\'' x"])
def test_no_log_of_a_syntax_error_shows_values(emptied_mariadb: Database, near: str) -> None:
    private = f"segredo{near}"

    with pytest.raises(SqlFault) as fault:
        emptied_mariadb.read(lambda connection: connection.execute(text("SELECT 1 FRON :value"), {"value": private}))

    assert "segredo" not in "".join(traceback.format_exception(fault.value))


def answered(database: Database, work: Callable[[Connection], object]) -> tuple[int, str, list[str]]:
    """Status and slug over HTTP, and the tracebacks in the log."""
    app = Flask("test")
    settings = Settings(database_url=database.url, redis_url=NOWHERE, jwt_secret=SECRET)
    edge.install(app, settings, limiter.connect(NOWHERE))
    app.get("/")(lambda: str(database.read(work)))
    with capture_logs() as logs:
        answer = app.test_client().get("/")
    causes = [str(entry.get("exc_info") or entry.get("cause")) for entry in logs]
    return answer.status_code, answer.get_json()["codigo"], causes


def test_over_http_it_is_500_and_logged_once_with_its_cause(database: Database) -> None:
    status, code, (cause,) = answered(database, Work("SELECT nme FROM users"))

    assert (status, code) == (500, "erro_interno")
    assert "nme" in cause


def test_an_outage_is_503_and_the_first_of_a_row_is_logged_with_its_cause() -> None:
    away = Database("mysql+pymysql://nobody:x@127.0.0.1:1/nothing")

    status, code, (cause,) = answered(away, Work("SELECT 1"))

    assert (status, code) == (503, "banco_indisponivel")
    assert cause.startswith("2003 ")
    assert answered(away, Work("SELECT 1"))[2] == []


def guard_of(node: Node, db: Database) -> Guard:
    auth = Auth(db.authentication, Tokens(SECRET, 60))
    return Guard(
        read_token=auth.tokens.read,
        verify=auth.check,
        unavailable=(DatabaseDown,),
        refusals=(AppError,),
        messages=bank_messages(),
        sockets=node.sockets,
        feed=node.feed,
        transport=node.transport,
        buckets=SharedBuckets(NOWHERE, key_prefix="buckets:"),
        close=lambda *_: None,
    )


def test_what_waited_until_its_socket_had_gone_is_not_done(sqlite: Database, server: socketio.Server) -> None:
    customer, node = new_customer(sqlite), Node(sqlite, server)
    guard, screen, done = guard_of(node, sqlite), node.screen(customer.id), list[bool]()
    with guard._locks.hold(customer.id):
        waiting = gevent.spawn(guard.run, lambda *_: done.append(True), "x", screen.session, ({},))
        gevent.sleep(0)
        node.sockets.close(screen.session.sid)

    waiting.get(timeout=10)

    assert done == []


def test_for_a_socket_it_is_an_erro_and_logged_once_with_its_cause(sqlite: Database, server: socketio.Server) -> None:
    customer, node = new_customer(sqlite), Node(sqlite, server)
    guard, screen = guard_of(node, sqlite), node.screen(customer.id)

    with package_log.captured() as logs:
        guard.run(lambda *_: sqlite.read(Work("SELECT nme FROM users")), "x", screen.session, ({},))

    sent = json.loads(screen.socket.poll({})[0][2:])
    assert (sent[0], sent[1]["codigo"]) == ("erro", "erro_interno")
    assert [entry.getMessage() for entry in logs] == ["buckets_without_redis", "event_failed"]


def test_a_row_that_stays_locked_is_an_outage(emptied_mariadb: Database) -> None:
    customer = new_customer(emptied_mariadb)
    work = Work(f"UPDATE users SET name = 'x' WHERE id = {customer.id}")
    with emptied_mariadb.engine.connect() as holder:
        work(holder)
        holder.execute(text("SET idle_transaction_timeout = 60"))

        with pytest.raises(DatabaseDown):
            emptied_mariadb.transact(work)

    assert work.tries > 2


def test_a_killed_session_is_tried_again(mariadb: DatabaseServer, emptied_mariadb: Database) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> int:
        tries.append(int(connection.execute(text("SELECT CONNECTION_ID()")).scalar_one()))
        if len(tries) == 1:
            with mariadb.connection() as operator, operator.cursor() as cursor:
                cursor.execute(f"KILL {tries[0]}")
        return int(connection.execute(text("SELECT 7")).scalar_one())

    assert emptied_mariadb.transact(work) == 7
    tries.clear()
    assert emptied_mariadb.read(work) == 7


def test_a_statement_that_takes_too_long_is_an_outage_and_ends_on_the_server(mariadb: DatabaseServer) -> None:
    db = Database(mariadb.url, statement_timeout_s=1)
    with pytest.raises(DatabaseDown):
        db.read(Work("SELECT SLEEP(60)"))

    with mariadb.connection() as operator, operator.cursor() as cursor:
        left = True
        while left:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'")
            left = bool(cursor.fetchall())
    db.dispose()


def test_a_full_table_and_a_read_only_server_are_outages_and_tried_once(
    mariadb: DatabaseServer, emptied_mariadb: Database
) -> None:
    def fill(connection: Connection) -> None:
        connection.execute(text("SET max_heap_table_size = 16384"))
        connection.execute(text("CREATE OR REPLACE TEMPORARY TABLE small (x CHAR(200)) ENGINE = MEMORY"))
        while True:
            connection.execute(text("INSERT INTO small VALUES ('x')"))

    with pytest.raises(DatabaseDown):
        emptied_mariadb.transact(fill)

    work = Work("UPDATE stream_epoch SET epoch = epoch")
    with mariadb.setting("read_only", 1), pytest.raises(DatabaseDown):
        emptied_mariadb.transact(work)
    assert work.tries == 1


def test_a_full_disk_is_an_outage(sqlite: Database) -> None:
    @event.listens_for(sqlite.engine, "connect")
    def bound(connection: object, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]  # of sqlite3

    sqlite.engine.dispose()
    work = Work(f"INSERT INTO preferences (user_id, document) VALUES ({new_customer_id(sqlite)}, '{'x' * 999_999}')")

    with pytest.raises(DatabaseDown):
        sqlite.transact(work)
    assert work.tries == 1


def new_customer_id(db: Database) -> int:
    other = Database(db.url)
    customer = new_customer(other)
    other.dispose()
    return customer.id


def test_a_file_that_another_process_keeps_locked_is_an_outage(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_engines, "SQLITE_LOCK_WAIT_S", 0.0)
    work, other = Work("UPDATE users SET name = 'x'"), Database(sqlite.url)
    with sqlite.engine.connect() as holder, holder.begin(), pytest.raises(DatabaseDown) as down:
        other.transact(work)

    assert isinstance(down.value.__cause__, DBAPIError)
    assert trouble_of(down.value.__cause__) is Trouble.LOCKED
    other.dispose()
