"""What of the database a worker shows in its metrics: the outbox, and how the jobs of all workers stand."""

from datetime import datetime

from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.streams.watch import OutboxWatch
from sqlalchemy import Connection

from app import metrics
from app.db import Database
from app.errors import DatabaseDown
from app.jobs import actions
from app.jobs.actions import Stand
from app.streams.stream import streams

JOBS_EVERY_S = 10.0


def loops(db: Database) -> tuple[Loop, ...]:
    """Still to be started."""
    outbox = OutboxWatch(db, streams, expected=(DatabaseDown,))
    jobs = Loop("jobs_watch", lambda: look_at_jobs(db), every_s=JOBS_EVERY_S, jitter=0.2, expected=(DatabaseDown,))
    return outbox.loop, jobs


def look_at_jobs(db: Database) -> None:
    stands, now = db.read(_stands)
    for stand in stands:
        metrics.JOB_OK.labels(stand.name).set(stand.ok)
        metrics.JOB_OVERDUE.labels(stand.name).set(_overdue_s(stand, now))


def _stands(connection: Connection) -> tuple[list[Stand], datetime]:
    return actions.stands(connection), actions.database_now(connection)


def _overdue_s(stand: Stand, now: datetime) -> float:
    return 0.0 if stand.running_by else max(0.0, (now - stand.next_run_at).total_seconds())
