"""The table of `python -m worker agenda`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app import clock
from app.jobs.actions import Stand

_ROW = "{:<20}{:<21}{:>9}  {:<21}{}"


def lines(stands: Sequence[Stand]) -> Iterator[str]:
    """A job a line; moments by Brazil's clock."""
    yield _ROW.format("job", "last run", "took", "next run", "result")
    for stand in stands:
        next_run = f"by {stand.running_by}" if stand.running_by else _moment(stand.next_run_at)
        result = stand.result if stand.ok else f"FAILED: {stand.result}"
        yield _ROW.format(stand.name, _moment(stand.started_at), _took(stand), next_run, result).rstrip()


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(clock.ZONE):%Y-%m-%d %H:%M:%S}" if moment else "never"


def _took(stand: Stand) -> str:
    if stand.running_by:
        return "running"
    if stand.started_at is None or stand.ended_at is None or stand.ended_at < stand.started_at:
        return "-"
    return f"{(stand.ended_at - stand.started_at).total_seconds():.1f} s"
