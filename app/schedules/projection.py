"""What the accounts will hold, as far as schedules tell: each date in order, as the worker will do it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app import clock
from app.schedules import business_days, recurrence
from app.schedules.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Planned:
    """One date of one schedule for one of the user's accounts. `amount_cents` is negative when it leaves the account;
    `day` is the business day on which it is done. Without funds nothing moves, and the balance stays."""

    account_id: int
    day: date
    schedule_id: int
    amount_cents: int
    balance_cents: int
    lacks_funds: bool


def project(
    schedules: Sequence[Schedule], balances: Mapping[int, int], *, now: datetime, last_day: date
) -> list[Planned]:
    """All that is planned up to `last_day`, in the order in which it will be done. `balances`: of the user's accounts,
    in centavos, by account."""
    held, planned = dict(balances), []
    for moment, schedule in sorted(_tries(schedules, now, last_day), key=lambda t: (t[0], t[1].id)):
        order, day = schedule.order, clock.day_of(moment)
        source, target = order.source_account_id, order.target_account_id
        short = held.get(source, 0) < order.amount_cents
        for account_id, change in ((source, -order.amount_cents), (target, order.amount_cents)):
            if account_id is None or account_id not in held:
                continue
            held[account_id] += 0 if short else change
            planned.append(Planned(account_id, day, schedule.id, change, held[account_id], short))
    return planned


def _tries(schedules: Sequence[Schedule], now: datetime, last_day: date) -> Iterator[tuple[datetime, Schedule]]:
    """Each date's moment; what is late is done now."""
    for schedule in schedules:
        dates, day, moment = schedule.dates, schedule.next_day, schedule.due_at
        while day is not None and moment is not None and clock.day_of(moment) <= last_day:
            yield max(moment, now), schedule
            day = recurrence.following(day, anchor=dates.first, recurrence=dates.recurrence, until=dates.until)
            moment = recurrence.first_try(day) if day else None


def holidays_until(first_day: date, last_day: date) -> list[tuple[date, str]]:
    """The holidays of banks in this time, with their names."""
    days = (date.fromordinal(number) for number in range(first_day.toordinal(), last_day.toordinal() + 1))
    return [(day, name) for day in days if (name := business_days.holiday(day))]
