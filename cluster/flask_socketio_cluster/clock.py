"""The time, in one place: the database's, as soon as a connection to it has told (`streams.database_clock`).

Until then, and where no database tells, it is the machine's own.
"""

import time
from datetime import UTC, datetime

# Goes on while the machine sleeps, and no change of the machine's time touches it. Only Linux has it.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# Unix seconds when the steady clock was at 0, by the clock of the database.
_began_s: float | None = None


def now() -> datetime:
    """The current moment in UTC."""
    return datetime.fromtimestamp(unix_s(), UTC)


def unix_s() -> float:
    return time.time() if _began_s is None else _began_s + steady_s()


def monotonic_s() -> float:
    return time.monotonic()


def steady_s() -> float:
    """Seconds since some moment, of which none is lost while the machine sleeps."""
    return time.clock_gettime(_STEADY)


def learn(told_s: float, *, at_s: float, unsure_s: float) -> None:
    """The database said that it was `told_s` in unix seconds when the steady clock was at `at_s`, which may be wrong by
    `unsure_s`. What fits to what is known already changes nothing, so that the time does not tremble."""
    global _began_s
    began_s = told_s - at_s
    if _began_s is None or abs(began_s - _began_s) > unsure_s:
        _began_s = began_s


def forget() -> None:
    """Go by the machine's clock again."""
    global _began_s
    _began_s = None


def machine_offset_s() -> float:
    """How far the machine's own clock is ahead, behind when below 0. 0.0 until a database has told."""
    return 0.0 if _began_s is None else time.time() - unix_s()


def aware(moment: datetime) -> datetime:
    """A moment that was read from a database, which keeps UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
