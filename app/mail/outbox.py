"""The outbox of mails: written in the transaction of what they tell, emptied by the worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from app import clock
from app.mail.models import MailRow

# Pauses after a failure: doubled each time. After so many the mail is given up.
PAUSE_S = 15
PAUSE_MAX_S = 600
ATTEMPTS_MAX = 10
# For the page of the local outbox, and to look into what was not sent.
KEPT_EXPIRED = timedelta(days=1)
PURGED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Mail:
    id: int
    recipient: str
    subject: str
    body: str
    created_at: datetime
    attempts: int


_COLUMNS = (
    MailRow.id,
    MailRow.recipient,
    MailRow.subject,
    MailRow.body,
    MailRow.created_at,
    MailRow.attempts,
)


def put(connection: Connection, *, recipient: str, subject: str, body: str, life: timedelta) -> None:
    """To be sent within `life`."""
    now = clock.now()
    values = {"recipient": recipient, "subject": subject, "body": body, "created_at": now, "attempts": 0}
    connection.execute(insert(MailRow).values(**values, next_try_at=now, expires_at=now + life))


def due(connection: Connection, limit: int) -> list[Mail]:
    """Those that may be tried now, the longest due first."""
    now = clock.now()
    statement = select(*_COLUMNS).where(MailRow.next_try_at <= now, MailRow.expires_at > now)
    rows = connection.execute(statement.order_by(MailRow.next_try_at, MailRow.id).limit(limit))
    return [Mail(*row) for row in rows]


def newest(connection: Connection, limit: int) -> list[Mail]:
    rows = connection.execute(select(*_COLUMNS).order_by(MailRow.id.desc()).limit(limit))
    return [Mail(*row) for row in rows]


def drop(connection: Connection, mail_id: int) -> None:
    """It was sent, or never will be."""
    connection.execute(delete(MailRow).where(MailRow.id == mail_id))


def put_off(connection: Connection, mail: Mail) -> bool:
    """It could not be sent now; False when it was given up for that."""
    if mail.attempts + 1 >= ATTEMPTS_MAX:
        drop(connection, mail.id)
        return False
    pause = timedelta(seconds=min(PAUSE_S * 2**mail.attempts, PAUSE_MAX_S))
    values = {"attempts": mail.attempts + 1, "next_try_at": clock.now() + pause}
    connection.execute(update(MailRow).where(MailRow.id == mail.id).values(**values))
    return True


def purge(connection: Connection) -> int:
    """Drop up to PURGED_AT_ONCE mails that expired KEPT_EXPIRED ago; rows deleted."""
    old = select(MailRow.id).where(MailRow.expires_at < clock.now() - KEPT_EXPIRED).limit(PURGED_AT_ONCE)
    ids = connection.execute(old).scalars().all()
    return connection.execute(delete(MailRow).where(MailRow.id.in_(ids))).rowcount if ids else 0
