"""The relay: brings the outbox onto the bus, woken by commits, looking by itself in case a signal was lost."""

import random
from pathlib import Path

from redis.exceptions import RedisError

from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.loops import Loop
from app.realtime.publisher import StreamPublisher
from app.realtime.subscriber import Subscriber
from app.redis_keys import WAKE_CHANNEL
from app.streams import outbox

LOOK_EVERY_S = 1.0
RETRY_S = 0.3
RETRY_MAX_S = 2.0
JITTER = 0.2


class Relay:
    """Several may run at once: each partition is relayed by whoever holds its row. On SQLite run one.

    Each round touches the file `alive`.
    """

    def __init__(self, db: Database, redis_url: str, *, alive: Path | None = None) -> None:
        self._db = db
        self._alive = alive
        self._publisher = StreamPublisher(redis_url)
        # Whether Redis did not take, or did not confirm, what was published last.
        self._in_doubt = False
        self.loop = Loop(
            "relay",
            self._round,
            every_s=LOOK_EVERY_S,
            jitter=JITTER,
            retry_s=RETRY_S,
            retry_max_s=RETRY_MAX_S,
            expected=(RedisError, DatabaseDown, OutcomeUnknown),
        )
        wake = self.loop.wake
        self.subscriber = Subscriber(redis_url, on_message=lambda *_: wake(), on_ready=wake)
        self.subscriber.add(WAKE_CHANNEL)

    def drain(self) -> int:
        """One round over the partitions that have rows; how many events were relayed.

        Raises RedisError or DatabaseDown; the rows that were not relayed are still there. After a RedisError nothing
        is published before Redis has answered a PING: one that is only slow has the messages already, and would be
        given them again and again.
        """
        if self._in_doubt:
            self._publisher.ping()
        self._in_doubt = True
        partitions = self._db.read(outbox.waiting)
        random.shuffle(partitions)  # so that two workers do not queue for the same one
        relayed = sum(self._db.transact(outbox.drain, p, self._publisher.publish) for p in partitions)
        self._in_doubt = False
        return relayed

    def _round(self) -> float | None:
        if self._alive:
            self._alive.touch()
        return 0.0 if self.drain() else None
