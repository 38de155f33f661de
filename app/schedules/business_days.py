"""The days on which Brazilian banks work."""

from datetime import date, timedelta

import holidays

# The days that are none for banks by resolution 4.880 of the Conselho Monetário Nacional (national holidays, Carnival,
# Good Friday, Corpus Christi) and the last weekday of the year, on which banks are closed. The stock exchange closes on
# Christmas Eve too; banks do not.
_CLOSED = holidays.financial_holidays("BVMF", language="pt_BR")
_CHRISTMAS_EVE = (12, 24)
_SATURDAY = 5


def holiday(day: date) -> str | None:
    """The name of the holiday, in Portuguese, on which banks are closed; None on any other day."""
    if (day.month, day.day) == _CHRISTMAS_EVE:
        return None
    name: str | None = _CLOSED.get(day)
    return name


def is_business_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and holiday(day) is None


def on_or_after(day: date) -> date:
    """`day`, or the next business day."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day
