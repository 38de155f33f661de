"""The time, in one place. Everything stored or sent is UTC."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment in UTC, microseconds kept."""
    return datetime.now(UTC)


def unix_s() -> float:
    return time.time()


def monotonic_s() -> float:
    return time.monotonic()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with offset. A naive moment is one read from the database, which keeps UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")
