"""Token buckets in memory: as many as were set, back at the rate that was set, and no more memory than is used."""

import itertools

import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.limits import buckets
from flask_socketio_cluster.limits.buckets import Bucket, LocalBuckets, SharedBuckets, Short, Tokens

from tests.integration.library import NOWHERE

RATES = pytest.mark.parametrize("per_s", [0.5, 1, 7, 50])


class Clock:
    """Stands still but for what it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(clock, "monotonic_s", lambda: self.now_s)

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def taken(tokens: Tokens, bucket: Bucket) -> int:
    """How many there are; then there is none."""
    return next(number for number in itertools.count() if tokens.take(bucket))


@RATES
def test_a_bucket_gives_its_burst_and_then_refills_at_the_rate_that_was_set(time: Clock, per_s: float) -> None:
    bucket, tokens = Bucket("b", per_s, burst=10), Tokens()
    assert taken(tokens, bucket) == 10

    for count in (1, 2, 3, 9, 10):
        time.pass_by(count / per_s)
        assert taken(tokens, bucket) == count


@RATES
def test_who_takes_each_token_as_it_comes_gets_the_rate_that_was_set(time: Clock, per_s: float) -> None:
    bucket, tokens, got = Bucket("b", per_s, burst=3), Tokens(), 0
    taken(tokens, bucket)

    for _ in range(1000):
        time.pass_by(0.1 / per_s)
        got += taken(tokens, bucket)

    assert got == 100


def test_a_full_bucket_becomes_no_fuller(time: Clock) -> None:
    bucket, tokens = Bucket("b", per_s=7, burst=10), Tokens()
    taken(tokens, bucket)

    time.pass_by(3600)

    assert taken(tokens, bucket) == 10


def test_a_refusal_takes_nothing_and_says_when_there_is_one_again(time: Clock) -> None:
    bucket, tokens = Bucket("b", per_s=0.5, burst=2), Tokens()
    taken(tokens, bucket)
    time.pass_by(0.5)

    waits = {tokens.take(bucket) for _ in range(100)}
    time.pass_by(waits.pop())

    assert waits == set()
    assert time.now_s == 1002.0
    assert tokens.take(bucket) == 0


def test_each_owner_and_each_bucket_is_counted_by_itself(time: Clock) -> None:
    local, one, other = LocalBuckets(), Bucket("one", per_s=1, burst=1), Bucket("other", per_s=1, burst=1)

    answers = [local.take(bucket, key) for bucket in (one, other) for key in ("alice", "bob") for _ in range(2)]

    assert [wait > 0 for wait in answers] == [False, True] * 4


def test_buckets_that_are_full_again_are_forgotten(time: Clock) -> None:
    local, bucket = LocalBuckets(), Bucket("b", per_s=1, burst=5)
    for number in range(1000):
        local.take(bucket, f"crowd {number}")
    assert len(local) == 1000

    time.pass_by(5)
    for number in range(1000):
        local.take(bucket, f"later {number % 10}")

    assert len(local) == 10


def test_however_many_come_at_once_the_memory_has_an_end(monkeypatch: pytest.MonkeyPatch, time: Clock) -> None:
    monkeypatch.setattr(buckets, "KEPT_MAX", 100)
    local, bucket = LocalBuckets(), Bucket("b", per_s=1, burst=5)

    for number in range(1000):
        local.take(bucket, str(number))

    assert len(local) == 100


def test_without_redis_the_node_counts_by_itself() -> None:
    alone = SharedBuckets(NOWHERE, key_prefix="b:")
    user, address = Bucket("user", per_s=0.001, burst=3), Bucket("address", per_s=0.001, burst=5)

    answers = [alone.take((user, name), (address, "school")) for name in ("alice", "bob") for _ in range(4)]

    refused = [short and short.bucket.name for short in answers]
    assert refused == [None, None, None, "user", None, "address", "address", "user"]
    assert isinstance(answers[3], Short)
    assert 900 < answers[3].wait_s <= 1000
