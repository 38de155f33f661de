"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from app.db import Database

LOCK_NAME = "saldo_vivo_migrate"
LOCK_WAIT_S = 60


def upgrade(db: Database) -> None:
    """Run what is missing, one process at a time."""
    with db.engine.connect() as connection, connection.begin():
        if not db.is_sqlite:
            connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": LOCK_NAME, "wait": LOCK_WAIT_S})
        command.upgrade(config(connection), "head")
        if not db.is_sqlite:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK_NAME})


def config(connection: Connection) -> Config:
    options = Config()
    options.set_main_option("script_location", str(Path(__file__).parent))
    options.attributes["connection"] = connection
    return options
