"""Tells everybody what an administrator says to all."""

from collections.abc import Callable

from app import clock
from app.db import Database
from app.jobs.job import Result
from app.panel import broadcasts

# Less than the job's lease by the longest transaction.
RUN_S = 30


def tell_all(db: Database, *, committed: Callable[[], None]) -> Result:
    """For RUN_S. `committed` is told after each transaction with new events."""
    until_s = clock.monotonic_s() + RUN_S
    told = 0
    while (some := db.transact(broadcasts.tell_some)) is not None and clock.monotonic_s() < until_s:
        told += some
        committed()
    db.transact(broadcasts.purge)
    return Result(f"notices: {told}", more=some is not None)
