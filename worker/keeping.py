"""House-keeping: what is past its time is dropped."""

from gevent.event import Event

from app import log
from app.bank import idempotency
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.users.actions import purge_revocations

EVERY_S = 600

_log = log.get("keeping")


def run(db: Database, stop: Event) -> None:
    """Until `stop` is set."""
    while not stop.wait(EVERY_S):
        try:
            while db.transact(idempotency.purge) == idempotency.PURGE_ROWS_MAX:
                stop.wait(0)
            db.transact(purge_revocations)
        except (DatabaseDown, OutcomeUnknown):
            _log.warning("keeping_put_off")
