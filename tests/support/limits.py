"""Counting exactly, although a node counts by itself for a while rather than keep a request waiting for Redis."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import redis
from flask_socketio_cluster.limits.limiter import REDIS_RETRY_AFTER_S, Limiter

from app import clock, limiter
from tests.support import cluster_log
from tests.support.cluster import Cluster
from tests.support.people import eventually
from tests.support.servers import RedisServer

PATIENCE_S = 30.0
ATTEMPTS_MAX = 5

Result = TypeVar("Result")


def patient(redis_url: str) -> Limiter:
    """A limiter that waits for a slow Redis."""
    return limiter.connect(redis_url, connect_timeout_s=PATIENCE_S, answer_timeout_s=PATIENCE_S)


def counted_together(cluster: Cluster, attempt: Callable[[], Result], is_exact: Callable[[Result], bool]) -> Result:
    """What `attempt` gives, which must be exact.

    Only where a node says in the log that it counted by itself meanwhile the attempt says nothing, and is made
    again; it takes a person of its own each time.
    """
    for _ in range(ATTEMPTS_MAX):
        eventually(lambda: not _counted_alone(cluster, _lately()), "nodes that count together")
        since = _lately()
        result = attempt()
        if is_exact(result):
            return result
        eventually(partial(_counted_alone, cluster, since), f"a node that counted alone, after {result}")
    raise AssertionError(f"Redis was late for a node in each of {ATTEMPTS_MAX} attempts")


def _lately() -> datetime:
    """A node that was without Redis before that asks it again by now."""
    return clock.now() - timedelta(seconds=REDIS_RETRY_AFTER_S)


def _counted_alone(cluster: Cluster, since: datetime) -> bool:
    events = cluster_log.events(cluster.log, "limiter_without_redis")
    return any(datetime.fromisoformat(event["timestamp"]) >= since for event in events)


def empty(server: RedisServer) -> None:
    """As if nobody had been counted, or seen, before."""
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
