"""Token buckets in Redis: all nodes count together, by the clock of Redis, and a Redis that goes away frees nobody."""

import secrets
import time

import gevent
import pytest
import redis
from flask_socketio_cluster.limits import buckets
from flask_socketio_cluster.limits.buckets import Bucket, SharedBuckets

from tests.support import package_log
from tests.support.servers import RedisServer, redis_server
from tests.support.stalls import Stalls

PREFIX = "saldo-vivo:limits:"
BURST = 12
# Of a token.
ROUNDING = 0.01
PATIENCE_S = 30.0
# What an event may lose when Redis hangs: one connection attempt and one answer, twice.
HANG_S_MAX = 2.0


def some_bucket(per_s: float, burst: float = BURST) -> Bucket:
    """Of a name of its own, so that tests do not count together."""
    return Bucket(secrets.token_hex(4), per_s, burst)


def patient(redis_url: str) -> SharedBuckets:
    """That wait for a slow Redis."""
    return SharedBuckets(redis_url, key_prefix=PREFIX, connect_timeout_s=PATIENCE_S, answer_timeout_s=PATIENCE_S)


def taken(node: SharedBuckets, bucket: Bucket) -> int:
    count = 0
    while node.take((bucket, "alice")) is None:
        count += 1
    return count


class Stored:
    """A bucket as Redis has it."""

    def __init__(self, server: RedisServer, bucket: Bucket) -> None:
        self._client = redis.Redis.from_url(server.url)
        self._key = f"{PREFIX}{bucket.name}:alice"

    def now_s(self) -> float:
        seconds, microseconds = self._client.time()
        return float(seconds + microseconds / 1e6)

    def pass_by(self, seconds: float) -> None:
        """As if so much time had gone by since."""
        full_at_us = float(self._client.get(self._key) or 0)
        self._client.set(self._key, f"{full_at_us - 1e6 * seconds:.2f}", keepttl=True)

    def ttl_s(self) -> float:
        return float(self._client.pttl(self._key)) / 1000


@pytest.mark.parametrize("per_s", [0.5, 1, 7, 50])
def test_a_bucket_refills_at_exactly_the_rate_that_was_set(redis: RedisServer, per_s: float) -> None:
    """Exact, but for the time that goes by between two looks at the clock of Redis."""
    node, bucket = patient(redis.url), some_bucket(per_s)
    stored = Stored(redis, bucket)
    begun_s_min = stored.now_s()
    node.take((bucket, "alice"))
    begun_s_max, total = stored.now_s(), 1

    for count in (0, 1, 2, 5.5, 11):
        if count:
            stored.pass_by(count / per_s)
        begun_s_min, begun_s_max = begun_s_min - count / per_s, begun_s_max - count / per_s
        asked_s = stored.now_s()
        total += taken(node, bucket)
        assert int(BURST + (asked_s - begun_s_max) * per_s) <= total
        assert total <= BURST + (stored.now_s() - begun_s_min) * per_s + ROUNDING


def test_a_refusal_says_when_there_is_one_again(redis: RedisServer) -> None:
    node, bucket = patient(redis.url), some_bucket(0.5)
    stored = Stored(redis, bucket)
    taken(node, bucket)

    short = node.take((bucket, "alice"))
    assert short
    assert short.bucket == bucket
    assert 0 < short.wait_s <= 2
    stored.pass_by(short.wait_s)

    assert node.take((bucket, "alice")) is None


def test_the_key_goes_when_the_bucket_is_full_again(redis: RedisServer) -> None:
    node, bucket = patient(redis.url), some_bucket(1)
    stored, begun = Stored(redis, bucket), time.monotonic()
    for _ in range(10):
        node.take((bucket, "alice"))

    ttl_s = stored.ttl_s()
    assert 10 - (time.monotonic() - begun) <= ttl_s <= 10.001


def test_all_nodes_count_together_and_each_owner_alone(redis: RedisServer) -> None:
    one, two = patient(redis.url), patient(redis.url)
    bucket = some_bucket(0.001, burst=4)

    alice = [node.take((bucket, "alice")) is None for node in (one, two) * 3]

    assert alice == [True] * 4 + [False] * 2
    assert two.take((bucket, "bob")) is None


def test_of_many_that_ask_at_once_as_many_are_served_as_there_are_tokens(redis: RedisServer) -> None:
    node, bucket = patient(redis.url), some_bucket(0.001, burst=20)

    asking = [gevent.spawn(node.take, (bucket, "alice")) for _ in range(50)]
    gevent.joinall(asking, raise_error=True)

    assert sum(one.value is None for one in asking) == 20


def test_a_redis_that_goes_and_comes_frees_nobody_and_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "REDIS_RETRY_AFTER_S", 0.0)
    bucket = some_bucket(0.001, burst=2)
    with redis_server() as server:
        one, two = patient(server.url), patient(server.url)
        before = [one.take((bucket, "alice")), two.take((bucket, "alice")), one.take((bucket, "alice"))]
        server.kill()
        away = [one.take((bucket, "alice")) for _ in range(3)]
        server.start()
        back = [node.take((bucket, "alice")) for node in (one, two, one)]

    assert [short is None for short in before] == [True, True, False]
    assert [short is None for short in away] == [True, True, False]
    assert [short is None for short in back] == [True, True, False]


def test_a_redis_that_hangs_costs_a_bounded_wait_once(monkeypatch: pytest.MonkeyPatch, stalls: Stalls) -> None:
    bucket = some_bucket(0.001, burst=100)
    with redis_server() as server:
        node = SharedBuckets(server.url, key_prefix=PREFIX)
        node.take((bucket, "alice"))
        monkeypatch.setattr(buckets, "REDIS_RETRY_AFTER_S", 3600.0)
        server.stop()
        begun = time.monotonic()

        with package_log.captured() as lines:
            node.take((bucket, "alice"))
            assert stalls.since_s(begun) < HANG_S_MAX
            for _ in range(50):
                node.take((bucket, "alice"))

        assert [line.getMessage() for line in lines] == ["buckets_without_redis"], "asked no more, until it is time"
        server.cont()
