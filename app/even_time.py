"""Answers that take the same time, whatever there was to do: how long something took would say what was found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from app import clock

# Longer than anything done inside takes by itself, unless the database is very busy.
ANSWER_S = 0.4


@contextmanager
def even_time(seconds: float = ANSWER_S) -> Iterator[None]:
    """What is done inside takes `seconds`, also when it raises. Other greenlets go on meanwhile."""
    until_s = clock.monotonic_s() + seconds
    try:
        yield
    finally:
        time.sleep(max(0.0, until_s - clock.monotonic_s()))
