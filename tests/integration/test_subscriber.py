"""A subscription goes on whatever is raised in it, and says when it hears again."""

import threading
from collections.abc import Iterator

import pytest
from flask_socketio_cluster.bus.subscriber import Subscriber
from redis import Redis

from tests.support import package_log
from tests.support.metrics import counted
from tests.support.people import eventually
from tests.support.servers import RedisServer

CHANNEL = "test:subscriber"
LATE = "test:late"


class Listening:
    """A subscriber on a thread of its own, whose first turns fail in a way that nobody expects."""

    def __init__(self, url: str, failures: int) -> None:
        self.heard: list[bytes] = []
        self.ready = 0
        self._failures = failures
        self.subscriber = Subscriber(url, on_message=self._hear, on_ready=self._ready)
        self.subscriber.add(CHANNEL)
        self._thread = threading.Thread(target=self.subscriber.loop.run, daemon=True)
        self._thread.start()

    def _hear(self, _channel: bytes, data: bytes) -> None:
        self.heard.append(data)
        if data == b"bad":
            raise ValueError("a message that nobody can read")

    def _ready(self) -> None:
        self.ready += 1
        if self.ready <= self._failures:
            raise RuntimeError("nobody expects it")

    def stop(self) -> None:
        self.subscriber.loop.stop()
        self.subscriber.reconnect()
        self._thread.join(5)
        assert not self._thread.is_alive()


@pytest.fixture
def listening(redis: RedisServer) -> Iterator[Listening]:
    made = Listening(redis.url, failures=2)
    yield made
    made.stop()


def test_an_unexpected_error_does_not_end_the_subscription(redis: RedisServer, listening: Listening) -> None:
    eventually(lambda: listening.ready == 3, "a subscription that was made a third time")

    with Redis.from_url(redis.url, socket_timeout=5) as client:
        eventually(lambda: client.publish(CHANNEL, "x") and listening.heard, "what was published")


def test_who_waits_for_a_channel_in_vain_is_told_when_it_comes(redis: RedisServer, listening: Listening) -> None:
    eventually(lambda: listening.ready == 3, "a subscription")
    redis.stop()
    try:
        listening.subscriber.add(LATE)
        assert not listening.subscriber.wait(LATE, 0.01)
        assert listening.ready == 3
    finally:
        redis.cont()
    eventually(lambda: listening.ready == 4, "the channel that came late")

    with Redis.from_url(redis.url, socket_timeout=5) as client:
        assert client.pubsub_numsub(LATE) == [(LATE.encode(), 1)]


def test_messages_that_cannot_be_handled_are_counted_and_logged_once(redis: RedisServer, listening: Listening) -> None:
    eventually(lambda: listening.ready == 3, "a subscription")
    before = counted("socketio_cluster_bus_messages_failed_total")
    with package_log.captured() as lines, Redis.from_url(redis.url, socket_timeout=5) as client:
        for _ in range(10):
            client.publish(CHANNEL, "bad")
        client.publish(CHANNEL, "good")
        eventually(lambda: b"good" in listening.heard, "what came behind them")

    assert counted("socketio_cluster_bus_messages_failed_total") == before + 10
    assert [line.getMessage() for line in lines] == ["message_failed"]


def test_a_redis_that_refuses_the_channel_fills_no_log(redis: RedisServer) -> None:
    with Redis.from_url(redis.url, socket_timeout=5) as client:
        client.execute_command("ACL", "SETUSER", "limited", "on", "nopass", "resetchannels", "+@all")
    before = counted("socketio_cluster_loop_failures_total", loop="subscriber")
    with package_log.captured() as lines:
        listening = Listening(redis.url.replace("redis://", "redis://limited:x@"), failures=0)
        try:
            eventually(
                lambda: counted("socketio_cluster_loop_failures_total", loop="subscriber") >= before + 3, "failures"
            )
        finally:
            listening.stop()

    assert [line.getMessage() for line in lines] == ["loop_put_off"]
    assert listening.ready == 0
