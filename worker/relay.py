"""The bank's relay: the package's, over our database and onto our Redis."""

from pathlib import Path

from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.bus.subscriber import Subscriber
from flask_socketio_cluster.bus.waker import listener
from flask_socketio_cluster.delivery.relaying import StreamPublisher
from flask_socketio_cluster.streams.relay import Relay, StreamsPublisher
from redis.exceptions import RedisError

from app import wire
from app.db import Database
from app.errors import DatabaseDown, OutcomeUnknown
from app.streams.stream import streams
from app.telemetry import SpanningPublisher, Spans


def relay(
    db: Database, redis_url: str, *, keys: Keys | None = None, alive: Path | None = None, spans: Spans | None = None
) -> Relay:
    publisher: StreamsPublisher = StreamPublisher(redis_url, streams, room_of=wire.room_of, keys=keys)
    return Relay(
        db,
        streams,
        publisher=publisher if spans is None else SpanningPublisher(publisher, spans),
        expected=(RedisError, DatabaseDown, OutcomeUnknown),
        alive=alive,
    )


def woken(relaying: Relay, redis_url: str) -> Subscriber:
    """What wakes the relay after commits."""
    return listener(redis_url, relaying.loop.wake)
