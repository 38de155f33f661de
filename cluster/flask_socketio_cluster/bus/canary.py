"""The canary: a node publishes to itself, and so finds out when it is deaf although its connection is open."""

import logging

from redis.exceptions import RedisError

from flask_socketio_cluster import clock, metrics, redis_client
from flask_socketio_cluster.bus.shards import ShardedSubscriber
from flask_socketio_cluster.bus.subscriber import Subscriber
from flask_socketio_cluster.loops import Loop

EVERY_S = 1.0
DEAF_S = 3.0
# What a node says to itself: this, and when, in microseconds of its monotonic clock.
_CANARY = b"1:"
# Whoever reaches Redis can send one.
CANARY_DIGITS_MAX = 20

_log = logging.getLogger(__name__)


def is_canary(message: bytes) -> bool:
    """Of what comes on a node's own channel."""
    return message.startswith(_CANARY)


class Canary:
    """Makes the subscription anew when nothing was heard for DEAF_S. `channel`: the node's own."""

    def __init__(
        self, client: redis_client.Client, subscriber: Subscriber | ShardedSubscriber, *, channel: str
    ) -> None:
        self._client = client
        self._subscriber = subscriber
        self._channel = channel
        self._heard_s = clock.monotonic_s()
        self._reconnected_s = float("-inf")
        # Up to when deaf time was counted.
        self._counted_s = self._heard_s
        subscriber.add(self._channel)
        self.loop = Loop("canary", self._publish, every_s=EVERY_S, retry_s=EVERY_S, expected=(RedisError,))

    def heard(self) -> None:
        """Something arrived. Whatever it was is a sign of life: in a flood the canary waits behind thousands."""
        self._heard_s = clock.monotonic_s()

    def came_back(self, message: bytes) -> None:
        """How long a message takes from this node to itself."""
        sent_us = message[len(_CANARY) :]
        if sent_us.isdigit() and len(sent_us) < CANARY_DIGITS_MAX:
            metrics.BUS_SECONDS.observe(max(0.0, clock.monotonic_s() - int(sent_us) / 1e6))

    def age_s(self) -> float:
        """Seconds since this node last heard anything through Redis, or since it began."""
        return clock.monotonic_s() - self._heard_s

    def is_deaf(self) -> bool:
        return self.age_s() > DEAF_S

    def _publish(self) -> None:
        metrics.CANARY_AGE.set(self.age_s())
        self._count_deaf_time()
        self._client.publish(self._channel, _CANARY + b"%d" % (clock.monotonic_s() * 1e6))
        # A new connection has as long as any other: what was just published may be on its way still.
        now_s = clock.monotonic_s()
        if self.is_deaf() and self._subscriber.connected and now_s - self._reconnected_s > DEAF_S:
            self._reconnected_s = now_s
            _log.warning("deaf", extra={"canary_age_s": round(self.age_s(), 1)})
            self._subscriber.reconnect()

    def _count_deaf_time(self) -> None:
        """Deaf is known after DEAF_S, and was so before."""
        if self.is_deaf():
            now_s = clock.monotonic_s()
            metrics.DEAF_SECONDS.inc(now_s - max(self._counted_s, self._heard_s))
            self._counted_s = now_s
