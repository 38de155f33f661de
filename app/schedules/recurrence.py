"""The dates of a schedule, and the moments at which each is tried. All by Brazil's clock."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from app import clock
from app.schedules import business_days

ONCE, WEEKLY, MONTHLY = "unica", "semanal", "mensal"

# Without funds a date is tried again at these hours of the same business day.
RETRY_HOURS = (12, 18)


def following(day: date, *, anchor: date, recurrence: str, until: date | None) -> date | None:
    """The schedule's next date after `day`; None after the last. `anchor` is its first date, whose day of the month is
    kept: 31, then 30 or 28 or 29 where the month has no more, then 31 again."""
    if recurrence == ONCE:
        return None
    found = day + timedelta(days=7) if recurrence == WEEKLY else _a_month_later(day, anchor.day)
    return None if until and found > until else found


def _a_month_later(day: date, day_of_month: int) -> date:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day_of_month, monthrange(year, month)[1]))


def first_try(day: date) -> datetime:
    """When a date is due: the start of that day, or of the next business day."""
    return clock.day_start(business_days.on_or_after(day))


def next_try(day: date, now: datetime) -> datetime | None:
    """When a date that lacked funds just now is tried again; None when it is given up."""
    business_day = business_days.on_or_after(day)
    hours = (datetime.combine(business_day, time(hour), clock.ZONE) for hour in RETRY_HOURS)
    return next((moment for moment in hours if moment > now), None)
