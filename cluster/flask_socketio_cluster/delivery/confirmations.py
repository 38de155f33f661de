"""Whether a person's page has taken an event: asked of the clients themselves, by a process that has none.

What a node has sent may still be on its way to a phone that sleeps. So the nodes that hold a socket of the person ask
its client, which answers with the seq of the last event that it has.
"""

import secrets
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.delivery.confirming import SIGNAL
from flask_socketio_cluster.delivery.delivery import user_room
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.streams.stream import Key, Streams

# How long clients may take to answer.
ANSWER_S = 2.0


class Confirmations:
    """For a process without sockets, such as one that sends push messages to closed pages.

    `streams`, `channel`, `room_of` and `keys`: as those of the nodes.
    """

    def __init__(
        self,
        redis_url: str,
        streams: Streams,
        *,
        channel: str = STOCK_CHANNEL,
        room_of: Callable[[Key], str] = user_room,
        keys: Keys | None = None,
    ) -> None:
        self._bus = RoutedRedisManager(redis_url, channel=channel, write_only=True, keys=keys)
        self._client: Any = redis_client.connect(redis_url, answer_timeout_s=ANSWER_S + 1)
        self._channels = Channels(channel)
        self._namespace = streams.namespace
        self._room_of = room_of

    def taken(self, key: Key, seq: int) -> bool:
        """Whether some page of this person has the event of this seq. False after ANSWER_S without an answer, at once
        where nobody is online, and when Redis is away."""
        question = secrets.token_urlsafe(12)
        try:
            heard = self._bus.signal(SIGNAL, [key, seq, question], namespace=self._namespace, room=self._room_of(key))
            return heard > 0 and self._client.blpop([self._channels.taken(question)], timeout=ANSWER_S) is not None
        except (BusUnavailable, RedisError):
            return False
