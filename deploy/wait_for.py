"""Wait for the database, then become a command: not everything that starts containers starts them in order.

python -m deploy.wait_for database COMMAND    until it answers
python -m deploy.wait_for schema COMMAND      until its tables are as this version of the program needs them
"""

import os
import signal
import sys
import time
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

import app.migrations
from app import sql_engines

TIMEOUT_S = 120.0
POLL_S = 0.5
ANSWER_TIMEOUT_S = 4.0


class NotYet(Exception):
    """What is missing, in one line."""


def check_database(engine: Engine) -> None:
    """Raises NotYet."""
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise NotYet(f"the database does not answer: {error.orig}") from None


def check_schema(engine: Engine) -> None:
    """Raises NotYet."""
    check_database(engine)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    needed = ScriptDirectory(str(Path(app.migrations.__file__).parent)).get_current_head()
    if found != needed:
        raise NotYet(f"the schema is at {found or 'nothing'} and not at {needed}")


def wait_for(what: str) -> None:
    """Return when `what` is there; end the process when it does not come."""
    check = {"database": check_database, "schema": check_schema}[what]
    # As the program connects: of several servers, to the first that takes writes.
    engine = sql_engines.for_one_use(os.environ["DATABASE_URL"], timeout_s=ANSWER_TIMEOUT_S)
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            check(engine)
        except NotYet as missing:
            if time.monotonic() > deadline:
                sys.exit(f"gave up after {TIMEOUT_S:g} s: {missing}")
            time.sleep(POLL_S)
        else:
            return engine.dispose()


def main(what: str, command: list[str]) -> None:
    # The first process of a container ignores the signals for which it has no handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    wait_for(what)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
