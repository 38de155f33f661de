"""Faults of several databases and several Redis, of which one takes the place of another: `make chaos HA=1`.

How long nobody got an acknowledged operation is measured for each, by the witnesses, who insist.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.chaos.lab import Lab


@contextmanager
def _pause_measured(lab: Lab, fault: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert lab.burst(1), "an operation after it"
    lab.record.pause(fault, time.monotonic() - begun)


def kill_written_database(lab: Lab, hold_s: float) -> None:
    databases = lab.several.databases
    gone = databases.written
    with _pause_measured(lab, "database that is written to: SIGKILL"):
        gone.kill()
        databases.fail_over()
    lab.burst()
    lab.hold(hold_s)
    databases.come_back(gone)
    lab.burst()


def kill_another_database(lab: Lab, hold_s: float) -> None:
    databases = lab.several.databases
    gone = next(server for server in databases.servers if server is not databases.written)
    with _pause_measured(lab, "another database: SIGKILL"):
        gone.kill()
    lab.burst()
    lab.hold(hold_s)
    databases.come_back(gone)


def kill_redis_primary(lab: Lab, hold_s: float) -> None:
    redis = lab.several.redis
    gone = redis.primary
    with _pause_measured(lab, "Redis primary: SIGKILL"):
        gone.kill()
    lab.burst()
    redis.wait_failed_over(gone)
    lab.burst()
    lab.hold(hold_s)
    redis.come_back(gone)
    lab.burst()


def kill_both_primaries(lab: Lab, hold_s: float) -> None:
    databases, redis = lab.several.databases, lab.several.redis
    database, cache = databases.written, redis.primary
    with _pause_measured(lab, "both primaries: SIGKILL"):
        database.kill()
        cache.kill()
        databases.fail_over()
    redis.wait_failed_over(cache)
    lab.hold(hold_s)
    databases.come_back(database)
    redis.come_back(cache)
    lab.burst()
