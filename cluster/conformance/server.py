"""What the official suites of Engine.IO and Socket.IO ask of a server, on this transport.

From https://github.com/socketio/socket.io: `server:engine` for docs/engine.io-protocol/v4-test-suite, `server:socketio`
for docs/socket.io-protocol/v5-test-suite. Started by `run.py`.
"""

from typing import Any

import engineio
from flask import Flask
from flask_socketio import SocketIO, emit
from flask_socketio_cluster.limits import ClientLimits
from flask_socketio_cluster.node.node import Node
from flask_socketio_cluster.transport import Transport
from flask_socketio_cluster.transport.admission import Admission
from flask_socketio_cluster.transport.handshakes import Handshakes
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.http import EngineHttp
from flask_socketio_cluster.transport.time_slices import TimeSlices

PING_INTERVAL_S, PING_TIMEOUT_S = 0.3, 0.2
MESSAGE_BYTES_MAX = 1_000_000
CONNECT_WITHIN_S = 1.5
SESSIONS_MAX = 100


class EnginePart:
    """Engine.IO alone, which no application needs: echoes every message."""

    def __init__(self, app: Flask) -> None:
        server = engineio.Server(
            async_mode="gevent",
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_http_buffer_size=MESSAGE_BYTES_MAX,
        )
        self._heartbeat = Heartbeat(server, enter_within_s=60, is_inside=lambda _: True)
        http = EngineHttp(
            server,
            admission=Admission(SESSIONS_MAX),
            handshakes=Handshakes(ClientLimits()),
            heartbeat=self._heartbeat,
            slices=TimeSlices(),
            may_connect=lambda *_: True,
            headers=None,
            binary=True,
        )
        server.handle_request = http.handle_request
        server.on("message", lambda sid, message: server.send(sid, message))
        app.wsgi_app = engineio.WSGIApp(server, app.wsgi_app)  # type: ignore[method-assign]

    @property
    def loops(self) -> tuple[Any, ...]:
        return (self._heartbeat.loop,)


def _engine() -> Flask:
    app = Flask("engine")
    Node(app, EnginePart(app)).start()
    return app


def _socketio() -> Flask:
    app = Flask("socketio")
    socketio = SocketIO(
        app,
        async_mode="gevent",
        # The suite waits for the answer to its CONNECT before any event.
        always_connect=True,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        max_http_buffer_size=MESSAGE_BYTES_MAX,
    )
    transport = Transport(socketio.server, binary=True, connect_within_s=CONNECT_WITHIN_S)
    for namespace in ("/", "/custom"):
        socketio.on_event("connect", lambda auth: emit("auth", auth or {}), namespace=namespace)
        socketio.on_event("message", lambda *args: emit("message-back", args), namespace=namespace)
        socketio.on_event("message-with-ack", lambda *args: args, namespace=namespace)
    Node(app, transport).start()
    return app


engine, socketio = _engine(), _socketio()
