"""Too much of one thing takes nothing from the others, and nobody waits longer than anybody listens."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, text

from app import deadline, limiter
from app.db import STATEMENT_TIMEOUT_S, Database, Share
from app.errors import DatabaseDown, Overloaded
from app.settings import Settings
from app.sql_engines import CONNECT_TIMEOUT_S, LOCK_WAIT_S
from app.users import actions
from app.web import edge, health
from tests.integration.customers import new_customer, refusal_of
from tests.integration.library import NOWHERE
from tests.support.servers import mariadb_server

ROOT = Path(__file__).parents[2]


def one(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


@contextmanager
def taken(run: Callable[..., object], number: int) -> Iterator[None]:
    """So many calls of `run` that hold a connection each."""
    inside, done = threading.Barrier(number + 1), threading.Event()

    def hold(connection: Connection) -> None:
        one(connection)
        inside.wait()
        done.wait()

    with ThreadPoolExecutor(number) as pool:
        calls = [pool.submit(run, hold) for _ in range(number)]
        inside.wait()
        try:
            yield
        finally:
            done.set()
            for call in calls:
                call.result()


def test_catch_ups_and_statements_take_no_connection_from_logins_and_money(emptied_mariadb: Database) -> None:
    db, alice = emptied_mariadb, new_customer(emptied_mariadb)

    with taken(db.read, 4), taken(db.catch_up.read, 2):
        assert db.authentication.read(actions.by_email, "ninguem@teste.example") is None
        assert db.authentication.transact(one) == 1
        alice.deposit(100)


def test_logins_and_money_take_no_connection_from_reads(emptied_mariadb: Database) -> None:
    db = emptied_mariadb

    with taken(db.authentication.read, 3), taken(db.transact_keyed, 5), taken(db.transact, 2):
        assert db.read(one) == 1
        assert db.catch_up.read(one) == 1
        assert db.authentication.transact(one) == 1


def test_a_full_queue_refuses_at_once_and_asks_the_database_nothing(emptied_mariadb: Database) -> None:
    share = Share(emptied_mariadb, "trial", reads=1, writes=1, waiting_max=0)

    asked: list[Connection] = []
    for run in (share.read, share.transact, share.transact_keyed):
        with taken(run, 1), pytest.raises(Overloaded) as refused:
            run(asked.append)
        assert (refused.value.status, refused.value.retry_after_s, asked) == (503, 1, [])
        assert isinstance(refused.value, DatabaseDown), "who puts off what needs the database puts off this too"


def test_who_waits_until_the_request_s_time_is_up_is_refused_once(
    emptied_mariadb: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = Share(emptied_mariadb, "trial", reads=1, writes=1, waiting_max=1)
    monkeypatch.setattr(deadline, "REQUEST_S", 0.05)

    for run in (share.read, share.transact):
        with taken(run, 1):
            assert refusal_of(lambda run=run: run(one)) is Overloaded


def app_on(db: Database, view: Callable[[], Any]) -> Flask:
    app = Flask("test")
    settings = Settings(database_url=db.url, redis_url=NOWHERE, jwt_secret="s" * 32)
    edge.install(app, settings, limiter.connect(NOWHERE))
    app.get("/")(view)
    return app


def test_overload_is_503_with_retry_after(emptied_mariadb: Database) -> None:
    share = Share(emptied_mariadb, "trial", reads=1, writes=1, waiting_max=0)
    app = app_on(emptied_mariadb, lambda: str(share.read(one)))

    with taken(share.read, 1):
        answer = app.test_client().get("/")

    assert (answer.status_code, answer.get_json()["codigo"]) == (503, "muita_procura")
    assert answer.headers["Retry-After"] == "1"


def test_a_node_with_much_to_do_is_not_taken_for_a_sick_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = SimpleNamespace(age_s=lambda: 0.0, is_deaf=lambda: False)
    hears_itself = SimpleNamespace(bus=SimpleNamespace(canary=canary), node=SimpleNamespace(draining=False))
    app = Flask("test")
    app.register_blueprint(health.blueprint("web1", database, hears_itself))  # type: ignore[arg-type]

    with taken(database.read, 4), taken(database.catch_up.read, 2), taken(database.authentication.read, 3):
        monkeypatch.setattr(deadline, "REQUEST_S", 0.0)  # nobody waits for a turn
        assert refusal_of(lambda: database.read(one)) is Overloaded
        answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.get_json()["banco"]) == (200, "ok")


def test_a_request_whose_time_is_up_asks_nothing_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def slow(connection: Connection) -> None:
        one(connection)
        done.append("first")
        monkeypatch.setattr(deadline, "has_passed", lambda: True)
        connection.execute(text("UPDATE users SET name = 'x'"))
        done.append("second")

    app = app_on(database, lambda: str(database.transact(slow)))

    assert app.test_client().get("/").status_code == 503
    assert done == ["first"]


def test_what_a_request_streams_is_not_bound_by_its_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "REQUEST_S", 0.0)

    def view() -> object:
        return (str(database.read(one)) for _ in range(3))

    assert app_on(database, view).test_client().get("/").get_data(as_text=True) == "111"


def test_a_request_to_a_frozen_database_ends_before_anybody_gives_up() -> None:
    with mariadb_server() as server:
        db = Database(server.url)
        db.read(one)
        app = app_on(db, lambda: [db.authentication.read(one), db.transact(one)])
        server.stop()
        try:
            # The test client waits as long as it takes; what follows holds that this is soon enough.
            assert app.test_client().get("/").status_code == 503
        finally:
            server.cont()
        db.dispose()


def test_a_request_s_longest_time_is_below_nginx_s_and_the_page_s() -> None:
    nginx = (ROOT / "nginx/saldo-vivo.conf.template").read_text()
    page = (ROOT / "app/web/static/js/lib/http.js").read_text()
    (nginx_s,) = re.findall(r"location / \{[^}]*proxy_read_timeout (\d+)s", nginx)
    (page_ms,) = re.findall(r"ANSWER_MS_MAX = ([\d_]+)", page)

    longest_s = deadline.REQUEST_S + 2 * STATEMENT_TIMEOUT_S

    assert longest_s < min(int(nginx_s), int(page_ms.replace("_", "")) / 1000)
    assert max(LOCK_WAIT_S, CONNECT_TIMEOUT_S) < STATEMENT_TIMEOUT_S


def rollbacks(connection: Connection) -> tuple[int, int]:
    """Which connection this is, and how many transactions were rolled back on it so far."""
    row = connection.execute(text("SHOW SESSION STATUS LIKE 'Com_rollback'")).one()
    return connection.execute(text("SELECT CONNECTION_ID()")).scalar_one(), int(row[1])


def test_reads_of_mariadb_roll_nothing_back(emptied_mariadb: Database) -> None:
    db = Database(emptied_mariadb.url)  # with connections of its own, one for each kind of read

    for read in (db.read, db.catch_up.read):
        before = read(rollbacks)

        for _ in range(20):
            read(one)

        assert read(rollbacks) == before
    db.dispose()


def test_reads_of_sqlite_are_bare_statements(sqlite: Database) -> None:
    """Neither BEGIN nor ROLLBACK; nor is the driver asked for one, which would send it if there were a BEGIN."""
    engine = sqlite._reads
    sent: list[str] = []

    @event.listens_for(engine, "connect")
    def trace(connection: object, _record: object) -> None:
        connection.set_trace_callback(sent.append)  # type: ignore[attr-defined]  # of sqlite3

    sqlite.read(one)
    sent.clear()
    for _ in range(20):
        sqlite.read(one)

    assert sent == ["SELECT 1"] * 20
    assert engine.dialect.skip_autocommit_rollback
