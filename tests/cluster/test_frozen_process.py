"""A process that freezes keeps its connections, and the database keeps what they have locked: not for ever."""

from sqlalchemy import text

from app.db import Database
from app.migrations import runner
from tests.support.servers import DatabaseServer

TAKE = text("UPDATE stream_epoch SET epoch = epoch + 1")


def test_a_transaction_whose_process_froze_gives_its_locks_back(mariadb: DatabaseServer) -> None:
    url = mariadb.create_database("frozen")
    frozen, other = Database(url), Database(url)
    runner.upgrade(other)

    with frozen.engine.connect() as connection:
        connection.execute(TAKE)
        # From here on this transaction does nothing, as if its process had been stopped.
        other.transact(lambda alive: alive.execute(TAKE))
        connection.invalidate()

    frozen.dispose()
    other.dispose()
