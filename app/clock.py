"""The time, in one place: the database's. Everything stored or sent is UTC; a day is the bank's own, in São Paulo, for
everybody."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_socketio_cluster.clock import monotonic_s, now, unix_s

__all__ = ["ZONE", "day_end", "day_of", "day_start", "iso", "monotonic_s", "now", "unix_s"]

ZONE = ZoneInfo("America/Sao_Paulo")


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with offset. A naive moment is one read from the database, which keeps UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def day_of(moment: datetime) -> date:
    """The day of an aware moment. Raises OverflowError at the ends of the calendar."""
    return moment.astimezone(ZONE).date()


def day_start(day: date) -> datetime:
    """The first moment of a day, in UTC. Raises OverflowError at the ends of the calendar."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The first moment after a day, in UTC. Raises OverflowError at the ends of the calendar."""
    return day_start(day + timedelta(days=1))
