"""Who is here, over all nodes. Two of them:

REDIS_URL=redis://127.0.0.1:6379/0 NODE_ID=web1 gunicorn -c python:flask_socketio_cluster.node.gunicorn_conf online:app
BIND=127.0.0.1:8001 NODE_ID=web2 gunicorn -c python:flask_socketio_cluster.node.gunicorn_conf online:app
"""

import os
from collections.abc import Sequence

from flask import Flask, request
from flask_socketio import SocketIO
from flask_socketio_cluster.presence import Change, Presence
from flask_socketio_cluster.web import Node, RoutedRedisManager, Transport

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = Flask(__name__)
bus = RoutedRedisManager(REDIS_URL, node_id=os.environ.get("NODE_ID"))
socketio = SocketIO(app, client_manager=bus)
presence = Presence(REDIS_URL, node_id=bus.node_id)
Node(app, bus, Transport(socketio.server), presence).start()


@presence.listen
def tell(changes: Sequence[Change]) -> None:
    """Here everybody may see everybody; otherwise `bus.emit_each` tells the rooms of those who may."""
    for change in changes:
        socketio.emit("presence", {"name": change.key, "online": change.online, "version": change.version})


@socketio.on("connect")
def connect(auth: dict[str, str]) -> None:
    presence.enter(request.sid, auth["name"])


@socketio.on("disconnect")
def disconnect() -> None:
    presence.leave(request.sid)


@socketio.on("who")
def who(names: list[str]) -> dict[str, object]:
    found = presence.listing(names[:100])
    return {"online": sorted(found.online), "version": found.version}
