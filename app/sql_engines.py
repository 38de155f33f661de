"""How we speak to MariaDB and to SQLite: what SQLAlchemy and the drivers are told."""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from flask_socketio_cluster.streams.database_clock import told_at_connect
from sqlalchemy import Connection, Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app import database_hosts, deadline
from app.database_hosts import Host, Hosts
from app.errors import DatabaseDown
from app.sql_errors import is_busy

CONNECT_TIMEOUT_S = 3
LOCK_WAIT_S = 3
# A process that froze inside a transaction loses it, and with it its locks.
IDLE_TRANSACTION_S = 5
# Never reached: who may have a connection is decided before (`Share` in `app.db`).
POOL_WAIT_S = 5
POOL_RECYCLE_S = 1800
SQLITE_LOCK_PAUSE_S = 0.002
SQLITE_LOCK_WAIT_S = 10


def for_writes(url: str, *, connections: int, timeout_s: float) -> Engine:
    """Transactions: READ COMMITTED on MariaDB, BEGIN IMMEDIATE on SQLite."""
    pool = _pool(connections)
    if url.startswith("sqlite"):
        return _bounded(_immediate(_sqlite(url, **pool)))
    return _bounded(_mariadb(url, timeout_s, isolation_level="READ COMMITTED", **pool))


def for_reads(url: str, *, connections: int, timeout_s: float) -> Engine:
    """Single statements, each a transaction of its own: no BEGIN, no ROLLBACK."""
    pool = _pool(connections)
    if url.startswith("sqlite"):
        return _bounded(_sqlite(url, skip_autocommit_rollback=True, **pool))
    session = f", max_statement_time={timeout_s:g}"  # so that nothing runs on for one who has gone
    pool |= {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True, "pool_reset_on_return": None}
    return _bounded(_mariadb(url, timeout_s, session, **pool))


def for_one_use(url: str, *, timeout_s: float, lock_wait_s: float | None = None) -> Engine:
    """Transactions on a connection that is made for each and closed after it."""
    if url.startswith("sqlite"):
        return _immediate(_sqlite(url, poolclass=NullPool), lock_wait_s)
    return _mariadb(url, timeout_s, isolation_level="READ COMMITTED", poolclass=NullPool)


def _pool(connections: int) -> dict[str, Any]:
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": POOL_WAIT_S,
        "pool_recycle": POOL_RECYCLE_S,
    }


def _mariadb(url: str, timeout_s: float, session: str = "", **options: Any) -> Engine:
    address, hosts = database_hosts.split(url)
    engine = create_engine(
        address,
        # What people wrote has no place in a log.
        hide_parameters=True,
        connect_args={
            "charset": "utf8mb4",
            # The driver makes a TLS context for each connection, 50 ms of the node, also when none is wanted.
            "ssl_disabled": "ssl" not in url.partition("?")[2],
            "connect_timeout": min(CONNECT_TIMEOUT_S, timeout_s),
            "read_timeout": timeout_s,
            "write_timeout": timeout_s,
            "init_command": f"SET innodb_lock_wait_timeout={LOCK_WAIT_S}, time_zone='+00:00',"
            f" idle_transaction_timeout={IDLE_TRANSACTION_S}{session}",
        },
        **options,
    )
    return told_at_connect(_over(hosts, engine) if len(hosts) > 1 else engine)


def _over(several: tuple[Host, ...], engine: Engine) -> Engine:
    """A connection to a server that takes no writes any more is as good as lost: the next goes to another."""
    hosts = Hosts(several)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        return hosts.connect(
            lambda host: dialect.connect(*arguments, **{**options, "host": host.name, "port": host.port})
        )

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        args = getattr(context.original_exception, "args", ())
        if args and args[0] in database_hosts.NO_WRITES:
            context.is_disconnect = True

    return engine


def _sqlite(url: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": 0, "check_same_thread": False, "isolation_level": None},
        **options,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            _patiently(connection.execute, f"PRAGMA {pragma}")

    return engine


def _immediate(engine: Engine, lock_wait_s: float | None = None) -> Engine:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        _patiently(connection.exec_driver_sql, "BEGIN IMMEDIATE", lock_wait_s)

    return engine


def _patiently(execute: Callable[[str], object], statement: str, wait_s: float | None = None) -> None:
    """SQLite's own wait would stall every greenlet of the process, so the wait is ours."""
    until = time.monotonic() + (SQLITE_LOCK_WAIT_S if wait_s is None else wait_s)
    while True:
        try:
            execute(statement)
            return
        except (sqlite3.OperationalError, OperationalError) as error:
            if not is_busy(error) or time.monotonic() > until or deadline.has_passed():
                raise
        time.sleep(SQLITE_LOCK_PAUSE_S * random.uniform(0.5, 1.5))


def _bounded(engine: Engine) -> Engine:
    """A request whose time is up asks nothing more; its transaction is rolled back."""

    @event.listens_for(engine, "before_cursor_execute")
    def look(*_: object) -> None:
        if deadline.has_passed():
            raise DatabaseDown

    return engine
