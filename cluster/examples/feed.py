"""A feed that loses nothing, for an application with its own users, tokens and tables. A node, a relay, and an event:

DATABASE_URL=sqlite:///feed.db python feed.py prepare
gunicorn -c python:flask_socketio_cluster.node.gunicorn_conf feed:app
python feed.py relay
python feed.py post ana "The parcel left the house"
"""

import os
import sys
import time
from dataclasses import dataclass

from flask import Flask
from flask_socketio import SocketIO
from flask_socketio_cluster.bus import listener, wake_once
from flask_socketio_cluster.delivery import StreamPublisher
from flask_socketio_cluster.streams import DurableEmitter, EngineDatabase, Relay, Streams, define_tables
from flask_socketio_cluster.web import Delivery, Node, RoutedRedisManager, Transport
from itsdangerous import BadSignature, URLSafeSerializer
from redis.exceptions import RedisError
from sqlalchemy import MetaData, create_engine
from sqlalchemy.exc import DBAPIError

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
TOKENS = URLSafeSerializer(os.environ.get("SECRET_KEY", "not for production"))

engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///feed.db"))
database = EngineDatabase(engine)
metadata = MetaData()
streams = Streams(define_tables(metadata, prefix="feed_"), namespace="/feed")


@dataclass(frozen=True)
class Reader:
    """Whoever a token names. No session ends before its token does."""

    key: str
    expires_at: float
    session_id: str = ""
    generation: int = 0


def read_token(token: object) -> Reader:
    name, expires_at = TOKENS.loads(str(token))
    return Reader(name, expires_at)


app = Flask(__name__)
bus = RoutedRedisManager(REDIS_URL, node_id=os.environ.get("NODE_ID"))
socketio = SocketIO(app, client_manager=bus)
transport = Transport(socketio.server)
feed = Delivery(
    socketio.server,
    bus=bus,
    transport=transport,
    streams=streams,
    read=database.read,
    read_token=read_token,
    unavailable=(DBAPIError,),
    refusals=(BadSignature,),
)
Node(app, bus, transport, feed).start()

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare"]:
            metadata.create_all(engine)
            database.transact(streams.prepare)
        case ["token", name]:
            print(TOKENS.dumps([name, time.time() + 3600]))
        case ["post", name, text]:
            emitter = DurableEmitter(database, streams, wake=lambda: wake_once(REDIS_URL))
            print("seq", emitter.emit_durable(name, "posted", {"text": text}))
        case ["relay"]:
            publisher = StreamPublisher(REDIS_URL, streams)
            relay = Relay(database, streams, publisher=publisher, expected=(DBAPIError, RedisError))
            listener(REDIS_URL, relay.loop.wake).loop.start()
            relay.loop.run()
