"""What a job is: a name, when it runs, how long it may take, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app import clock


@dataclass(frozen=True, slots=True)
class Every:
    """So many seconds after the last run has ended."""

    seconds: float

    def next_after(self, moment: datetime) -> datetime:
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class DailyAt:
    """Every day at this full hour of Brazil's clock."""

    hour: int

    def next_after(self, moment: datetime) -> datetime:
        day = clock.day_of(moment)
        while (at := datetime.combine(day, time(self.hour), clock.ZONE)) <= moment:
            day += timedelta(days=1)
        return at


@dataclass(frozen=True, slots=True)
class Result:
    """`text` is short, for an operator. `more`: run again at once. Not `ok`: it did its work and found a fault."""

    text: str
    more: bool = False
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """`run` does some of the work, or all of it, in transactions of its own, and may be ended at any point.

    It is ended after `lease_s`; so much later another worker takes the job of one that died. What `run` raises is
    recorded, and it runs again after a pause that grows.
    """

    name: str
    when: Every | DailyAt
    lease_s: float
    run: Callable[[], Result]
