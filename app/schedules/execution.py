"""What is due is done: each date once, with its record, in the transaction that moves the money."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, insert, select, update

from app import clock, wire
from app.errors import AccountNotFound, AppError, InsufficientFunds, NotYourAccount
from app.schedules import recurrence, words
from app.schedules.models import ScheduleRow, ScheduleRun
from app.schedules.schedule import ACTIVE, DONE, ENDED, NO_FUNDS, REFUSED, Order, Schedule, of_row
from app.streams.stream import streams

DUE_AT_ONCE_MAX = 100
PUT_OFF_S = 600
# With these no later date can go better.
_FOR_GOOD = (AccountNotFound, NotYourAccount)


@dataclass(frozen=True, slots=True)
class Executed:
    """The operation that was done, or why it was refused."""

    operation_id: int | None
    refusal: AppError | None


# Does the order once under the key, in the transaction of the connection, and tells everybody whose account it touches.
# The last argument is the schedule's id.
Execute = Callable[[Connection, Order, str, int], Executed]


@dataclass(frozen=True, slots=True)
class Step:
    """What one try leads to: the date, try and moment that come next (None: it is over), and whether to say so."""

    outcome: str
    next_day: date | None
    attempt: int
    due_at: datetime | None
    is_told: bool


def due(connection: Connection) -> list[int]:
    """The schedules that are due, the longest due first, DUE_AT_ONCE_MAX at the most."""
    statement = select(ScheduleRow.id).where(ScheduleRow.due_at <= clock.now())
    ordered = statement.order_by(ScheduleRow.due_at, ScheduleRow.id).limit(DUE_AT_ONCE_MAX)
    return list(connection.execute(ordered).scalars())


def run(connection: Connection, schedule_id: int, execute: Execute) -> str | None:
    """Try the date that this schedule waits for; the outcome, or None when it is not due, or another worker has it.

    Locks the schedule, then what `execute` locks. Raises what `execute` raises; nothing is changed then.
    """
    now = clock.now()
    row = connection.execute(
        select(ScheduleRow.__table__)
        .where(ScheduleRow.id == schedule_id, ScheduleRow.due_at <= now)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    schedule = of_row(row)
    day = schedule.next_day
    assert day is not None, "what is due has a date"
    executed = execute(connection, schedule.order, f"agenda:{schedule.id}:{day}:{schedule.attempt}", schedule.id)
    step = _step(schedule, day, executed, now)
    text = words.of_run(schedule, day, executed.refusal, step.due_at, step.next_day)
    _record(connection, schedule, day, executed, step, text, now)
    if executed.refusal is not None and step.is_told:
        _tell(connection, schedule, day, executed.refusal, step, text, now)
    return step.outcome


def _step(schedule: Schedule, day: date, executed: Executed, now: datetime) -> Step:
    dates, refusal = schedule.dates, executed.refusal
    if isinstance(refusal, InsufficientFunds) and (again_at := recurrence.next_try(day, now)) is not None:
        return Step(NO_FUNDS, day, schedule.attempt + 1, again_at, is_told=schedule.attempt == 1)
    if isinstance(refusal, _FOR_GOOD):
        return Step(REFUSED, None, 1, None, is_told=True)
    outcome = DONE if refusal is None else NO_FUNDS if isinstance(refusal, InsufficientFunds) else REFUSED
    following = recurrence.following(day, anchor=dates.first, recurrence=dates.recurrence, until=dates.until)
    due_at = recurrence.first_try(following) if following else None
    return Step(outcome, following, 1, due_at, is_told=True)


def _record(
    connection: Connection, schedule: Schedule, day: date, executed: Executed, step: Step, text: str, now: datetime
) -> None:
    run: dict[str, Any] = {"schedule_id": schedule.id, "day": day, "attempt": schedule.attempt}
    came_of_it = {"outcome": step.outcome, "operation_id": executed.operation_id, "text": text, "ran_at": now}
    connection.execute(insert(ScheduleRun).values(**run, **came_of_it))
    state = ACTIVE if step.next_day else ENDED
    moved_on = {"next_day": step.next_day, "attempt": step.attempt, "due_at": step.due_at, "state": state}
    connection.execute(update(ScheduleRow).where(ScheduleRow.id == schedule.id).values(**moved_on))


def _tell(
    connection: Connection, schedule: Schedule, day: date, refusal: AppError, step: Step, text: str, now: datetime
) -> None:
    payload = words.notification(schedule, day, refusal, outcome=step.outcome, text=text, now=now)
    streams.append(connection, [Append(schedule.order.user_id, wire.NOTIFICACAO, dict(payload))])


def put_off(connection: Connection, schedule_id: int) -> None:
    """One that fails by an accident of ours is tried again later, so that it keeps no other waiting.

    One that is not due any more, since it was changed or done meanwhile, stays as it is: its date is to come.
    """
    now = clock.now()
    still_due = ScheduleRow.id == schedule_id, ScheduleRow.due_at <= now
    connection.execute(update(ScheduleRow).where(*still_due).values(due_at=now + timedelta(seconds=PUT_OFF_S)))
