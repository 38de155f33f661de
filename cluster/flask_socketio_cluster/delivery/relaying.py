"""Streams onto the bus: how a relay publishes what it finds in the outbox."""

from collections.abc import Callable, Sequence

from flask_socketio_cluster.bus.channels import STOCK_CHANNEL
from flask_socketio_cluster.bus.numbered import Numbered
from flask_socketio_cluster.bus.publisher import Publisher
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.delivery.delivery import user_room
from flask_socketio_cluster.streams.stream import Key, Stored, Streams


class StreamPublisher:
    """The events of `streams`, each to the nodes that hold a socket of its user; signed where there are `keys`.
    `channel` and `room_of`: as those of the nodes."""

    def __init__(
        self,
        redis_url: str,
        streams: Streams,
        *,
        channel: str = STOCK_CHANNEL,
        room_of: Callable[[Key], str] = user_room,
        keys: Keys | None = None,
    ) -> None:
        self._publisher = Publisher(redis_url, channel=channel, keys=keys)
        self._namespace = streams.namespace
        self._room_of = room_of

    def ping(self) -> None:
        """Raises RedisError unless Redis answers."""
        self._publisher.ping()

    def publish(self, events: Sequence[Stored]) -> None:
        """All of `events`, in order, in one round trip. Raises RedisError unless Redis took every one."""
        self._publisher.publish(
            Numbered(self._namespace, self._room_of(e.key), e.seq, (e.packet, *e.state.values()), e.origin)
            for e in events
        )
