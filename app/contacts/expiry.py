"""A request by e-mail that nobody answers ends by itself, in the same way whether anybody has the e-mail."""

from datetime import datetime
from itertools import takewhile

from sqlalchemy import Connection, select

from app import clock
from app.contacts import actions
from app.contacts.models import EmailRequest
from app.db import Database

# 30 days. Who asks again after it also tells the other again.
REQUEST_LIFE = actions.ASKED_AGAIN_AFTER
ENDED_AT_ONCE = 100


def end_old_requests(db: Database) -> int:
    """End the oldest requests, ENDED_AT_ONCE at the most, one transaction each; how many were past their time.

    Nobody is told: who asked must not learn from it whether somebody was asked.
    """
    old = db.read(_old, clock.now() - REQUEST_LIFE)
    for request_id, user_id in old:
        db.transact(actions.end_request, user_id, request_id)
    return len(old)


def _old(connection: Connection, before: datetime) -> list[tuple[int, int]]:
    """The id and the asker of each. Ids ascend with time."""
    oldest = select(EmailRequest.id, EmailRequest.user_id, EmailRequest.created_at).order_by(EmailRequest.id)
    rows = connection.execute(oldest.limit(ENDED_AT_ONCE))
    return [(row.id, row.user_id) for row in takewhile(lambda row: row.created_at < before, rows)]
