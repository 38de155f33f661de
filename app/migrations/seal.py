"""The database itself refuses to change or delete what the books say (docs/adr/0009)."""

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from app import log, sql_errors

TABLES = ("operations", "entries", "audit")
_VERBS = ("UPDATE", "DELETE")
# MariaDB's: with the binary log on only SUPER may make a trigger, unless log_bin_trust_function_creators is on; and the
# user may lack the right to make any.
_MAY_NOT = (1419, 1142)

_log = log.get("migrations")


def history(connection: Connection) -> bool:
    """Make the triggers that are missing; whether all are there now. A server that refuses them is no error: it is
    said aloud, and the next run tries again."""
    if not set(TABLES) <= set(inspect(connection).get_table_names()):
        return False  # a schema on its way back
    try:
        for table in TABLES:
            for verb in _VERBS:
                connection.execute(text(_trigger(table, verb, sqlite=connection.dialect.name == "sqlite")))
    except DBAPIError as error:
        if sql_errors.number(error) not in _MAY_NOT:
            raise
        _log.warning(
            "history_not_sealed",
            cause=sql_errors.cause(error),
            remedy="see docs/operations.md, then migrate again",
        )
        return False
    return True


def names() -> set[str]:
    """Of all the triggers."""
    return {_name(table, verb) for table in TABLES for verb in _VERBS}


def _name(table: str, verb: str) -> str:
    return f"{table}_refuse_{verb.lower()}"


def _trigger(table: str, verb: str, *, sqlite: bool) -> str:
    refuse = f"'{table} are never changed'"
    body = (
        f"BEGIN SELECT RAISE(ABORT, {refuse}); END"
        if sqlite
        else f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {refuse}"
    )
    return f"CREATE TRIGGER IF NOT EXISTS {_name(table, verb)} BEFORE {verb} ON {table} FOR EACH ROW {body}"
