"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from app import sql_engines
from app.db import Database
from app.migrations import grants, seal

LOCK_NAME = "saldo_vivo_migrate"
LOCK_WAIT_S = 60
# A step may rewrite a large table.
STEP_TIMEOUT_S = 3600.0


class Busy(Exception):
    """Another process is migrating this database."""


def upgrade(db: Database) -> None:
    """Run what is missing, one process at a time. Raises Busy when another one takes longer than LOCK_WAIT_S.

    MariaDB commits each statement that changes a table, so a run that ended in the middle leaves a half: every step
    looks for what is there already, and the next run goes on. The lock goes with the connection.
    """
    engine = sql_engines.for_one_use(db.url, timeout_s=STEP_TIMEOUT_S)
    with engine.connect() as connection, connection.begin():
        if not db.is_sqlite:
            _lock(connection)
        command.upgrade(config(connection), "head")
        seal.history(connection)
        grants.give(connection)


def _lock(connection: Connection) -> None:
    """0: it is taken; NULL: the server could not even try. Neither is a lock."""
    got = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": LOCK_NAME, "wait": LOCK_WAIT_S}).scalar()
    if got != 1:
        raise Busy(f"the lock {LOCK_NAME!r} cannot be had (GET_LOCK answered {got}): does another migration run?")


def config(connection: Connection) -> Config:
    options = Config()
    options.set_main_option("script_location", str(Path(__file__).parent))
    options.attributes["connection"] = connection
    return options
