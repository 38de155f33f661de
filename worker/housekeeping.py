"""Housekeeping: what is past its time is dropped."""

from sqlalchemy import Connection

from app.audit import chain
from app.bank import idempotency, late_lines
from app.contacts import expiry
from app.db import Database
from app.jobs.job import Result
from app.mail import outbox
from app.push import actions as push
from app.users import passkeys, sessions


def purge_keys(db: Database) -> Result:
    """Some idempotency keys at a time; again at once while there are more."""
    dropped = db.transact(idempotency.purge)
    return Result(f"keys dropped: {dropped}", more=dropped == idempotency.PURGE_ROWS_MAX)


def drop_revocations(db: Database) -> Result:
    return Result(f"revocations dropped: {db.transact(sessions.purge_revocations)}")


def end_contact_requests(db: Database) -> Result:
    """Some old requests by e-mail at a time; again at once while there are more."""
    ended = expiry.end_old_requests(db)
    return Result(f"requests ended: {ended}", more=ended == expiry.ENDED_AT_ONCE)


def chain_audit(db: Database) -> Result:
    """Some lines at a time; again at once while there are more. Operations of old nodes first get a line."""
    looked_at = db.transact(late_lines.add)
    added = db.transact(chain.append)
    more = added == chain.ADDED_AT_ONCE or looked_at == late_lines.LOOKED_AT_ONCE
    return Result(f"lines added: {added}", more=more)


def drop_sessions(db: Database) -> Result:
    """Some sessions whose end has passed at a time; again at once while there are more."""
    dropped = db.transact(_drop_sessions)
    return Result(f"sessions dropped: {dropped}", more=dropped == sessions.PURGED_AT_ONCE)


def _drop_sessions(connection: Connection) -> int:
    ids = sessions.purge(connection)
    push.forget_all_of(connection, ids)
    return len(ids)


def drop_used_challenges(db: Database) -> Result:
    """Some used challenges of passkeys at a time; again at once while there are more."""
    dropped = db.transact(passkeys.purge)
    return Result(f"challenges dropped: {dropped}", more=dropped == passkeys.PURGED_AT_ONCE)


def drop_mails(db: Database) -> Result:
    """Some mails that nobody sends any more at a time; again at once while there are more."""
    dropped = db.transact(outbox.purge)
    return Result(f"mails dropped: {dropped}", more=dropped == outbox.PURGED_AT_ONCE)
