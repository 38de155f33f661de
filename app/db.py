"""The database: two engines, one for transactions that write and one for single statements that read.

MariaDB runs at READ COMMITTED. SQLite, the embedded default, runs every writing transaction as BEGIN IMMEDIATE.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    CursorResult,
    DateTime,
    Engine,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from app.errors import DatabaseDown, OutcomeUnknown

POOL_SIZE = 8
POOL_WAIT_S = 5
CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_S = 20
LOCK_WAIT_S = 3
# A process that froze inside a transaction loses it, and with it its locks.
IDLE_TRANSACTION_S = 5
ATTEMPTS_MAX = 6
RETRY_PAUSE_S = 0.02
RETRY_PAUSE_MAX_S = 0.25
OUTCOME_WAIT_S = 10
SQLITE_LOCK_PAUSE_S = 0.002
SQLITE_LOCK_WAIT_S = 10

# MariaDB: deadlock, lock wait timeout, record changed since last read.
_RETRIED = {1213, 1205, 1020}
# MariaDB: gone away, lost connection, server shutdown, cannot connect, too many connections.
_CONNECTION_LOST = {2006, 2013, 2014, 2055, 1053, 1927, 2003, 2002, 1040, 0}

P = ParamSpec("P")
T = TypeVar("T")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


def table(model: type[Base]) -> Table:
    """The table behind a model, for statements that are built once and run often."""
    assert isinstance(model.__table__, Table)
    return model.__table__


def insert_missing(model: type[Base]) -> Insert:
    """An INSERT that leaves a row of the same key as it is, also one that another transaction is just making."""
    statement = insert(table(model)).prefix_with("OR IGNORE", dialect="sqlite")
    return statement.prefix_with("IGNORE", dialect="mysql").prefix_with("IGNORE", dialect="mariadb")


def new_id(result: CursorResult[Any]) -> int:
    """The id that the database gave to the one row just inserted."""
    key = result.inserted_primary_key
    assert key is not None, "one row was inserted"
    return int(key[0])


class UtcMoment(TypeDecorator[datetime]):
    """A moment in UTC with microseconds; naive in the database, aware in Python."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(DATETIME(fsp=6) if dialect.name in ("mysql", "mariadb") else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


# SQLite gives row ids only to INTEGER keys; its integers are 64 bits wide anyway.
BigId = BigInteger().with_variant(Integer(), "sqlite")


def exact_text(length: int) -> String:
    """Text that is compared byte by byte on both databases."""
    return String(length).with_variant(String(length, collation="utf8mb4_bin"), "mysql", "mariadb")


class Database:
    """`transact` for what writes, `read` for single statements. Safe to share between greenlets and threads.

    `statement_timeout_s`: how long MariaDB may take to answer one statement before it counts as down.
    """

    def __init__(self, url: str, *, statement_timeout_s: int = STATEMENT_TIMEOUT_S) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._writes = _sqlite_engine(url)
            self._reads = _sqlite_engine(url, autocommit=True)
        else:
            self._writes = _mariadb_engine(url, "READ COMMITTED", statement_timeout_s)
            self._reads = _mariadb_engine(url, "AUTOCOMMIT", statement_timeout_s)

    @property
    def engine(self) -> Engine:
        return self._writes

    def transact(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in one transaction, again from its start when the database asks for that.

        A deadlock or a lock wait is tried again, and so is a connection lost before COMMIT was sent. Lost
        during COMMIT it raises OutcomeUnknown. Raises DatabaseDown when no connection can be had.
        """
        return self._transact(work, args, kwargs, repeatable=False)

    def transact_keyed(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `transact`, for work that claims an idempotency key first and so may be repeated.

        After a connection was lost during COMMIT it runs again and so finds out; it raises OutcomeUnknown
        only when the database stays away for OUTCOME_WAIT_S.
        """
        return self._transact(work, args, kwargs, repeatable=True)

    def _transact(self, work: Callable[..., T], args: Any, kwargs: Any, *, repeatable: bool) -> T:
        unknown_until: float | None = None
        attempt = 0
        while True:
            attempt += 1
            committing = False
            try:
                with self._writes.connect() as connection, connection.begin() as transaction:
                    result = work(connection, *args, **kwargs)
                    committing = True
                    transaction.commit()
                    return result
            except PoolTimeout as error:
                failure: Exception = error
            except (OperationalError, InterfaceError) as error:
                failure = error
                if committing and _connection_lost(error):
                    unknown_until = unknown_until or time.monotonic() + (OUTCOME_WAIT_S if repeatable else 0)
                elif not self._may_retry(error):
                    raise DatabaseDown from error
            if unknown_until is None and attempt >= ATTEMPTS_MAX:
                raise DatabaseDown from failure
            if unknown_until is not None and time.monotonic() >= unknown_until:
                raise OutcomeUnknown from failure
            time.sleep(min(RETRY_PAUSE_S * attempt, RETRY_PAUSE_MAX_S) * random.uniform(0.5, 1.5))

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work`, each statement of which sees what was committed when it began. Raises DatabaseDown."""
        for attempt in (1, 2):
            try:
                with self._reads.connect() as connection:
                    return work(connection, *args, **kwargs)
            except PoolTimeout:
                raise DatabaseDown from None
            except (OperationalError, InterfaceError) as error:
                if attempt == 2 or not _connection_lost(error):
                    raise DatabaseDown from error
        raise DatabaseDown

    def dispose(self) -> None:
        self._writes.dispose()
        self._reads.dispose()

    def _may_retry(self, error: DBAPIError) -> bool:
        return _number(error) in _RETRIED or _connection_lost(error) or self.is_sqlite


def _number(error: DBAPIError) -> int | None:
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def _connection_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or _number(error) in _CONNECTION_LOST


def is_lock_wait(error: DBAPIError) -> bool:
    """Whether another transaction held the row for LOCK_WAIT_S."""
    return _number(error) == 1205


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique key refused the row (and not, say, a foreign key)."""
    return _number(error) == 1062 or "UNIQUE constraint failed" in str(error.orig)


def _mariadb_engine(url: str, isolation: Any, statement_timeout_s: int) -> Engine:
    return create_engine(
        url,
        isolation_level=isolation,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_recycle=1800,
        pool_reset_on_return=None if isolation == "AUTOCOMMIT" else "rollback",
        connect_args={
            "charset": "utf8mb4",
            # The driver makes a TLS context for each connection, 50 ms of the node, also when none is wanted.
            "ssl_disabled": "ssl" not in url.partition("?")[2],
            "connect_timeout": CONNECT_TIMEOUT_S,
            "read_timeout": statement_timeout_s,
            "write_timeout": statement_timeout_s,
            "init_command": f"SET innodb_lock_wait_timeout={LOCK_WAIT_S}, time_zone='+00:00',"
            f" idle_transaction_timeout={IDLE_TRANSACTION_S}",
        },
    )


def _sqlite_engine(url: str, *, autocommit: bool = False) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        connect_args={"timeout": 0, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            _patiently(connection.execute, f"PRAGMA {pragma}")

    if not autocommit:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            _patiently(connection.exec_driver_sql, "BEGIN IMMEDIATE")

    return engine


def _patiently(execute: Callable[[str], object], statement: str) -> None:
    """SQLite's own wait would stall every greenlet of the process, so the wait is ours."""
    deadline = time.monotonic() + SQLITE_LOCK_WAIT_S
    while True:
        try:
            execute(statement)
            return
        except (sqlite3.OperationalError, OperationalError) as error:
            if not _busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(SQLITE_LOCK_PAUSE_S * random.uniform(0.5, 1.5))


def _busy(error: Exception) -> bool:
    return "locked" in str(error) or "busy" in str(error)
