"""The job that does what is due: schedules know the dates, the bank moves the money, in one transaction."""

from collections.abc import Callable
from dataclasses import asdict

from sqlalchemy import Connection

from app import cards, clock, log
from app.bank import actions as bank
from app.bank import orders
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.jobs.job import Result
from app.schedules import execution
from app.schedules.execution import Executed
from app.schedules.schedule import Order

# How long one run begins new dates; what is left comes in the next, which begins at once.
RUN_S = 5.0
_log = log.get("schedules")


def run_due(db: Database, *, committed: Callable[[], None]) -> Result:
    """Try each date that is due, one transaction each, for RUN_S; again at once while there are any.

    `committed` is told after each. One that fails by an accident of ours keeps no other waiting. Raises DatabaseDown,
    OutcomeUnknown: the next run finds out what was done.
    """
    until_s = clock.monotonic_s() + RUN_S
    found = db.read(execution.due)
    tried = accidents = 0
    for schedule_id in found:
        try:
            if db.transact_keyed(execution.run, schedule_id, _execute) is not None:
                tried += 1
                committed()
        except (DatabaseDown, OutcomeUnknown):
            raise
        except Exception:
            accidents += 1
            _log.exception("schedule_failed", schedule_id=schedule_id)
            db.transact(execution.put_off, schedule_id)
        if clock.monotonic_s() >= until_s:
            break
    return Result(f"dates tried: {tried}, accidents: {accidents}", more=tried > 0, ok=accidents == 0)


def _execute(connection: Connection, order: Order, key: str, schedule_id: int) -> Executed:
    outcome = bank.execute(
        connection, orders.posting(**asdict(order)), key=key, beside=cards.add, schedule_id=schedule_id
    )
    return Executed(outcome.body["operacao_id"] if outcome.body else None, outcome.refusal)
