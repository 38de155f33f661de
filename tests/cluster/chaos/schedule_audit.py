"""Whether each date of each schedule was done exactly once, with its money or with a refusal that is told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.bank.models import CASH_ACCOUNT_ID
from app.schedules.schedule import DONE, ENDED
from tests.cluster.chaos.record import Schedule, operation_fact, refusal_fact


@dataclass(frozen=True, slots=True)
class Run:
    """A row of `schedule_runs`."""

    schedule_id: int
    day: date
    outcome: str
    operation_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What an operation in the books has moved."""

    source_account: int
    target_account: int
    cents: int


def problems(
    schedules: Iterable[Schedule],
    states: Mapping[int, str],
    runs: Sequence[Run],
    operations: Mapping[int, Posted],
) -> Iterator[str]:
    """`schedules`: those that were acknowledged. `states`, `runs`, `operations`: what the database has, the runs in
    their order, the operations at least those of the runs."""
    known = {schedule.id: schedule for schedule in schedules}
    if strange := sorted({*states, *(run.schedule_id for run in runs)} - set(known)):
        yield f"not acknowledged: schedules {strange[:20]}"
    for schedule in known.values():
        own = [run for run in runs if run.schedule_id == schedule.id]
        yield from _of_dates(schedule, states.get(schedule.id), [run.day for run in own])
        for run in own:
            yield from _of_run(schedule, run, operations)
    moved = Counter(run.operation_id for run in runs if run.operation_id is not None)
    for operation_id, times in moved.items():
        if times > 1:
            yield f"lost: operation {operation_id} stands for {times} dates of schedules"


def _of_dates(schedule: Schedule, state: str | None, days: list[date]) -> Iterator[str]:
    times = Counter(days)
    for day in schedule.days:
        if times[day] != 1:
            kind = "duplicated" if times[day] else "lost"
            yield f"{kind}: schedule {schedule.id} ran {times[day]} times on {day}"
    if unasked := sorted(set(days) - set(schedule.days)):
        yield f"duplicated: schedule {schedule.id} ran on {unasked[0]}, which nobody asked for"
    if days != sorted(days):
        yield f"schedule {schedule.id} ran out of order: {days}"
    if state != ENDED:
        yield f"lost: schedule {schedule.id} is {state} after its last date"


def _of_run(schedule: Schedule, run: Run, operations: Mapping[int, Posted]) -> Iterator[str]:
    what = f"schedule {schedule.id} of {run.day}"
    target = CASH_ACCOUNT_ID if schedule.target_account is None else schedule.target_account
    wanted = Posted(schedule.source_account, target, schedule.cents)
    if (run.outcome == DONE) != (run.operation_id is not None):
        yield f"{what}: {run.outcome} with operation {run.operation_id}"
    elif run.operation_id is not None and operations.get(run.operation_id) != wanted:
        yield f"lost: {what} has moved {operations.get(run.operation_id)} instead of {wanted}"


def facts(user_id: int, schedules: Mapping[int, Schedule], runs: Iterable[Run]) -> list[str]:
    """What this user is told of: what was done to both sides, what was refused to the owner alone."""
    told: list[str] = []
    for run in runs:
        schedule = schedules.get(run.schedule_id)
        if schedule is None or user_id not in schedule.parties:
            continue
        if run.operation_id is not None:
            told.append(operation_fact(run.operation_id))
        elif user_id == schedule.user_id:
            told.append(refusal_fact(schedule.id, run.day.isoformat(), run.text))
    return told
