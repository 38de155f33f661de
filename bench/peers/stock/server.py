"""Flask-SocketIO as its documentation has it: gevent, gevent-websocket, a Redis message queue; a room a user.

The gunicorn worker patches the standard library before it imports this.
"""

import os

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent", message_queue=os.environ["REDIS_URL"])


@app.get("/healthz")
def healthz() -> str:
    return ""


@socketio.on("connect")  # type: ignore[untyped-decorator]
def connected(auth: dict[str, int]) -> None:
    user_id = auth["uid"]
    emit("conexao", {"mensagem": "Conectado ao servidor WebSocket"})
    join_room(f"user_{user_id}")
    join_room("todos")
    emit(
        "autenticado",
        {"mensagem": "Autenticado com sucesso", "usuario_id": user_id, "email": f"u{user_id}@teste.com"},
    )
