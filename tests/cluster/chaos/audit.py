"""The books during a run and after it: is every acknowledged operation there once, and all money accounted for?"""

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pymysql

from app.bank import reconciliation
from app.bank.models import CASH_ACCOUNT_ID
from app.db import Database
from app.errors import DatabaseDown
from tests.cluster.chaos import schedule_audit
from tests.cluster.chaos.listener import fact_of
from tests.cluster.chaos.record import Operation, Record
from tests.cluster.chaos.schedule_audit import Posted, Run
from tests.support.servers import DatabaseServer
from tests.support.several_databases import SeveralDatabases

READ_EVERY_S = 0.1
KEYS_PER_QUESTION = 500

# One statement sees one moment: what customers have, what was written for their accounts, what was written in all.
CONSERVED = f"""
    SELECT (SELECT COALESCE(SUM(balance_cents), 0) FROM accounts WHERE id <> {CASH_ACCOUNT_ID}),
           (SELECT COALESCE(SUM(amount_cents), 0) FROM entries WHERE account_id <> {CASH_ACCOUNT_ID}),
           (SELECT COALESCE(SUM(amount_cents), 0) FROM entries),
           (SELECT COUNT(*) FROM entries),
           (SELECT COUNT(*) FROM operations)
"""


class Auditor:
    """Reads the books all the time, from the database itself and behind the application's back."""

    def __init__(self, server: DatabaseServer | SeveralDatabases, database: str, record: Record) -> None:
        self._server = server
        self._name = database
        self._record = record
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read_on, name="auditor", daemon=True)
        # What was there before the first customer came, such as the demo data.
        self._older = set(self._column("SELECT id FROM operations"))
        self._older_schedules = set(self._column("SELECT id FROM schedules"))
        self._checked = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _read_on(self) -> None:
        while not self._over.wait(READ_EVERY_S):
            try:
                with self._server.connection() as connection, connection.cursor() as cursor:
                    connection.select_db(self._name)
                    while not self._over.wait(READ_EVERY_S):
                        cursor.execute(CONSERVED)
                        self._check_conserved(*(int(number) for number in cursor.fetchone() or ()))
            except pymysql.MySQLError:
                continue  # killed, for the moment

    def _check_conserved(self, balances: int, theirs: int, everything: int, entries: int, operations: int) -> None:
        self._record.balance_reads += 1
        if balances != theirs or everything != 0 or entries != 2 * operations:
            self._record.problem(
                f"money not conserved: balances {balances}, customers' entries {theirs}, all entries sum to "
                f"{everything}, {entries} entries of {operations} operations"
            )

    def check_operations(self, *, all_of_them: bool) -> None:
        """Each acknowledged operation is in the books, once, under its key.

        With `all_of_them`, when nothing is under way any more: those, what schedules have done, and no others, and no
        refused one.
        """
        acknowledged = list(self._record.operations.values())
        self._check_keys(acknowledged if all_of_them else acknowledged[self._checked :])
        self._checked = len(acknowledged)
        if all_of_them:
            there = set(self._column("SELECT id FROM operations")) - self._older
            scheduled = {run.operation_id for run in self.runs() if run.operation_id is not None}
            known = {operation.id for operation in acknowledged} | scheduled
            for text, ids in (("lost", known - there), ("not acknowledged", there - known)):
                if ids:
                    self._record.problem(f"{text}: operations {sorted(ids)[:20]}")
            self._check_refusals()

    def _check_keys(self, operations: Iterable[Operation]) -> None:
        for some in _batches(operations):
            marks = ", ".join(["(%s, %s)"] * len(some))
            arguments = [value for operation in some for value in (operation.user_id, f"key:{operation.key}")]
            rows = self._rows(
                "SELECT k.user_id, k.`key`, k.status, k.answer, COUNT(o.id) FROM idempotency_keys k"
                " LEFT JOIN operations o ON o.id = JSON_VALUE(k.answer, '$.operacao_id')"
                f" WHERE (k.user_id, k.`key`) IN ({marks}) GROUP BY k.user_id, k.`key`",
                arguments,
            )
            found = {(user_id, key): (status, answer, count) for user_id, key, status, answer, count in rows}
            for operation in some:
                status, answer, count = found.get((operation.user_id, f"key:{operation.key}"), (0, "{}", 0))
                if status != 201 or json.loads(answer)["operacao_id"] != operation.id or count != 1:
                    self._record.problem(f"lost: {operation} is {count} times in the books, its key says {status}")

    def _check_refusals(self) -> None:
        for user_id, key in self._record.refused_keys:
            rows = self._rows(
                "SELECT status FROM idempotency_keys WHERE user_id = %s AND `key` = %s", [user_id, f"key:{key}"]
            )
            if any(status == 201 for (status,) in rows):
                self._record.problem(f"key {key} of user {user_id} was refused, and done")

    def check_schedules(self) -> None:
        """When nothing is due any more."""
        rows = self._rows("SELECT id, state FROM schedules", [])
        states = {int(number): str(state) for number, state in rows if number not in self._older_schedules}
        posted = self._rows("SELECT id, source_account_id, target_account_id, amount_cents FROM operations", [])
        operations = {int(number): Posted(*(int(value) for value in what)) for number, *what in posted}
        found = schedule_audit.problems(self._record.schedules.values(), states, self.runs(), operations)
        for problem in found:
            self._record.problem(problem)

    def runs(self) -> list[Run]:
        """All that schedules did since the first customer came, in order."""
        rows = self._rows("SELECT schedule_id, day, outcome, operation_id, text FROM schedule_runs ORDER BY id", [])
        return [Run(*row) for row in rows if row[0] not in self._older_schedules]

    def heads(self, user_ids: Iterable[int]) -> dict[int, int]:
        """User id → the last seq of the user's stream."""
        wanted = set(user_ids)
        rows = self._rows("SELECT user_id, seq FROM user_streams", [])
        return {int(user_id): int(seq) for user_id, seq in rows if user_id in wanted}

    def facts(self, user_id: int) -> dict[int, str]:
        """Seq → what it tells of, of every event of a user's stream."""
        rows = self._rows("SELECT seq, event, payload FROM stream_events WHERE user_id = %s", [user_id])
        return {int(seq): fact_of(name, json.loads(payload)) for seq, name, payload in rows}

    def cards(self, user_id: int) -> set[int]:
        """The messages of a user's conversations that no client wrote: transfers."""
        rows = self._rows(
            "SELECT id FROM chat_messages WHERE kind = 'transferencia' AND %s IN (low_id, high_id)", [user_id]
        )
        return {int(row[0]) for row in rows}

    def balances(self) -> dict[int, tuple[int, int]]:
        """Account id → version and centavos."""
        rows = self._rows("SELECT id, version, balance_cents FROM accounts", [])
        return {int(account): (int(version), int(cents)) for account, version, cents in rows}

    def reconcile(self) -> None:
        """The checks of `python -m worker conciliar`."""
        database = Database(self._server.url_of(self._name))
        try:
            for check in database.transact(reconciliation.run):
                if check.faults:
                    self._record.problem(f"books: {check.name}: {check.faults}")
        except DatabaseDown as down:
            self._record.problem(f"books: could not be read: {down!r}")
        finally:
            database.dispose()

    def _rows(self, statement: str, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._server.connection() as connection, connection.cursor() as cursor:
            connection.select_db(self._name)
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())

    def _column(self, statement: str) -> list[Any]:
        return [row[0] for row in self._rows(statement, [])]


def _batches(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    remaining = iter(operations)
    while some := list(islice(remaining, KEYS_PER_QUESTION)):
        yield some
