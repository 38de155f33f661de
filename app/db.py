"""The database: two engines, one for transactions that write and one for single statements that read.

MariaDB runs at READ COMMITTED. SQLite, the embedded default, runs every writing transaction as BEGIN IMMEDIATE.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar, TypeVarTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    CursorResult,
    DateTime,
    Engine,
    Insert,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    insert,
    text,
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from app import deadline, log, metrics, sql_engines, sql_errors
from app.errors import DatabaseDown, KeyInFlight, OutcomeUnknown
from app.gate import Gate
from app.sql_errors import Trouble
from app.write_probe import WriteProbe

# How long MariaDB may be silent before it counts as lost; longer than LOCK_WAIT_S, see also `app.deadline`.
STATEMENT_TIMEOUT_S = 4.0
ATTEMPTS_MAX = 6
RETRY_PAUSE_S = 0.02
RETRY_PAUSE_MAX_S = 0.25
_log = log.get("database")

P = ParamSpec("P")
T = TypeVar("T")
Columns = TypeVarTuple("Columns")


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


def locked_by_key(statement: Select[*Columns], model: type[Base], *, shared: bool = False) -> Select[*Columns]:
    """The SELECT, which locks its rows in ascending order of their primary keys, and no others. `shared`: only against
    changes.

    MariaDB locks in the order of the index that it goes by, and by itself chooses now one and now another.
    """
    for dialect in ("mysql", "mariadb"):
        statement = statement.with_hint(table(model), "FORCE INDEX (PRIMARY)", dialect)
    return statement.order_by(*table(model).primary_key).with_for_update(read=shared)


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


class Share:
    """Connections for one purpose, and a bounded queue in front of them: no other purpose can take them away.

    `name`: in the metrics.
    """

    def __init__(self, database: "Database", name: str, *, reads: int, writes: int, waiting_max: int) -> None:
        self._database = database
        self.reads = reads
        self.writes = writes
        self._reading = Gate(f"{name}_read", at_once_max=reads, waiting_max=waiting_max)
        self._writing = Gate(f"{name}_write", at_once_max=writes, waiting_max=waiting_max)

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `Database.read`, on this share's connections."""
        until = deadline.ends_at()
        with self._reading.enter(until=until):
            return self._database._read(work, args, kwargs, until)

    def transact(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `Database.transact`, on this share's connections."""
        until = deadline.ends_at()
        with self._writing.enter(until=until):
            return self._database._transact(work, args, kwargs, until, repeatable=False)

    def transact_keyed(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `Database.transact_keyed`, on this share's connections."""
        until = deadline.ends_at()
        with self._writing.enter(until=until):
            return self._database._transact(work, args, kwargs, until, repeatable=True)


class Database:
    """`transact` for what writes, `read` for single statements. Safe to share between greenlets and threads.

    Each purpose has connections of its own, with a bounded queue in front: `authentication` (logins, and the token of
    every request and event), `catch_up` (what sockets missed), money (`transact_keyed`), `probes` (whether it answers,
    what time it is), and the rest. Who finds the queue full, or waits in it until the request's time is up, gets
    Overloaded, which is a kind of DatabaseDown.

    `statement_timeout_s`: how long MariaDB may take to answer one statement before it counts as lost.
    """

    def __init__(self, url: str, *, statement_timeout_s: float = STATEMENT_TIMEOUT_S) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.authentication = Share(self, "authentication", reads=3, writes=1, waiting_max=500)
        self.catch_up = Share(self, "catch_up", reads=2, writes=1, waiting_max=100)
        self._money = Share(self, "money", reads=1, writes=5, waiting_max=100)
        self._general = Share(self, "general", reads=4, writes=2, waiting_max=200)
        self.probes = Share(self, "probes", reads=1, writes=1, waiting_max=100)
        shares = (self.authentication, self.catch_up, self._money, self._general, self.probes)
        reads, writes = sum(s.reads for s in shares), sum(s.writes for s in shares)
        # As many as this process may have at once, the write probe's own included.
        self.connections = reads + writes + 1
        self._reads = sql_engines.for_reads(url, connections=reads, timeout_s=statement_timeout_s)
        self._writes = sql_engines.for_writes(url, connections=writes, timeout_s=statement_timeout_s)
        self._probe = WriteProbe(url)
        self._failing = False

    @property
    def engine(self) -> Engine:
        return self._writes

    def transact(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in one transaction, again from its start when the database asks for that.

        A deadlock or a lock wait is tried again, and so is a connection lost before COMMIT was sent. Lost
        during COMMIT it raises OutcomeUnknown. Raises DatabaseDown when the database is away, cannot write or has
        too much to do, and SqlFault for a statement that is wrong.
        """
        return self._general.transact(work, *args, **kwargs)

    def transact_keyed(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `transact`, for work that claims an idempotency key first and so may be repeated.

        After a connection was lost during COMMIT it runs again and so finds out, also when the lost session still
        holds the key; it raises OutcomeUnknown only when that takes longer than a request may.
        """
        return self._money.transact_keyed(work, *args, **kwargs)

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work`, each statement of which sees what was committed when it began. Raises DatabaseDown, SqlFault."""
        return self._general.read(work, *args, **kwargs)

    def ping(self) -> None:
        """Ask the database for nothing, past what waits for the other purposes; for /readyz. Raises DatabaseDown."""
        self.probes.read(_nothing)

    def writable(self) -> bool:
        """Whether a transaction can be committed now. Cheap, and bounded by some seconds; for /readyz."""
        return self._probe.ask()

    def dispose(self) -> None:
        self._writes.dispose()
        self._reads.dispose()

    def _read(self, work: Callable[..., T], args: Any, kwargs: Any, until: float) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._reads.connect() as connection:
                    result = work(connection, *args, **kwargs)
            except DBAPIError as error:
                trouble = sql_errors.trouble_of(error)
                if trouble is Trouble.FAULT:
                    raise _fault(error) from None
                # A connection of the pool may have died long ago; a new one says how things are.
                if trouble is not Trouble.LOST or attempt == 2 or time.monotonic() >= until:
                    raise self._down(error) from error
            else:
                self._failing = False
                return result

    def _transact(self, work: Callable[..., T], args: Any, kwargs: Any, until: float, *, repeatable: bool) -> T:
        lost = unknown = False
        attempt = 0
        while True:
            attempt += 1
            committing = False
            try:
                with self._writes.connect() as connection, connection.begin() as transaction:
                    result = work(connection, *args, **kwargs)
                    committing = True
                    transaction.commit()
            except KeyInFlight as error:
                if not lost:
                    raise
                # Held by a session of this very call, whose connection broke: it ends, or its commit arrives.
                failure: Exception = error
            except DatabaseDown as error:
                if not unknown:
                    raise
                failure = error  # the request's time is up
            except DBAPIError as error:
                failure = error
                trouble = sql_errors.trouble_of(error)
                if trouble is Trouble.FAULT and not unknown:
                    raise _fault(error) from None
                lost = lost or trouble is Trouble.LOST
                unknown = unknown or (committing and trouble is Trouble.LOST)
                if trouble in (Trouble.LATE, Trouble.UNWRITABLE):
                    attempt = ATTEMPTS_MAX
            else:
                self._failing = False
                self._probe.wrote()
                return result
            late = time.monotonic() >= until
            if unknown and (late or not repeatable):
                self._down(failure)
                raise OutcomeUnknown from failure
            if not unknown and (late or attempt >= ATTEMPTS_MAX):
                raise self._down(failure) from failure
            metrics.DATABASE_RETRIES.inc()
            time.sleep(min(RETRY_PAUSE_S * attempt, RETRY_PAUSE_MAX_S) * random.uniform(0.5, 1.5))

    def _down(self, failure: Exception) -> DatabaseDown:
        """What to raise; the first of a row is logged with its cause, or an outage would fill the log."""
        if isinstance(failure, DBAPIError):
            trouble = sql_errors.trouble_of(failure)
            metrics.DATABASE_FAILURES.labels(trouble.name.lower()).inc()
            if trouble is Trouble.UNWRITABLE:
                self._probe.could_not_write()
            elif trouble is Trouble.LOST:
                self._probe.lost()
            if not self._failing:
                cause = sql_errors.cause(failure)
                _log.warning("database_down", trouble=trouble.value, cause=cause, statement=failure.statement)
            self._failing = True
        return DatabaseDown()


def _fault(error: DBAPIError) -> sql_errors.SqlFault:
    metrics.DATABASE_FAILURES.labels(Trouble.FAULT.name.lower()).inc()
    return sql_errors.fault(error)


def _nothing(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
