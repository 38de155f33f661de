"""Claiming jobs, recording how they went. What is due is decided by the database's clock, which all workers share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Update, func, or_, select, update

from app import clock, db
from app.db import UtcMoment
from app.jobs.job import Job, Result
from app.jobs.models import RESULT_CHARS_MAX, WORKER_CHARS_MAX, JobRow

RETRY_S = 5
RETRY_MAX_S = 600
# The claim outlives the run that it allows, so that two of them never overlap.
LEASE_MARGIN_S = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one job. `left_by`: the worker that had it before and never said how it went."""

    job: Job
    number: int
    left_by: str | None


@dataclass(frozen=True, slots=True)
class Stand:
    """A job as an operator sees it. `running_by`: the worker that runs it now."""

    name: str
    next_run_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ok: bool
    result: str
    running_by: str | None


def register(connection: Connection, jobs: Sequence[Job]) -> None:
    """New jobs get their first run; one whose time was changed waits no longer than its new time says."""
    now = database_now(connection)
    for job in jobs:
        next_run_at = job.when.next_after(now)
        connection.execute(db.insert_missing(JobRow).values(name=job.name, next_run_at=next_run_at))
        later = JobRow.name == job.name, JobRow.next_run_at > next_run_at
        connection.execute(update(JobRow).where(*later).values(next_run_at=next_run_at))


def seconds_to_next(connection: Connection, jobs: Sequence[Job]) -> float:
    """How long it is until one of these jobs may be claimed; not above 0 when one may be now."""
    ready = func.coalesce(JobRow.claimed_until, JobRow.next_run_at)
    statement = select(func.min(ready, type_=UtcMoment)).where(JobRow.name.in_([job.name for job in jobs]))
    soonest: datetime = connection.execute(statement).scalar_one()
    return (soonest - database_now(connection)).total_seconds()


def claim(connection: Connection, jobs: Sequence[Job], *, worker: str, at_most: int) -> list[Claim]:
    """Those of `jobs` that are due and nobody runs, the longest due first. Locks their rows, past those locked."""
    now = database_now(connection)
    by_name = {job.name: job for job in jobs}
    due = (
        select(JobRow.name, JobRow.claims, JobRow.claimed_by)
        .where(JobRow.name.in_(by_name), JobRow.next_run_at <= now, _free(now))
        .order_by(JobRow.next_run_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    claims = [Claim(by_name[row.name], row.claims + 1, row.claimed_by) for row in connection.execute(due)]
    for each in claims:
        until = now + timedelta(seconds=each.job.lease_s + LEASE_MARGIN_S)
        claimed = {"claimed_by": worker[:WORKER_CHARS_MAX], "claimed_until": until, "claims": each.number}
        connection.execute(update(JobRow).where(JobRow.name == each.job.name).values(**claimed, last_started_at=now))
    return claims


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(JobRow.claimed_until.is_(None), JobRow.claimed_until <= now)


def finish(connection: Connection, claim: Claim, result: Result) -> bool:
    """Record a run that has ended and when the next one is; False when the claim is not this worker's any more."""
    now = database_now(connection)
    next_run_at = now if result.more else claim.job.when.next_after(now)
    return _end(connection, claim, now, next_run_at, ok=result.ok, text=result.text, failures=0)


def fail(connection: Connection, claim: Claim, text: str) -> bool:
    """Record a run that failed; the next one comes after a pause that doubles with each failure. As `finish`."""
    now = database_now(connection)
    statement = select(JobRow.failures).where(JobRow.name == claim.job.name).with_for_update()
    failures = connection.execute(statement).scalar_one() + 1
    pause_s = min(RETRY_S * 2 ** min(failures - 1, 16), RETRY_MAX_S)
    next_run_at = now + timedelta(seconds=pause_s)
    return _end(connection, claim, now, next_run_at, ok=False, text=text, failures=failures)


def _end(
    connection: Connection,
    claim: Claim,
    now: datetime,
    next_run_at: datetime,
    *,
    ok: bool,
    text: str,
    failures: int,
) -> bool:
    ended = {"last_ended_at": now, "last_ok": int(ok), "last_result": text[:RESULT_CHARS_MAX], "failures": failures}
    free = {"next_run_at": next_run_at, "claimed_until": None, "claimed_by": None}
    return connection.execute(_own(claim).values(**ended, **free)).rowcount == 1


def give_back(connection: Connection, claim: Claim) -> None:
    """A run that was ended because its worker stops; another worker may begin at once."""
    connection.execute(_own(claim).values(claimed_until=None, claimed_by=None))


def _own(claim: Claim) -> Update:
    return update(JobRow).where(
        JobRow.name == claim.job.name, JobRow.claims == claim.number, JobRow.claimed_until.is_not(None)
    )


def stands(connection: Connection) -> list[Stand]:
    """All jobs by name."""
    now = database_now(connection)
    rows = connection.execute(
        select(
            JobRow.name,
            JobRow.next_run_at,
            JobRow.last_started_at,
            JobRow.last_ended_at,
            JobRow.last_ok,
            JobRow.last_result,
            JobRow.claimed_by,
            JobRow.claimed_until,
        ).order_by(JobRow.name)
    )
    return [
        Stand(
            row.name,
            row.next_run_at,
            row.last_started_at,
            row.last_ended_at,
            row.last_ok != 0,
            row.last_result,
            row.claimed_by if row.claimed_until and row.claimed_until > now else None,
        )
        for row in rows
    ]


def database_now(connection: Connection) -> datetime:
    """The moment by the clock of the database, which on SQLite is this machine's."""
    if connection.dialect.name == "sqlite":
        return clock.now()
    return connection.execute(select(func.utc_timestamp(6, type_=UtcMoment))).scalar_one()
