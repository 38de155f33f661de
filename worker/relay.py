"""The relay: brings the outbox onto the bus, woken by commits, looking by itself in case a signal was lost."""

import random
from pathlib import Path

import gevent
from gevent.event import Event
from redis.exceptions import RedisError

from app import log
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.realtime.publisher import StreamPublisher
from app.realtime.subscriber import Subscriber
from app.redis_keys import WAKE_CHANNEL
from app.streams import outbox

LOOK_EVERY_S = 1.0
PAUSE_AFTER_ERROR_S = 0.3

_log = log.get("relay")


class Relay:
    """Several may run at once: each partition is relayed by whoever holds its row. On SQLite run one."""

    def __init__(self, db: Database, redis_url: str) -> None:
        self._db = db
        self._publisher = StreamPublisher(redis_url)
        self._wake = Event()
        self._subscriber = Subscriber(redis_url, on_message=lambda *_: self._wake.set(), on_ready=self._wake.set)
        self._subscriber.add(WAKE_CHANNEL)

    def wake(self) -> None:
        self._wake.set()

    def run(self, stop: Event, alive: Path | None = None) -> None:
        """Until `stop` is set. Each round touches the file `alive`."""
        listener = gevent.spawn(self._subscriber.run)
        failing = False
        while not stop.is_set():
            self._wake.clear()
            if alive:
                alive.touch()
            try:
                if not self.drain():
                    self._wake.wait(LOOK_EVERY_S)
                failing = False
            except (RedisError, DatabaseDown, OutcomeUnknown) as error:
                if not failing:
                    _log.warning("relay_put_off", error=repr(error))
                failing = True
                stop.wait(PAUSE_AFTER_ERROR_S)
            except Exception:  # a row that cannot be read must not end the worker for everybody else
                _log.exception("relay_failed")
                stop.wait(PAUSE_AFTER_ERROR_S)
        listener.kill()

    def drain(self) -> int:
        """One round over the partitions that have rows; how many events were relayed.

        Raises RedisError or DatabaseDown; the rows that were not relayed are still there.
        """
        partitions = self._db.read(outbox.waiting)
        random.shuffle(partitions)  # so that two workers do not queue for the same one
        return sum(self._db.transact(outbox.drain, p, self._publisher.publish) for p in partitions)
