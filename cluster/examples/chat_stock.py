"""A chat as Flask-SocketIO's documentation teaches it: rooms, and a message queue between processes."""

import os

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room, leave_room

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "not for production")
socketio = SocketIO(app, message_queue=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))


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
