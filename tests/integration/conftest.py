"""Databases for tests of what is below the web, made once and emptied for each test; and a Socket.IO server."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import socketio
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.limits.limiter import Limiter
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.session import EngineSession
from flask_socketio_cluster.transport.time_slices import TimeSlices
from sqlalchemy import text

from app.db import Database
from app.migrations import runner
from tests.integration.library import NOWHERE
from tests.support.limits import empty, patient
from tests.support.servers import DatabaseServer, RedisServer, redis_server

BOTH = pytest.fixture(params=["mariadb", "sqlite"])

_numbers = itertools.count(1)


def migrated(url: str) -> Database:
    db = Database(url)
    runner.upgrade(db)
    return db


@pytest.fixture(scope="session")
def shared_mariadb(mariadb: DatabaseServer) -> Iterator[Database]:
    db = migrated(mariadb.create_database("integration"))
    yield db
    db.dispose()


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """That no other module's tests use."""
    with redis_server() as server:
        yield server


@pytest.fixture
def limits(own_redis: RedisServer) -> Limiter:
    """Counting from nothing: user ids begin at one in every test's database."""
    empty(own_redis)
    return patient(own_redis.url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "bank.db"
    db = migrated(f"sqlite:///{path}")
    with db.engine.connect() as connection:  # all of it in the one file that is copied
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.dispose()
    return path


@BOTH
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty bank of the newest schema, on either kind of database."""
    if request.param == "mariadb":
        yield request.getfixturevalue("emptied_mariadb")
    else:
        path = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "bank.db")
        db = Database(f"sqlite:///{path}")
        yield db
        db.dispose()


@pytest.fixture
def emptied_mariadb(shared_mariadb: Database) -> Database:
    """An empty bank on MariaDB, for what only a server can do."""
    _empty(shared_mariadb)
    return shared_mariadb


@BOTH
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same, for a test that changes the schema or breaks the books."""
    if request.param == "mariadb":
        server: DatabaseServer = request.getfixturevalue("mariadb")
        url = server.create_database(f"own_{next(_numbers)}")
    else:
        url = f"sqlite:///{tmp_path / 'bank.db'}"
    db = migrated(url)
    yield db
    db.dispose()


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """An empty bank on SQLite, for what the database makes no difference to."""
    path = shutil.copy(sqlite_template, tmp_path / "bank.db")
    db = Database(f"sqlite:///{path}")
    yield db
    db.dispose()


def _empty(db: Database) -> None:
    """As the migrations left it; the triggers keep history from DELETE, not from TRUNCATE."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(text("SET foreign_key_checks = 0"))
        for table in ("people_entries", "payees", "contact_emails", "contacts"):
            connection.execute(text(f"DELETE FROM {table}"))
        for table in ("entries", "operations", "audit"):
            connection.execute(text(f"TRUNCATE TABLE {table}"))
        for table in (
            "jobs",
            "schedule_runs",
            "schedules",
            "stream_trims",
            "last_seen",
            "presence_choices",
            "chat_reports",
            "chat_messages",
            "chat_sides",
            "statement_lines",
            "day_totals",
            "read_cursors",
            "push_subscriptions",
            "sessions",
            "mails",
            "password_recoveries",
            "second_factors",
            "recovery_codes",
            "preferences",
            "audit_pending",
            "administrators",
            "broadcasts",
        ):
            connection.execute(text(f"DELETE FROM {table}"))
        for table in ("outbox", "stream_events", "user_streams", "idempotency_keys", "revocations", "users"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE audit_head SET last_id = 0, hash = REPEAT('0', 64), operations_after = 0"))
        connection.execute(text("UPDATE audit_head SET operations_looked_at = 0"))
        connection.execute(text("DELETE FROM accounts WHERE user_id IS NOT NULL"))
        connection.execute(text("SET foreign_key_checks = 1"))


@pytest.fixture
def server() -> socketio.Server:
    """A server of the library with our manager, that nobody connects to."""
    return socketio.Server(client_manager=RoutedRedisManager(NOWHERE, node_id="web1"), async_mode="gevent")


@pytest.fixture
def eio_socket(server: socketio.Server) -> EngineSession:
    """An Engine.IO session as a handshake leaves it, without a transport."""
    heartbeat = Heartbeat(
        server.eio, enter_within_s=10, is_inside=lambda sid: bool(server.manager.sid_from_eio_sid(sid, "/"))
    )
    session = EngineSession(server.eio, "web1.eio", heartbeat, TimeSlices(), on_end=lambda _: None)
    server.eio.sockets["web1.eio"] = session
    return session


@pytest.fixture
def sid(server: socketio.Server, eio_socket: EngineSession) -> str:
    """A Socket.IO session in it."""
    made = server.manager.connect(eio_socket.sid, "/")
    assert isinstance(made, str)
    return made
