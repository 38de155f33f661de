"""The limiter where there is no Redis: it counts in this process, for each key by itself."""

import pytest
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

from app import limiter as bank_limiter
from app.errors import TooFast
from tests.support import package_log
from tests.support.ports import LOOPBACK, free_port

RATE = limiter.per_minute("login", 3)


@pytest.fixture
def alone() -> Limiter:
    """A limiter whose Redis is not there."""
    return bank_limiter.connect(f"redis://{LOOPBACK}:{free_port()}")


def uses_until_refused(limits: Limiter, rate: limiter.Rate, *keys: str) -> int:
    used = 0
    try:
        while used < 100:
            limits.check(rate, *keys)
            used += 1
    except TooFast:
        return used
    raise AssertionError("never refused")


def test_without_redis_the_limit_still_holds(alone: Limiter) -> None:
    assert uses_until_refused(alone, RATE, "alice") == 3


def test_each_key_has_a_limit_of_its_own(alone: Limiter) -> None:
    uses_until_refused(alone, RATE, "alice")

    assert uses_until_refused(alone, RATE, "bob") == 3


def test_each_rate_has_a_limit_of_its_own(alone: Limiter) -> None:
    uses_until_refused(alone, RATE, "alice")

    assert uses_until_refused(alone, limiter.per_minute("registro", 5), "alice") == 5


def test_a_refusal_says_how_long_to_wait(alone: Limiter) -> None:
    uses_until_refused(alone, RATE, "alice")

    with pytest.raises(TooFast) as refused:
        alone.check(RATE, "alice")

    assert refused.value.retry_after_s is not None
    assert 1 <= refused.value.retry_after_s <= 2 * 60 + 1


def test_all_who_were_asking_when_redis_went_away_leave_one_line(
    monkeypatch: pytest.MonkeyPatch, alone: Limiter
) -> None:
    asking = alone._limiter
    monkeypatch.setattr(Limiter, "_limiter", property(lambda _: asking))
    with package_log.captured() as lines:
        for number in range(5):
            alone.check(RATE, str(number))

    assert [line.getMessage() for line in lines] == ["limiter_without_redis"]
