"""The chat of chat_stock.py on the cluster. Two nodes:

REDIS_URL=redis://127.0.0.1:6379/0 NODE_ID=web1 gunicorn -c python:flask_socketio_cluster.node.gunicorn_conf chat:app
BIND=127.0.0.1:8001 NODE_ID=web2 gunicorn -c python:flask_socketio_cluster.node.gunicorn_conf chat:app
"""

import os

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room, leave_room
from flask_socketio_cluster.web import Node, RoutedRedisManager, Transport

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "not for production")
bus = RoutedRedisManager(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), node_id=os.environ.get("NODE_ID"))
socketio = SocketIO(app, client_manager=bus)
Node(app, bus, Transport(socketio.server)).start()


@app.get("/")
def index() -> str:
    return "A chat for Socket.IO clients: join {room, name}, say {room, text}, leave {room}."


@socketio.on("join")
def join(data: dict[str, str]) -> str:
    join_room(data["room"])
    emit("status", {"text": f"{data['name']} is here"}, to=data["room"], skip_sid=request.sid)
    return "joined"


@socketio.on("say")
def say(data: dict[str, str]) -> None:
    emit("said", {"room": data["room"], "text": data["text"]}, to=data["room"])


@socketio.on("leave")
def leave(data: dict[str, str]) -> None:
    leave_room(data["room"])
