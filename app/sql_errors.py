"""What an error of a driver means: the database is away, it is locked, it cannot write, or our SQL is at fault."""

import re
import sqlite3
from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError


class Trouble(Enum):
    """Only a FAULT is ours; it is the same however often it is tried."""

    LOCKED = "another transaction holds what this one needs"
    LOST = "the connection broke, or none can be had"
    LATE = "the statement took too long"
    UNWRITABLE = "the disk is full or everything is read-only"
    FAULT = "the statement is wrong"


# MariaDB's numbers: https://mariadb.com/kb/en/mariadb-error-code-reference/
_OF_MARIADB: dict[int | None, Trouble] = {
    # Deadlock, lock wait timeout, record changed since last read.
    **dict.fromkeys((1213, 1205, 1020), Trouble.LOCKED),
    # Closed, cannot connect, gone away, lost, out of step, killed, shutting down, broken off, packets lost.
    **dict.fromkeys((0, 2002, 2003, 2006, 2013, 2014, 2045, 2055, 1927, 1053, 1152), Trouble.LOST),
    **dict.fromkeys((1158, 1159, 1160, 1161, 1184), Trouble.LOST),
    # Too many connections, in all or of this user.
    **dict.fromkeys((1040, 1203, 1226), Trouble.LOST),
    # No member of a Galera cluster that has a majority.
    1047: Trouble.LOST,
    # max_statement_time, KILL QUERY.
    **dict.fromkeys((1969, 1317), Trouble.LATE),
    # Disk full, error on write, table full, --read-only, innodb_read_only.
    **dict.fromkeys((1021, 1026, 1114, 1290, 1836), Trouble.UNWRITABLE),
}
# The same for SQLite's primary result codes: https://sqlite.org/rescode.html
_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_PROTOCOL: Trouble.LOCKED,
    sqlite3.SQLITE_CANTOPEN: Trouble.LOST,
    sqlite3.SQLITE_IOERR: Trouble.LOST,
    sqlite3.SQLITE_INTERRUPT: Trouble.LATE,
    sqlite3.SQLITE_FULL: Trouble.UNWRITABLE,
    sqlite3.SQLITE_READONLY: Trouble.UNWRITABLE,
}
# MariaDB quotes names of ours in these (column, table, constraint); in all others it may quote what people wrote.
_QUOTES_NAMES = {1048, 1054, 1146, 1264, 1305, 1364, 1406, 1451, 1452, 4025}


class SqlFault(Exception):
    """Our SQL or our data is at fault. An accident, for the log alone; its text shows nothing that people wrote."""


def trouble_of(error: DBAPIError) -> Trouble:
    if error.connection_invalidated:
        return Trouble.LOST
    if isinstance(error.orig, sqlite3.Error):
        return _OF_SQLITE.get(_sqlite_code(error.orig), Trouble.FAULT)
    return _OF_MARIADB.get(number(error), Trouble.FAULT)


def is_busy(error: Exception) -> bool:
    """Whether SQLite could not have its lock; `error` is the driver's, or SQLAlchemy's around it."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(orig, sqlite3.Error) and _OF_SQLITE.get(_sqlite_code(orig)) is Trouble.LOCKED


def is_lock_wait(error: DBAPIError) -> bool:
    """Whether another transaction of MariaDB held the row for as long as one waits."""
    return number(error) == 1205


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique key refused the row (and not, say, a foreign key)."""
    return number(error) == 1062 or "UNIQUE constraint failed" in str(error.orig)


def cause(error: DBAPIError) -> str:
    """The driver's number and words, fit for a log: SQLite quotes nothing but names, of MariaDB's words see above."""
    if isinstance(error.orig, sqlite3.Error):
        return f"{getattr(error.orig, 'sqlite_errorname', '')} {error.orig}".strip()
    words = str(error.orig.args[-1]) if error.orig and error.orig.args else type(error.orig).__name__
    if number(error) not in _QUOTES_NAMES:
        words = re.sub(r"'.*'", "'…'", words, flags=re.DOTALL)
    return f"{number(error)} {words}"


def fault(error: DBAPIError) -> SqlFault:
    """The same accident, from the same place, without the values that the driver's text may quote."""
    made = SqlFault(f"{type(error).__name__}: {cause(error)} [{error.statement}]")
    return made.with_traceback(error.__traceback__)


def number(error: DBAPIError) -> int | None:
    """MariaDB's, or that of the driver when no server was reached."""
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def _sqlite_code(error: sqlite3.Error) -> int:
    """The primary code; the extended one says more in its upper bytes. An error of the module itself has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
