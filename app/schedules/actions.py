"""Making, listing, changing and cancelling schedules. Nothing here moves money."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from app import clock, db
from app.audit.events import Kind, record
from app.errors import Invalid, KeyReused, NotFound, ScheduleEnded, TooManySchedules
from app.fields import ID_MAX
from app.schedules import recurrence
from app.schedules.models import ScheduleRow, ScheduleRun
from app.schedules.schedule import ACTIVE, CANCELLED, ENDED, PAYMENT, Dates, Order, Schedule, of_row, with_runs
from app.users.models import User

ACTIVE_PER_USER_MAX = 100
ENDED_LISTED_MAX = 50
DAYS_AHEAD_MAX = 731

_ROWS: Select[*tuple[Any, ...]] = select(ScheduleRow.__table__)


# Raises why an amount in centavos may not be asked for without more.
Approve = Callable[[Connection, int], None]


def create(
    connection: Connection, order: Order, dates: Dates, *, key: str, fingerprint: str, approve: Approve | None = None
) -> Schedule:
    """A new schedule, or the one that this `key` has made before. What `approve` raises is asked of new ones.

    Locks the user's row. Raises Invalid, TooManySchedules, and KeyReused for a key that came with another body.
    """
    connection.execute(select(User.id).where(User.id == order.user_id).with_for_update())
    made = _ROWS.where(ScheduleRow.user_id == order.user_id, ScheduleRow.request_key == key)
    if (row := connection.execute(made).first()) is not None:
        if row.request_fingerprint != fingerprint:
            raise KeyReused
        return with_runs(connection, [row])[0]
    _check(order, dates)
    if approve is not None:
        approve(connection, order.amount_cents)
    count = select(func.count()).select_from(ScheduleRow)
    own = count.where(ScheduleRow.user_id == order.user_id, ScheduleRow.state == ACTIVE)
    if connection.execute(own).scalar_one() >= ACTIVE_PER_USER_MAX:
        raise TooManySchedules
    values = {
        "user_id": order.user_id,
        "kind": order.kind,
        "source_account_id": order.source_account_id,
        "target_account_id": order.target_account_id,
        "amount_cents": order.amount_cents,
        "description": order.description,
        **_from_first(dates),
        "state": ACTIVE,
        "request_key": key,
        "request_fingerprint": fingerprint,
        "created_at": clock.now(),
    }
    schedule_id = db.new_id(connection.execute(insert(ScheduleRow).values(**values)))
    _write_down(connection, Kind.SCHEDULE_MADE, order.user_id, schedule_id)
    return own_schedule(connection, order.user_id, schedule_id)


def _write_down(connection: Connection, kind: Kind, user_id: int, schedule_id: int) -> None:
    record(connection, kind, user_id=user_id, detail={"schedule_id": schedule_id})


def _from_first(dates: Dates) -> dict[str, Any]:
    """The columns of a schedule that begins with its first date."""
    return {
        "recurrence": dates.recurrence,
        "anchor_day": dates.first,
        "until_day": dates.until,
        "next_day": dates.first,
        "attempt": 1,
        "due_at": recurrence.first_try(dates.first),
    }


def _check(order: Order, dates: Dates) -> None:
    today = clock.day_of(clock.now())
    if not today <= dates.first <= today + timedelta(days=DAYS_AHEAD_MAX):
        raise Invalid("data: deve ser de hoje até dois anos à frente.")
    _check_rest(order, dates, dates.first)


def _check_rest(order: Order, dates: Dates, next_day: date) -> None:
    if dates.until is not None and dates.recurrence == recurrence.ONCE:
        raise Invalid("ate: só vale para o que se repete.")
    if dates.until is not None and dates.until < next_day:
        raise Invalid("ate: não pode ser antes da próxima data.")
    if order.kind == PAYMENT and not order.description:
        raise Invalid("descricao: não pode ficar em branco.")


def own_schedule(connection: Connection, user_id: int, schedule_id: int) -> Schedule:
    """Raises NotFound, also for somebody else's."""
    row = _own_row(connection, user_id, schedule_id)
    return with_runs(connection, [row])[0]


def active(connection: Connection, user_id: int) -> list[Schedule]:
    """In the order in which they will be done."""
    own = _ROWS.where(ScheduleRow.user_id == user_id, ScheduleRow.state == ACTIVE)
    rows = connection.execute(own.order_by(ScheduleRow.due_at, ScheduleRow.id)).all()
    return [of_row(row) for row in rows]


def listed(connection: Connection, user_id: int) -> list[Schedule]:
    """The active ones in the order in which they will be done, then the newest ENDED_LISTED_MAX of the others."""
    own = _ROWS.where(ScheduleRow.user_id == user_id)
    live = connection.execute(own.where(ScheduleRow.state == ACTIVE).order_by(ScheduleRow.due_at, ScheduleRow.id))
    over = connection.execute(
        own.where(ScheduleRow.state.in_((ENDED, CANCELLED))).order_by(ScheduleRow.id.desc()).limit(ENDED_LISTED_MAX)
    )
    return with_runs(connection, [*live, *over])


def change(
    connection: Connection,
    user_id: int,
    schedule_id: int,
    *,
    amount_cents: int,
    description: str,
    dates: Dates,
    approve: Approve | None = None,
) -> Schedule:
    """Other words, amount or dates for what is still to be done. `dates.first` is the next date; as long as it stays,
    the day of the month stays too. Locks the schedule. Raises NotFound, ScheduleEnded, Invalid."""
    row = _own_row(connection, user_id, schedule_id, locked=True)
    if row.state != ACTIVE:
        raise ScheduleEnded
    if approve is not None:
        approve(connection, amount_cents)
    order = replace(of_row(row).order, amount_cents=amount_cents, description=description)
    values: dict[str, Any] = {"amount_cents": amount_cents, "description": description, "until_day": dates.until}
    if dates.first in (row.next_day, row.anchor_day) and dates.recurrence == row.recurrence:
        _check_rest(order, dates, row.next_day)
    else:
        _check(order, dates)
        if _has_run(connection, schedule_id, dates.first):
            raise Invalid("data: o agendamento já foi executado nesta data.")
        values |= _from_first(dates)
    connection.execute(update(ScheduleRow).where(ScheduleRow.id == schedule_id).values(**values))
    _write_down(connection, Kind.SCHEDULE_CHANGED, user_id, schedule_id)
    return own_schedule(connection, user_id, schedule_id)


def _has_run(connection: Connection, schedule_id: int, day: date) -> bool:
    runs = select(ScheduleRun.id).where(ScheduleRun.schedule_id == schedule_id, ScheduleRun.day == day)
    return connection.execute(runs.limit(1)).first() is not None


def cancel(connection: Connection, user_id: int, schedule_id: int) -> None:
    """Nothing of it is done any more; cancelling twice is the same. Locks the schedule. Raises NotFound,
    ScheduleEnded."""
    row = _own_row(connection, user_id, schedule_id, locked=True)
    if row.state == ENDED:
        raise ScheduleEnded
    over = update(ScheduleRow).where(ScheduleRow.id == schedule_id, ScheduleRow.state == ACTIVE)
    if connection.execute(over.values(state=CANCELLED, next_day=None, due_at=None)).rowcount:
        _write_down(connection, Kind.SCHEDULE_CANCELLED, user_id, schedule_id)


def _own_row(connection: Connection, user_id: int, schedule_id: int, *, locked: bool = False) -> Row[*tuple[Any, ...]]:
    """Raises NotFound."""
    own = _ROWS.where(ScheduleRow.id == schedule_id, ScheduleRow.user_id == user_id)
    # SQLite takes no number above it.
    row = connection.execute(own.with_for_update() if locked else own).first() if schedule_id <= ID_MAX else None
    if row is None:
        raise NotFound
    return row
