"""Token buckets: of one owner, of many in this process's memory, and of many in Redis for all nodes together.

A bucket is kept as one number, the moment when it is full again. Taking one token moves that moment on by the time that
one takes to come back; there is none left when it is further away than all of them take.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from redis.exceptions import RedisError

from flask_socketio_cluster import clock, redis_client
from flask_socketio_cluster.limits.batches import Batches

REDIS_RETRY_AFTER_S = 2.0
# Buckets that are not full, of one process.
KEPT_MAX = 50_000
# So much of a token may be missing for want of digits.
_ROUNDING = 1e-6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bucket:
    """`burst` tokens at the most, of which `per_s` a second come back; `name` says whose, for keys and metrics."""

    name: str
    per_s: float
    burst: float


class Tokens:
    """What one owner has left of a bucket, full at first."""

    __slots__ = ("_full_at_s",)

    def __init__(self) -> None:
        self._full_at_s = 0.0

    def take(self, bucket: Bucket) -> float:
        """Take one: 0. Where there is none, nothing is taken: the seconds until there is one."""
        now_s = clock.monotonic_s()
        full_at_s = max(self._full_at_s, now_s) + 1 / bucket.per_s
        missing_s = full_at_s - now_s - bucket.burst / bucket.per_s
        if missing_s > _ROUNDING / bucket.per_s:
            return missing_s
        self._full_at_s = full_at_s
        return 0.0

    @property
    def is_full(self) -> bool:
        return self._full_at_s <= clock.monotonic_s()


# A bucket and whose it is.
Use = tuple[Bucket, str]


class LocalBuckets:
    """Those of this process. The ones that are full again are forgotten, and beyond KEPT_MAX those used longest ago."""

    def __init__(self) -> None:
        # In the order of their last use.
        self._tokens: dict[Use, Tokens] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def take(self, bucket: Bucket, key: str) -> float:
        """As `Tokens.take`."""
        tokens = self._tokens.pop((bucket, key), None) or Tokens()
        self._tokens[bucket, key] = tokens
        wait_s = tokens.take(bucket)
        for _ in range(2):  # one may be new, so they become fewer
            oldest = next(iter(self._tokens))
            if self._tokens[oldest].is_full or len(self._tokens) > KEPT_MAX:
                del self._tokens[oldest]
        return wait_s


@dataclass(frozen=True, slots=True)
class Short:
    """A bucket that had no token left, and when it has one again."""

    bucket: Bucket
    wait_s: float


class _Question:
    """Of one caller; equal to no other, so that each is counted."""

    __slots__ = ("uses",)

    def __init__(self, uses: Sequence[Use]) -> None:
        self.uses = uses


class SharedBuckets:
    """Those of all nodes, in Redis; in this process's memory while Redis is away, which is what takes longer than
    `connect_timeout_s` and `answer_timeout_s` and is then not asked for REDIS_RETRY_AFTER_S.

    What many ask at the same time is one round trip. `key_prefix`: of the keys, each a STRING whose TTL is the time in
    which its bucket is full again. The clock is that of Redis.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        key_prefix: str,
        connect_timeout_s: float = redis_client.CONNECT_TIMEOUT_S,
        answer_timeout_s: float = redis_client.ANSWER_TIMEOUT_S,
    ) -> None:
        self._client = redis_client.connect(
            redis_url, connect_timeout_s=connect_timeout_s, answer_timeout_s=answer_timeout_s
        )
        self._key_prefix = key_prefix
        self._script = files(__package__).joinpath("take.lua").read_text()
        self._local = LocalBuckets()
        self._batches = Batches(self._answer, gathers=False)
        self._redis_back_at_s = 0.0

    def take(self, *uses: Use) -> Short | None:
        """Take a token of each; the one that is empty for longest, if any is. Raises Overloaded when too many ask."""
        short: Short | None = self._batches.get(_Question(uses))
        return short

    def _answer(self, questions: Sequence[_Question]) -> Mapping[_Question, Short | None]:
        wanted = Counter(use for question in questions for use in question.uses)
        taken = self._taken(wanted)
        answers = {}
        for question in questions:
            short = None
            for use in question.uses:
                granted, wait_s = taken[use]
                taken[use] = (granted - 1, wait_s)
                if granted <= 0 and (short is None or wait_s > short.wait_s):
                    short = Short(use[0], wait_s)
            answers[question] = short
        return answers

    def _taken(self, wanted: Mapping[Use, int]) -> dict[Use, tuple[int, float]]:
        """How many of those that are wanted were there, and when there is one again."""
        if clock.monotonic_s() >= self._redis_back_at_s:
            try:
                return self._taken_from_redis(wanted)
            except RedisError as error:
                _log.warning("buckets_without_redis", extra={"error": str(error)})
                self._redis_back_at_s = clock.monotonic_s() + REDIS_RETRY_AFTER_S
        return {use: self._taken_here(use, count) for use, count in wanted.items()}

    def _taken_here(self, use: Use, count: int) -> tuple[int, float]:
        for number in range(count):
            if wait_s := self._local.take(*use):
                return number, wait_s
        return count, 0.0

    def _taken_from_redis(self, wanted: Mapping[Use, int]) -> dict[Use, tuple[int, float]]:
        calls = (
            (f"{self._key_prefix}{bucket.name}:{key}", (count, 1e6 / bucket.per_s, bucket.burst))
            for (bucket, key), count in wanted.items()
        )
        answers: Iterable[Any] = redis_client.eval_each(self._client, self._script, calls)
        return {use: (granted, wait_us / 1e6) for use, (granted, wait_us) in zip(wanted, answers, strict=True)}
