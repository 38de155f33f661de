"""The time, in one place."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment in UTC."""
    return datetime.now(UTC)


def unix_s() -> float:
    return time.time()


def monotonic_s() -> float:
    return time.monotonic()


def aware(moment: datetime) -> datetime:
    """A moment that was read from a database, which keeps UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
