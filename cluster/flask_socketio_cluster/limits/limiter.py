"""One rate limiter for HTTP and sockets: sliding windows in Redis, in this process's memory while Redis is away."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.limits import RateLimitItem
from limits.storage import MemoryStorage, RedisClusterStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from flask_socketio_cluster import metrics, redis_client
from flask_socketio_cluster.errors import RateExceeded

REDIS_RETRY_AFTER_S = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rate:
    """At most `amount` uses per window for each key."""

    name: str
    window: RateLimitItem


def per_day(name: str, amount: int) -> Rate:
    return Rate(name, RateLimitItemPerDay(amount))


def per_hour(name: str, amount: int) -> Rate:
    return Rate(name, RateLimitItemPerHour(amount))


def per_minute(name: str, amount: int) -> Rate:
    return Rate(name, RateLimitItemPerMinute(amount))


def per_second(name: str, amount: int) -> Rate:
    return Rate(name, RateLimitItemPerSecond(amount))


class Limiter:
    """`check` counts one use and raises `refusal(seconds to wait)` when it is one too many.

    `key_prefix`: of the counters in Redis, each a STRING with a TTL of one window.
    A Redis that takes longer than `connect_timeout_s` and `answer_timeout_s` is away for REDIS_RETRY_AFTER_S.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        key_prefix: str,
        refusal: Callable[[int], Exception] = RateExceeded,
        connect_timeout_s: float = redis_client.CONNECT_TIMEOUT_S,
        answer_timeout_s: float = redis_client.ANSWER_TIMEOUT_S,
    ) -> None:
        self._redis_url = redis_url
        self._timeouts = {"connect_timeout_s": connect_timeout_s, "answer_timeout_s": answer_timeout_s}
        self._key_prefix = key_prefix
        self._making = Lock()
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._redis_back_at = 0.0
        self._refusal = refusal

    def check(self, rate: Rate, *keys: str, cost: int = 1) -> None:
        """Count one use, or one of `cost` where the rate is an amount of something else. Raises the refusal."""
        if not self._ask("hit", rate, keys, cost):
            metrics.RATES_EXCEEDED.labels(rate.name).inc()
            raise self._refusal(self._wait_s(rate, keys))

    def note(self, rate: Rate, *keys: str) -> None:
        """Count one use, if there is room for it."""
        self._ask("hit", rate, keys, 1)

    def is_used_up(self, rate: Rate, *keys: str) -> bool:
        """Whether the next use would be refused; counts nothing."""
        return not self._ask("test", rate, keys, 1)

    def _ask(self, question: str, rate: Rate, keys: tuple[str, ...], cost: int) -> bool:
        try:
            return bool(getattr(self._limiter, question)(rate.window, rate.name, *keys, cost=cost))
        except Exception as error:  # the storage wraps redis-py's errors in kinds of its own
            if time.monotonic() >= self._redis_back_at:  # many ask before the first of them has waited long enough
                _log.warning("limiter_without_redis", extra={"error": str(error)})
            self._redis_back_at = time.monotonic() + REDIS_RETRY_AFTER_S
            return bool(getattr(self._local, question)(rate.window, rate.name, *keys, cost=cost))

    @property
    def _limiter(self) -> SlidingWindowCounterRateLimiter:
        if time.monotonic() < self._redis_back_at:
            return self._local
        if self._shared is None:
            with redis_client.turn(self._making):
                self._shared = self._shared or SlidingWindowCounterRateLimiter(self._storage())
        return self._shared

    def _storage(self) -> RedisStorage:
        """Made when it is first needed: for a Redis Cluster the library asks at once who owns what."""
        if redis_client.is_cluster(self._redis_url):
            options = redis_client.cluster_options(self._redis_url, **self._timeouts)
            storage = RedisClusterStorage("redis+cluster://", key_prefix=self._key_prefix, **options)
            redis_client.bounded(storage.storage)
            return storage
        pool = redis_client.connect(self._redis_url, **self._timeouts).connection_pool
        # The address is not used when a pool is given, but must be of a kind that the library knows.
        return RedisStorage("redis://", connection_pool=pool, key_prefix=self._key_prefix)

    def _wait_s(self, rate: Rate, keys: tuple[str, ...]) -> int:
        try:
            reset_at = self._limiter.get_window_stats(rate.window, rate.name, *keys).reset_time
        except Exception:  # Redis went away between the two questions
            return int(rate.window.get_expiry())
        return max(1, int(reset_at - time.time()) + 1)
