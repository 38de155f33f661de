"""The bank's operator, who has the database: makes schedules due, and gives the jobs of dead workers to others."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysql.constants import ER

from tests.cluster.chaos.agenda import MOVED_DAYS
from tests.cluster.chaos.record import Record
from tests.support.cluster import Cluster
from tests.support.servers import DatabaseServer
from tests.support.several_databases import SeveralDatabases

EVERY_S = 0.5
JOB = "agendamentos"

# Once: no date of what was moved lies ahead any more.
MOVE_BACK = f"""
    UPDATE schedules
       SET anchor_day = anchor_day - INTERVAL {MOVED_DAYS} DAY, until_day = until_day - INTERVAL {MOVED_DAYS} DAY,
           next_day = next_day - INTERVAL {MOVED_DAYS} DAY, due_at = UTC_TIMESTAMP(6)
     WHERE id = %s AND next_day > UTC_DATE()
"""
CLAIMS = "SELECT name, claimed_by FROM jobs WHERE claimed_until > UTC_TIMESTAMP(6)"
END_CLAIM = "UPDATE jobs SET claimed_until = UTC_TIMESTAMP(6) WHERE name = %s AND claimed_by = %s"


class BankOperator:
    """At work in a thread of its own, all the time. A job that a dead worker has left would wait for its lease, 40
    seconds, and with it everything that is due: it is ended at once, so that all of a run is spent working."""

    def __init__(
        self, server: DatabaseServer | SeveralDatabases, database: str, cluster: Cluster, record: Record
    ) -> None:
        self._server = server
        self._name = database
        self._cluster = cluster
        self._record = record
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work_on, name="operator", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _work_on(self) -> None:
        while not self._over.wait(EVERY_S):
            with suppress(pymysql.MySQLError), self._cursor() as cursor:  # killed, for the moment
                while not self._over.wait(EVERY_S):
                    for schedule_id in self._waiting(cursor):
                        cursor.execute(MOVE_BACK, [schedule_id])
                    self._end_claims_of_the_dead(cursor)

    def _waiting(self, cursor: Any) -> list[int]:
        """Those that customers know of, so that what the audit expects is what was moved."""
        cursor.execute("SELECT id FROM schedules WHERE next_day > UTC_DATE()")
        return [int(row[0]) for row in cursor.fetchall() if row[0] in self._record.schedules]

    def _end_claims_of_the_dead(self, cursor: Any) -> None:
        cursor.execute(CLAIMS)
        claims = [(str(name), str(worker)) for name, worker in cursor.fetchall()]
        alive = {entry["pid"] for entry in self._cluster.processes()}
        for name, worker in claims:
            if _pid_of(worker) not in alive and cursor.execute(END_CLAIM, [name, worker]) and name == JOB:
                self._record.jobs_left += 1

    def running_pid(self) -> int | None:
        """The worker that does what is due; None when nothing is done at this moment."""
        with self._cursor() as cursor:
            cursor.execute(f"{CLAIMS} AND name = %s", [JOB])
            row = cursor.fetchone()
        return _pid_of(str(row[1])) if row else None

    def poison_outbox(self, user_id: int) -> int:
        """Put a row into the outbox whose event does not exist; its id."""
        with self._cursor() as cursor:
            cursor.execute("INSERT INTO outbox (user_id, seq) VALUES (%s, 0)", [user_id])
            return int(cursor.lastrowid)

    def is_in_outbox(self, row_id: int) -> bool:
        with self._cursor() as cursor:
            return bool(cursor.execute("SELECT id FROM outbox WHERE id = %s", [row_id]))

    @contextmanager
    def holding(self, account: int) -> Iterator[None]:
        """Whoever wants to move money of this account has to wait."""
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM accounts WHERE id = %s FOR UPDATE", [account])
            yield

    def is_in_work(self, schedule_id: int) -> bool:
        """Whether a worker is in the transaction that does a date of it."""
        with self._cursor() as cursor:
            # Until it is moved, whoever holds it is this operator's own thread.
            if not cursor.execute("SELECT id FROM schedules WHERE id = %s AND next_day < UTC_DATE()", [schedule_id]):
                return False
            try:
                cursor.execute("SELECT id FROM schedules WHERE id = %s FOR UPDATE NOWAIT", [schedule_id])
            except pymysql.OperationalError as held:
                if held.args[0] != ER.LOCK_WAIT_TIMEOUT:
                    raise
                return True
        return False

    def are_over(self, schedule_ids: Iterable[int]) -> bool:
        """Whether nothing of these is still to be done. Not while the database is away."""
        with suppress(pymysql.MySQLError), self._cursor() as cursor:
            cursor.execute("SELECT id FROM schedules WHERE due_at IS NOT NULL")
            return {int(row[0]) for row in cursor.fetchall()}.isdisjoint(schedule_ids)
        return False

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self._server.connection() as connection, connection.cursor() as cursor:
            connection.select_db(self._name)
            yield cursor


def _pid_of(worker: str) -> int:
    """Workers sign their claims with host:pid:random."""
    return int(worker.split(":")[-2])
