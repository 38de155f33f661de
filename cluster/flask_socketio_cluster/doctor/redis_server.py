"""How Redis is set, as far as its user may ask."""

from collections.abc import Iterator
from typing import Any

from redis.exceptions import RedisError

from flask_socketio_cluster import clock, redis_client
from flask_socketio_cluster.doctor.findings import Finding, fault, ok, unknown, warning
from flask_socketio_cluster.redis_client import Client

TIMEOUT_S = 2.0
VERSION_MIN = (7, 0)
# A subscription that falls behind by more than its buffer is closed, and the node catches up from the database.
BUFFER_BYTES_MIN = 1_000_000
SLOW_S = 0.05
PINGS = 5


def check(url: str) -> Iterator[Finding]:
    """Whether it answers, how quickly, and what its settings do to subscriptions and to the keys of a cluster."""
    subject = "redis"
    client = redis_client.connect(url, connect_timeout_s=TIMEOUT_S, answer_timeout_s=TIMEOUT_S)
    try:
        best_s = min(_ping_s(client) for _ in range(PINGS))
    except RedisError as error:
        yield fault(subject, f"it does not answer: {error}", "see that it runs, its address and password in REDIS_URL")
        return
    if best_s > SLOW_S:
        yield warning(subject, f"it takes {best_s * 1000:.0f} ms to answer", "look at the network and at SLOWLOG")
    else:
        yield ok(subject, f"it answers in {best_s * 1000:.1f} ms")
    yield from _url(url)
    yield from _who(client)
    if redis_client.is_cluster(url):
        yield unknown(
            "redis settings", "of a Redis Cluster each node has its own", "check each node by its own address"
        )
        return
    yield from _version(client)
    yield from _settings(client)


def _ping_s(client: Client) -> float:
    begun = clock.monotonic_s()
    client.ping()
    return clock.monotonic_s() - begun


def _url(url: str) -> Iterator[Finding]:
    if "protocol=3" in url.partition("?")[2]:
        yield fault(
            "redis protocol",
            "REDIS_URL asks for protocol 3, in which redis-py reads a subscription by recursion until the stack ends",
            "remove protocol=3 from the address",
        )


def _who(client: Client) -> Iterator[Finding]:
    subject = "redis user"
    try:
        who = _text(client.acl_whoami())
    except RedisError:
        yield unknown(subject, "ACL WHOAMI is not allowed to this user")
        return
    if who == "default":
        yield warning(
            subject,
            "REDIS_URL has no user of its own: the default user may do everything",
            "give each role a user (deploy/redis/README.md) and the default one no rights",
        )
    else:
        yield ok(subject, f"{who}, not the default one")


def _version(client: Client) -> Iterator[Finding]:
    subject = "redis version"
    try:
        version = _text(client.info("server")["redis_version"])
    except (RedisError, KeyError):
        yield unknown(subject, "INFO is not allowed to this user")
        return
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < VERSION_MIN:
        yield fault(subject, f"{version} is too old", "install Redis 7 or Valkey 7.2, or newer")
    else:
        yield ok(subject, version)


def _settings(client: Client) -> Iterator[Finding]:
    subject = "redis settings"
    try:
        found = client.config_get("client-output-buffer-limit", "maxmemory*", "timeout")
    except RedisError:
        yield unknown(
            subject,
            "CONFIG GET is not allowed to this user, as it should be",
            "once, run this with an operator's address in REDIS_URL",
        )
        return
    settings = {_text(name): _text(value) for name, value in found.items()}
    yield from _buffers(settings.get("client-output-buffer-limit", ""))
    yield from _memory(settings)
    if settings.get("timeout", "0") != "0":
        yield warning(
            subject,
            f"timeout is {settings['timeout']}: connections that rest for so long are closed",
            "CONFIG SET timeout 0",
        )


def _buffers(setting: str) -> Iterator[Finding]:
    subject = "redis buffers"
    words = setting.split()
    if "pubsub" not in words:
        yield unknown(subject, "client-output-buffer-limit says nothing of pubsub")
        return
    hard_bytes = int(words[words.index("pubsub") + 1])
    if hard_bytes == 0:
        yield fault(
            subject,
            "client-output-buffer-limit pubsub has no limit: one node that stands still fills Redis's memory",
            "CONFIG SET client-output-buffer-limit 'pubsub 32mb 8mb 60'",
        )
    elif hard_bytes < BUFFER_BYTES_MIN:
        yield warning(
            subject,
            f"client-output-buffer-limit pubsub is {hard_bytes} bytes: a short burst closes subscriptions",
            "CONFIG SET client-output-buffer-limit 'pubsub 32mb 8mb 60'",
        )
    else:
        yield ok(subject, f"a subscription may fall behind by {hard_bytes} bytes")


def _memory(settings: dict[str, str]) -> Iterator[Finding]:
    subject, policy = "redis memory", settings.get("maxmemory-policy", "")
    if policy.startswith("allkeys-"):
        yield fault(
            subject,
            f"maxmemory-policy is {policy}: limits and presence are thrown away before what may go",
            "CONFIG SET maxmemory-policy noeviction, or volatile-ttl where others share this Redis",
        )
    elif settings.get("maxmemory", "0") == "0":
        yield warning(
            subject,
            "maxmemory is not set: when memory ends the machine ends the process",
            "CONFIG SET maxmemory to three quarters of what the machine gives it",
        )
    else:
        yield ok(subject, f"{policy} at {settings['maxmemory']} bytes")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
