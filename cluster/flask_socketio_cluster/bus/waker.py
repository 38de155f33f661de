"""Wake the relays after a commit: best effort, never in the way of a request."""

from collections.abc import Callable

from redis.exceptions import RedisError

from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.bus.subscriber import Subscriber
from flask_socketio_cluster.loops import Loop

# The signal that comes at the latest, in case that no commit asks for one.
EVERY_S = 60.0


class Waker:
    """`wake` returns at once; one greenlet sends the signals, several commits in one when Redis is slow.

    While Redis is away no signal gets through; the relays also look by themselves. `channel`: as that of the relays'
    `listener`.
    """

    def __init__(self, redis_url: str, *, channel: str = STOCK_CHANNEL) -> None:
        self._wake = Channels(channel).wake
        self._client = redis_client.connect_patiently(redis_url)
        self.loop = Loop("waker", self._signal, every_s=EVERY_S, expected=(RedisError,))

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    def wake(self) -> None:
        self.loop.wake()

    def _signal(self) -> None:
        self._client.publish(self._wake, "")


def wake_once(redis_url: str, *, channel: str = STOCK_CHANNEL) -> None:
    """The same from a script: one signal, or none when Redis is away."""
    try:
        redis_client.connect(redis_url).publish(Channels(channel).wake, "")
    except RedisError:
        return


def listener(redis_url: str, wake: Callable[[], None], *, channel: str = STOCK_CHANNEL) -> Subscriber:
    """Calls `wake` at each signal, and whenever signals may have been missed; its `loop` is still to be started."""
    subscriber = Subscriber(redis_url, on_message=lambda *_: wake(), on_ready=wake)
    subscriber.add(Channels(channel).wake)
    return subscriber
