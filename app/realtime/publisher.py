"""The worker's way onto the bus: stream events to the nodes that hold their users, or an error."""

from collections.abc import Sequence

from app import redis_client
from app.redis_keys import room_channel
from app.streams.stream import Stored
from app.wire import NAMESPACE, room_of

# A worker can wait longer than a request can.
ANSWER_TIMEOUT_S = 1.0


class StreamPublisher:
    def __init__(self, redis_url: str) -> None:
        self._client = redis_client.connect(redis_url, answer_timeout_s=ANSWER_TIMEOUT_S)

    def ping(self) -> None:
        """Raises RedisError unless Redis answers."""
        self._client.ping()

    def publish(self, events: Sequence[Stored]) -> None:
        """All of `events`, in order, in one round trip. Raises RedisError unless Redis took every one.

        A message is lines of text: the seq, then the Socket.IO packets to send for it.
        """
        pipeline = self._client.pipeline(transaction=False)
        for event in events:
            lines = (str(event.seq), event.packet, *event.state.values())
            pipeline.publish(room_channel(NAMESPACE, room_of(event.user_id)), "\n".join(lines))
        pipeline.execute()
