"""The limiter with Redis: all nodes count together, and a Redis that goes away stops nobody."""

import secrets
import time

import pytest
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter, Rate

from app import limiter as bank_limiter
from app.errors import TooFast
from tests.support import package_log
from tests.support.limits import patient
from tests.support.servers import RedisServer, redis_server
from tests.support.stalls import Stalls

# What a request may lose when Redis hangs: one connection attempt and one answer, twice.
HANG_S_MAX = 2.0


def some_rate(amount: int) -> Rate:
    """Of a name of its own, so that tests do not count together."""
    return limiter.per_minute(secrets.token_hex(4), amount)


def allowed(limits: Limiter, rate: Rate, *keys: str) -> bool:
    try:
        limits.check(rate, *keys)
    except TooFast:
        return False
    return True


def test_all_nodes_count_together(redis: RedisServer) -> None:
    one, two = patient(redis.url), patient(redis.url)
    rate = some_rate(4)

    assert [allowed(node, rate, "alice") for node in (one, two) * 3] == [True] * 4 + [False] * 2


def test_each_key_has_a_limit_of_its_own(redis: RedisServer) -> None:
    limits, rate = patient(redis.url), some_rate(1)

    assert [allowed(limits, rate, key) for key in ("alice", "bob", "alice", "bob")] == [True, True, False, False]


def test_a_refusal_says_how_long_to_wait(redis: RedisServer) -> None:
    limits, rate = patient(redis.url), some_rate(1)
    limits.check(rate, "alice")

    with pytest.raises(TooFast) as refused:
        limits.check(rate, "alice")

    assert refused.value.retry_after_s is not None
    assert 1 <= refused.value.retry_after_s <= 2 * 60 + 1


def test_a_new_second_is_a_new_chance(redis: RedisServer) -> None:
    limits, rate = patient(redis.url), limiter.per_second(secrets.token_hex(4), 1)
    limits.check(rate, "alice")
    deadline = time.monotonic() + 10

    while not allowed(limits, rate, "alice"):
        assert time.monotonic() < deadline, "never allowed again"
        time.sleep(0.05)


def test_a_redis_that_goes_and_comes_stops_nobody_and_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "REDIS_RETRY_AFTER_S", 0.0)
    rate = some_rate(2)
    with redis_server() as server:
        one, two = patient(server.url), patient(server.url)
        assert [allowed(one, rate, "alice"), allowed(two, rate, "alice")] == [True, True]

        server.kill()
        away = [allowed(one, rate, "alice") for _ in range(3)]
        server.start()
        back = [allowed(node, rate, "alice") for node in (one, two, one)]

    assert away == [True, True, False]
    assert back == [True, True, False]


def test_a_redis_that_hangs_costs_a_bounded_wait_once(monkeypatch: pytest.MonkeyPatch, stalls: Stalls) -> None:
    monkeypatch.setattr(limiter, "REDIS_RETRY_AFTER_S", 0.0)
    rate = some_rate(100)
    with redis_server() as server:
        limits = bank_limiter.connect(server.url)
        limits.check(rate, "alice")
        monkeypatch.setattr(limiter, "REDIS_RETRY_AFTER_S", 3600.0)
        server.stop()
        begun = time.monotonic()

        with package_log.captured() as lines:
            limits.check(rate, "alice")
            assert stalls.since_s(begun) < HANG_S_MAX
            for _ in range(50):
                limits.check(rate, "alice")

        assert [line.getMessage() for line in lines] == ["limiter_without_redis"], (
            "asked no more, until it is time again"
        )
        server.cont()
