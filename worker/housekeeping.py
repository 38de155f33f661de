"""Housekeeping: what is past its time is dropped."""

import gevent
from flask_socketio_cluster.loops import Loop

from app.bank import idempotency
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.users.actions import purge_revocations

EVERY_S = 600


def loop(db: Database) -> Loop:
    return Loop("housekeeping", lambda: once(db), every_s=EVERY_S, expected=(DatabaseDown, OutcomeUnknown))


def once(db: Database) -> None:
    while db.transact(idempotency.purge) == idempotency.PURGE_ROWS_MAX:
        gevent.sleep(0)
    db.transact(purge_revocations)
