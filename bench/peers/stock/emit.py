"""One emit by Flask-SocketIO's own outside emitter: what it publishes is the wire format to repeat."""

import json
import sys

from flask_socketio import SocketIO

redis_port, room, payload = sys.argv[1:]
socketio = SocketIO(message_queue=f"redis://127.0.0.1:{redis_port}")
socketio.emit("notificacao", json.loads(payload), to=room)
