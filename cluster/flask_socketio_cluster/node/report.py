"""What each process says of itself in Redis every two seconds, for whoever looks at the whole cluster."""

import json
import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from prometheus_client.metrics_core import Metric
from redis.exceptions import RedisError

from flask_socketio_cluster import metrics, redis_client
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.bus.node_ids import NODE_ID
from flask_socketio_cluster.bus.signing import Keys, is_signed, unverified_body
from flask_socketio_cluster.loops import Loop

EVERY_S = 2.0
# Who has said nothing for so long has gone; after the second time it is forgotten.
GONE_S = 7.0
FORGOTTEN_S = 60
# Of a report; one that has more is not believed.
SAMPLES_MAX = 2_000
REPORT_BYTES_MAX = 256_000
# Every so many reports the forgotten ones are looked for, which reads them all.
FORGET_EVERY = 30

# What processes are.
NODE, WORKER = "node", "worker"

CPU_SECONDS = "cpu_seconds"
# What is worth a look of a process with sockets. All of it takes a fraction of a millisecond to read.
NODE_METRICS = (
    metrics.SOCKETS,
    metrics.USERS,
    metrics.SESSIONS,
    metrics.SESSIONS_MAX,
    metrics.DRAINING,
    metrics.HANDSHAKES,
    metrics.HANDSHAKES_WAITING,
    metrics.HANDSHAKES_REFUSED,
    metrics.SESSIONS_ENDED,
    metrics.RATES_EXCEEDED,
    metrics.LIMITED,
    metrics.EVENTS_SENT,
    metrics.DELIVERY_SECONDS,
    metrics.CATCH_UPS,
    metrics.CANARY_AGE,
    metrics.LOOP_FAILURES,
)
# And of one that relays.
RELAY_METRICS = (
    metrics.OUTBOX_ROWS,
    metrics.OUTBOX_AGE,
    metrics.OUTBOX_SET_ASIDE,
    metrics.RELAY_SECONDS,
    metrics.LOOP_FAILURES,
)

_SAMPLE_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]{0,99}")

# By the clock of Redis, which all share. Entries are the second of their report, a colon, and the report.
_SAY = """
local now = redis.call('TIME')[1]
redis.call('HSET', KEYS[1], ARGV[1], now .. ':' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
if ARGV[4] == '1' then
    local entries = redis.call('HGETALL', KEYS[1])
    for i = 1, #entries, 2 do
        local said = tonumber(string.match(entries[i + 1], '^(%d+):'))
        if not said or now - said > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], entries[i]) end
    end
end
"""
_LOOK = "return {redis.call('TIME')[1], redis.call('HGETALL', KEYS[1])}"


class Collects(Protocol):
    """A metric of prometheus_client."""

    def collect(self) -> Iterable[Metric]: ...


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Reported:
    """One process. `role`: what it is, such as NODE. `age_s`: since its last report."""

    name: str
    role: str
    age_s: float
    samples: list[Sample]

    @property
    def is_gone(self) -> bool:
        return self.age_s > GONE_S

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name that have these labels."""
        return sum(s.value for s in self.named(name) if labels.items() <= s.labels.items())

    def named(self, name: str) -> list[Sample]:
        """The samples of that name."""
        return self._by_name.get(name, [])

    @cached_property
    def _by_name(self) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            found.setdefault(sample.name, []).append(sample)
        return found


class Report:
    """Says `counted` of this process. `keys` and `channel`: as those of the node's `RoutedRedisManager`."""

    def __init__(
        self,
        redis_url: str,
        *,
        name: str,
        role: str,
        counted: Sequence[Collects],
        keys: Keys | None = None,
        channel: str = STOCK_CHANNEL,
    ) -> None:
        self._key = Channels(channel).reports
        self._client = redis_client.connect_patiently(redis_url)
        self._name = name
        self._role = role
        self._counted = counted
        self._keys = keys
        self._turns = 0
        self.loop = Loop("report", self.say, every_s=EVERY_S, jitter=0.1, retry_s=EVERY_S, expected=(RedisError,))

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    def say(self) -> None:
        """Raises RedisError."""
        samples = [(CPU_SECONDS, {}, round(time.process_time(), 3)), *_samples(self._counted)]
        body = json.dumps([self._name, self._role, samples], separators=(",", ":")).encode()
        said = self._keys.sign(self._key.encode(), body) if self._keys else body
        forget = self._turns % FORGET_EVERY == 0
        self._turns += 1
        self._client.eval(_SAY, 1, self._key, self._name, said, FORGOTTEN_S, "1" if forget else "0")


class Reports:
    """What all processes said last. With `keys` those are left out that were not signed with one of them."""

    def __init__(self, redis_url: str, *, keys: Keys | None = None, channel: str = STOCK_CHANNEL) -> None:
        self._key = Channels(channel).reports
        self._client = redis_client.connect(redis_url)
        self._keys = keys

    def read(self) -> list[Reported]:
        """By role and name. Raises RedisError."""
        return self.opened(self.fetch())

    def fetch(self) -> Any:
        """What there is, for `opened`, which asks nobody. Raises RedisError."""
        return self._client.eval(_LOOK, 1, self._key)

    def opened(self, fetched: Any) -> list[Reported]:
        """By role and name."""
        now, entries = fetched
        pairs = zip(entries[::2], entries[1::2], strict=True)
        found = (self._reported(name, entry, int(now)) for name, entry in pairs)
        return sorted((r for r in found if r is not None), key=lambda r: (r.role, r.name))

    def _reported(self, field: bytes, entry: bytes, now: int) -> Reported | None:
        """None for what is not as `say` writes it: who reaches Redis could have."""
        at, _, said = entry.partition(b":")
        body = self._keys.body(self._key.encode(), said) if self._keys else _believed(said)
        if body is None or not at.isdigit() or len(at) > 12 or len(body) > REPORT_BYTES_MAX:
            return None
        try:
            name, role, samples = json.loads(body)
            read = [_sample(*sample) for sample in samples[:SAMPLES_MAX]]
        except (ValueError, TypeError, RecursionError):
            return None
        if not (_is_name(name) and _is_name(role)) or field != name.encode() or now - int(at) > FORGOTTEN_S:
            return None
        return Reported(name, role, float(max(0, now - int(at))), read)


def _samples(counted: Sequence[Collects]) -> Iterator[tuple[str, dict[str, str], float]]:
    for metric in counted:
        for family in metric.collect():
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    yield sample.name, sample.labels, sample.value


def _believed(said: bytes) -> bytes:
    return unverified_body(said) if is_signed(said) else said


def _is_name(name: object) -> bool:
    return isinstance(name, str) and NODE_ID.fullmatch(name) is not None


def _sample(name: object, labels: object, value: object) -> Sample:
    """Raises ValueError."""
    if not isinstance(name, str) or not _SAMPLE_NAME.fullmatch(name) or not isinstance(labels, dict):
        raise ValueError("no sample")
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no value")
    return Sample(name, {str(key): str(text) for key, text in labels.items()}, float(value))
