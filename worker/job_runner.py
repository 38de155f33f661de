"""Runs the jobs that are due: claims them in the database, so that any number of workers share them."""

import os
import secrets
import socket
from collections.abc import Callable, Sequence

import gevent
from flask_socketio_cluster import trace
from flask_socketio_cluster.loops import Loop
from gevent.pool import Pool
from sqlalchemy import Connection

from app import clock, log, metrics
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.jobs import actions
from app.jobs.actions import Claim
from app.jobs.job import Job

LOOK_EVERY_S = 1.0
AT_ONCE_MAX = 4
# How long a worker that ends waits for the jobs that it runs, and then for their transactions to be rolled back.
STOP_S = 4.0
KILL_S = 1.0
RECORD_RETRY_S = 1.0
_EXPECTED = (DatabaseDown, OutcomeUnknown)
_log = log.get("jobs")


class JobRunner:
    """Looks every second, and runs each job that is due in a greenlet of its own, AT_ONCE_MAX at the most.

    A failure is logged once for each kind, until the job succeeds.
    """

    def __init__(self, db: Database, jobs: Sequence[Job]) -> None:
        self._db = db
        self._jobs = tuple(jobs)
        self._worker = f"{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._running = Pool(AT_ONCE_MAX)
        self._registered = False
        self._logged: dict[str, set[str]] = {job.name: set() for job in jobs}
        self.loop = Loop("jobs", self.look, every_s=LOOK_EVERY_S, jitter=0.2, expected=_EXPECTED)

    def start(self) -> None:
        self.loop.start()

    def stop(self) -> None:
        """Claim no more. Jobs that are running have STOP_S to end; then they are ended and given back."""
        self.loop.stop()
        self._running.join(STOP_S)
        self._running.kill(timeout=KILL_S)

    def look(self) -> None:
        """Start what is due and nobody else runs, as far as there is room."""
        if not self._registered:
            self._db.transact(actions.register, self._jobs)
            self._registered = True
        room = self._running.free_count()
        # A read first: on SQLite whoever writes keeps everybody else from it.
        if room == 0 or self._db.read(actions.seconds_to_next, self._jobs) > 0:
            return
        for claim in self._db.transact(actions.claim, self._jobs, worker=self._worker, at_most=room):
            if claim.left_by is not None:
                _log.warning("job_taken_over", job=claim.job.name, left_by=claim.left_by)
            self._running.spawn(self._run, claim)

    def wait(self) -> None:
        """Until no job is running here."""
        self._running.join()

    def _run(self, claim: Claim) -> None:
        began_s = clock.monotonic_s()
        until_s = began_s + claim.job.lease_s
        trace.begin(None)  # this greenlet does nothing else
        try:
            with gevent.Timeout(claim.job.lease_s):
                result = claim.job.run()
        except gevent.GreenletExit:
            self._db.transact(actions.give_back, claim)
        except (Exception, gevent.Timeout) as error:
            _count(claim.job.name, "failed", began_s)
            self._failed(claim, error)
            text = f"{type(error).__name__}: {error}"
            self._record(claim, until_s, lambda connection: actions.fail(connection, claim, text))
        else:
            _count(claim.job.name, "ok" if result.ok else "fault", began_s)
            self._logged[claim.job.name].clear()
            self._record(claim, until_s, lambda connection: actions.finish(connection, claim, result))

    def _failed(self, claim: Claim, error: BaseException) -> None:
        kind, logged = type(error).__name__, self._logged[claim.job.name]
        if kind in logged:
            return
        logged.add(kind)
        if isinstance(error, _EXPECTED):
            _log.warning("job_put_off", job=claim.job.name, error=repr(error))
        else:
            _log.error("job_failed", job=claim.job.name, exc_info=error)

    def _record(self, claim: Claim, until_s: float, end: Callable[[Connection], bool]) -> None:
        """Until the database takes it. When the lease is over another worker runs the job, and has the say."""
        while clock.monotonic_s() < until_s + actions.LEASE_MARGIN_S:
            try:
                if not self._db.transact(end):
                    _log.warning("job_outlived_its_lease", job=claim.job.name)
                return
            except _EXPECTED:
                gevent.sleep(RECORD_RETRY_S)


def _count(job: str, outcome: str, began_s: float) -> None:
    metrics.JOB_SECONDS.labels(job, outcome).observe(clock.monotonic_s() - began_s)
    if outcome == "ok":
        metrics.JOB_SUCCESS.labels(job).set(clock.unix_s())
