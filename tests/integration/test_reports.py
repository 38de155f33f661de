"""What processes say of themselves in Redis: all of it, signed, and gone when they are."""

import json

import pytest
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.node.report import CPU_SECONDS, FORGOTTEN_S, GONE_S, NODE, Report, Reports
from prometheus_client import CollectorRegistry, Counter, Gauge
from redis import Redis

from tests.support.servers import RedisServer

KEYS = Keys([b"k" * 32])
KEY = Channels().reports
SOCKETS = Gauge("trial_sockets", "For this test", registry=CollectorRegistry())
SENT = Counter("trial_sent_total", "For this test", ["way"], registry=CollectorRegistry())


@pytest.fixture
def client(own_redis: RedisServer) -> Redis:
    made = Redis.from_url(own_redis.url, decode_responses=True)
    made.flushall()
    return made


def report(server: RedisServer, name: str = "web1", keys: Keys | None = KEYS) -> Report:
    return Report(server.url, name=name, role=NODE, counted=(SOCKETS, SENT), keys=keys)


def names(server: RedisServer) -> list[str]:
    return [reported.name for reported in Reports(server.url, keys=KEYS).read()]


def grow_old(client: Redis, name: str, seconds: float) -> None:
    """As if the process had said nothing since."""
    at, _, said = str(client.hget(KEY, name)).partition(":")
    client.hset(KEY, name, f"{int(at) - int(seconds)}:{said}")


def test_what_a_process_counts_is_read_as_it_was_said(own_redis: RedisServer, client: Redis) -> None:
    SOCKETS.set(3)
    SENT.labels("bus").inc(5)
    SENT.labels("database").inc(2)
    report(own_redis).say()

    (reported,) = Reports(own_redis.url, keys=KEYS).read()

    assert (reported.name, reported.role, reported.is_gone) == ("web1", NODE, False)
    assert reported.value("trial_sockets") == 3
    assert reported.value("trial_sent_total") == 7
    assert reported.value("trial_sent_total", way="database") == 2
    assert reported.value(CPU_SECONDS) > 0


def test_a_process_that_says_nothing_has_gone_and_is_forgotten(own_redis: RedisServer, client: Redis) -> None:
    for name in ("web1", "web2"):
        report(own_redis, name).say()
    grow_old(client, "web1", GONE_S + 1)

    web1, web2 = Reports(own_redis.url, keys=KEYS).read()
    assert (web1.name, web1.is_gone) == ("web1", True)
    assert (web2.name, web2.is_gone) == ("web2", False)

    grow_old(client, "web1", FORGOTTEN_S)
    assert names(own_redis) == ["web2"]
    report(own_redis, "web3").say()
    assert set(client.hgetall(KEY)) == {"web2", "web3"}


def test_nothing_stays_in_redis_when_all_have_gone(own_redis: RedisServer, client: Redis) -> None:
    report(own_redis).say()

    assert 0 < client.ttl(KEY) <= FORGOTTEN_S


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(["web1", NODE, [["trial_sockets", {}, 9]]]),
        json.dumps(["\x1b[2Jweb1", NODE, []]),
        json.dumps(["web1", NODE, [["\x1b[2J", {}, 9]]]),
        json.dumps(["web1", NODE, [["trial_sockets", {}, "9"]]]),
        '["web1", "node", [["trial_sockets", {}, NaN]]]',
        json.dumps({"web1": NODE}),
        "[" * 100_000,
        "nothing",
    ],
)
def test_what_somebody_without_a_key_writes_is_not_believed(own_redis: RedisServer, client: Redis, body: str) -> None:
    report(own_redis, "web2").say()
    now = str(client.hget(KEY, "web2")).partition(":")[0]
    client.hset(KEY, "web1", f"{now}:{body}")

    assert names(own_redis) == ["web2"]


@pytest.mark.parametrize(
    "body", ['["\\u001b[2Jweb1", "node", []]', '["web1", "node", [["a", {}, NaN]]]', "[" * 100_000]
)
def test_without_keys_too_nothing_reaches_the_terminal_but_names_and_numbers(
    own_redis: RedisServer, client: Redis, body: str
) -> None:
    report(own_redis, "web2", keys=None).say()
    now = str(client.hget(KEY, "web2")).partition(":")[0]
    client.hset(KEY, "web1", f"{now}:{body}")

    assert [reported.name for reported in Reports(own_redis.url).read()] == ["web2"]


def test_a_report_of_one_process_is_not_taken_for_another_s(own_redis: RedisServer, client: Redis) -> None:
    report(own_redis, "web2").say()
    client.hset(KEY, "web1", str(client.hget(KEY, "web2")))

    assert names(own_redis) == ["web2"]
