"""All jobs of the workers: what, when, and how long at the most."""

from collections.abc import Callable

from app import log
from app.audit import chain
from app.bank import reconciliation
from app.bank.reconciliation import Check
from app.db import Database
from app.jobs.job import DailyAt, Every, Job, Result
from app.notifications import retention
from worker import broadcasts, housekeeping, schedules
from worker.mail import MailJob
from worker.push import PushJob

# A whole ledger is read in one statement.
CHECK_TIMEOUT_S = 3600
TRIM_TIMEOUT_S = 3600
PUSH_EVERY_S = 3
AUDIT_EVERY_S = 5
MAIL_EVERY_S = 2
BROADCASTS_EVERY_S = 5
# Above its RUN_S and the longest transaction. What is due waits so long for another worker when one dies in a run.
SCHEDULES_TIMEOUT_S = 30
_log = log.get("jobs")


def all_jobs(
    db: Database,
    *,
    retention_days: int,
    committed: Callable[[], None],
    pushing: PushJob | None = None,
    mailing: MailJob | None = None,
) -> list[Job]:
    """`retention_days`: how long read events are kept. `committed` is told when there are new events to relay.
    `pushing`, `mailing`: None where that is off."""
    push = [Job("push", Every(PUSH_EVERY_S), 60, pushing.run)] if pushing else []
    mail = [Job("correio", Every(MAIL_EVERY_S), 90, mailing.run)] if mailing else []
    return [
        *push,
        *mail,
        Job("agendamentos", Every(5), SCHEDULES_TIMEOUT_S, lambda: schedules.run_due(db, committed=committed)),
        Job("avisos_a_todos", Every(BROADCASTS_EVERY_S), 60, lambda: broadcasts.tell_all(db, committed=committed)),
        Job("auditoria", Every(AUDIT_EVERY_S), 60, lambda: housekeeping.chain_audit(db)),
        Job("idempotency_keys", Every(600), 60, lambda: housekeeping.purge_keys(db)),
        Job("revocations", Every(600), 60, lambda: housekeeping.drop_revocations(db)),
        Job("sessions", Every(600), 60, lambda: housekeeping.drop_sessions(db)),
        Job("used_challenges", Every(600), 60, lambda: housekeeping.drop_used_challenges(db)),
        Job("mails", Every(600), 60, lambda: housekeeping.drop_mails(db)),
        Job("contact_requests", Every(600), 60, lambda: housekeeping.end_contact_requests(db)),
        Job("retention", DailyAt(3), TRIM_TIMEOUT_S, lambda: drop_old_events(db, retention_days)),
        Job("conciliar", DailyAt(4), CHECK_TIMEOUT_S, lambda: check_books(db.url)),
    ]


def drop_old_events(db: Database, days: int) -> Result:
    return Result(f"events dropped: {retention.trim_all(db, days=days)}")


def all_checks(db: Database) -> tuple[list[Check], str]:
    """Of the books, and of the chain of what was done; and where that ends, in words."""
    verified = db.read(chain.verify)
    checks = [*db.read(reconciliation.run), Check("the audit chain holds", verified.lines, verified.faults)]
    return checks, f"audit: {verified.lines} lines, {verified.hash}"


def check_books(url: str) -> Result:
    """As `python -m worker conciliar`, on connections of its own, which may wait long. Logs every fault as an error."""
    db = Database(url, statement_timeout_s=CHECK_TIMEOUT_S)
    try:
        checks, end_of_audit = all_checks(db)
    finally:
        db.dispose()
    faults = [fault for check in checks for fault in check.faults]
    for check in checks:
        if check.faults:
            _log.error("books_at_fault", check=check.name, faults=check.faults)
    return Result(f"checks: {len(checks)}, faults: {len(faults)}, {end_of_audit}", ok=not faults)
