"""Wake the workers after a commit: best effort, never in the way of a request."""

import gevent
from gevent.event import Event
from redis.exceptions import RedisError

from app import redis_client
from app.redis_keys import WAKE_CHANNEL

PAUSE_AFTER_ERROR_S = 0.5


class Waker:
    """`wake` returns at once; one greenlet sends the signals, several commits in one when Redis is slow."""

    def __init__(self, redis_url: str) -> None:
        self._client = redis_client.connect(redis_url)
        self._asked = Event()

    def start(self) -> None:
        gevent.spawn(self._run)

    def wake(self) -> None:
        self._asked.set()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                self._client.publish(WAKE_CHANNEL, "")
            except RedisError:
                gevent.sleep(PAUSE_AFTER_ERROR_S)  # the workers also look by themselves


def wake_once(redis_url: str) -> None:
    """The same from a script: one signal, or none when Redis is away."""
    try:
        redis_client.connect(redis_url).publish(WAKE_CHANNEL, "")
    except RedisError:
        return
