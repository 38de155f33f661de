"""Ready-made packets onto the bus: all of a batch in one round trip, or an error."""

from collections.abc import Iterable

from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.bus.numbered import Numbered
from flask_socketio_cluster.bus.signing import Keys


class Publisher:
    """With `keys` every message is signed. `channel`: as that of the nodes' `RoutedRedisManager`."""

    def __init__(self, redis_url: str, *, channel: str = STOCK_CHANNEL, keys: Keys | None = None) -> None:
        self._channels = Channels(channel)
        self._client = redis_client.connect_patiently(redis_url)
        self._keys = keys

    def ping(self) -> None:
        """Raises RedisError unless Redis answers."""
        self._client.ping()

    def publish(self, messages: Iterable[Numbered]) -> None:
        """All of `messages`, in order, in one round trip; of a Redis Cluster in one to each primary, in order for each
        room. Raises RedisError unless Redis took every one.
        """
        ready = [self._ready(message) for message in messages]
        if isinstance(self._client, redis_client.ClusterClient):
            self._client.spublish_all(ready)
            return
        pipeline = self._client.pipeline(transaction=False)
        for channel, body in ready:
            pipeline.publish(channel, body)
        pipeline.execute()

    def _ready(self, message: Numbered) -> tuple[bytes, bytes]:
        channel = self._channels.room(message.namespace, message.room).encode()
        body = message.body()
        return channel, self._keys.sign(channel, body) if self._keys else body
