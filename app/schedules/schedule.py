"""A schedule as it is read: what is to be done, when, and how the last try went."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.schedules.models import ScheduleRun

PAYMENT, TRANSFER = "pagamento", "transferencia"
ACTIVE, ENDED, CANCELLED = "ativo", "encerrado", "cancelado"
DONE, NO_FUNDS, REFUSED = "feito", "sem_fundos", "recusado"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done on each date. `target_account_id`: None for a payment."""

    kind: str
    user_id: int
    amount_cents: int
    description: str
    source_account_id: int
    target_account_id: int | None


@dataclass(frozen=True, slots=True)
class Dates:
    """`first` and all that follow it, none after `until`."""

    first: date
    recurrence: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Run:
    day: date
    outcome: str
    text: str
    ran_at: datetime
    operation_id: int | None


@dataclass(frozen=True, slots=True)
class Schedule:
    id: int
    order: Order
    dates: Dates
    next_day: date | None
    attempt: int
    due_at: datetime | None
    state: str
    last_run: Run | None = None


def of_row(row: Row[*tuple[Any, ...]], last_run: Run | None = None) -> Schedule:
    """A row of `select(ScheduleRow)`."""
    order = Order(
        row.kind,
        row.user_id,
        row.amount_cents,
        row.description,
        row.source_account_id,
        row.target_account_id,
    )
    dates = Dates(row.anchor_day, row.recurrence, row.until_day)
    return Schedule(row.id, order, dates, row.next_day, row.attempt, row.due_at, row.state, last_run)


def with_runs(connection: Connection, rows: list[Row[*tuple[Any, ...]]]) -> list[Schedule]:
    """The schedules of these rows, each with its last run."""
    newest = (
        select(func.max(ScheduleRun.id))
        .where(ScheduleRun.schedule_id.in_([row.id for row in rows]))
        .group_by(ScheduleRun.schedule_id)
    )
    runs = connection.execute(
        select(
            ScheduleRun.schedule_id,
            ScheduleRun.day,
            ScheduleRun.outcome,
            ScheduleRun.text,
            ScheduleRun.ran_at,
            ScheduleRun.operation_id,
        ).where(ScheduleRun.id.in_(newest))
    )
    last = {run.schedule_id: Run(*run[1:]) for run in runs}
    return [of_row(row, last.get(row.id)) for row in rows]
