"""A Flask-SocketIO application that does with rooms and sockets what it is asked to do, for tests of the bus."""

import ctypes
import gc
import os
from typing import Any

import gevent
from flask import Flask, request, session
from flask_socketio import SocketIO, join_room
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.limits import ClientLimits
from flask_socketio_cluster.web import Node, RoutedRedisManager, Transport
from prometheus_client import REGISTRY, generate_latest

app = Flask(__name__)
app.config["SECRET_KEY"] = "for tests"
KEYS = Keys([os.environ["BUS_KEY"].encode()]) if "BUS_KEY" in os.environ else None
PING_S = float(os.environ.get("PING_S", "20"))
CHANNEL = os.environ.get("CHANNEL", "flask-socketio")
bus = RoutedRedisManager(os.environ["REDIS_URL"], channel=CHANNEL, node_id=os.environ["NODE_ID"], keys=KEYS)
MANAGE_SESSION = os.environ.get("MANAGE_SESSION") != "0"
socketio = SocketIO(app, client_manager=bus, ping_interval=PING_S, ping_timeout=PING_S, manage_session=MANAGE_SESSION)
LIMITS = ClientLimits(dry_run=os.environ.get("LIMITS_DRY_RUN") == "on")
Node(app, bus, Transport(socketio.server, binary=os.environ.get("BINARY") != "0", limits=LIMITS)).start()


@app.get("/pid")
def pid() -> str:
    return str(os.getpid())


@app.post("/remember/<word>")
def remember_by_cookie(word: str) -> str:
    session["word"] = word
    return word


@app.get("/metrics")
def metrics() -> bytes:
    return generate_latest()


@app.get("/resubscriptions")
def resubscriptions() -> str:
    return str(REGISTRY.get_sample_value("socketio_cluster_resubscriptions_total"))


@app.get("/kept")
def kept() -> dict[str, int]:
    """What a connection could leave behind. Memory that Python has given back is given back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    objects = gc.get_objects()
    return {
        "sessions": len(socketio.server.eio.sockets),
        "greenlets": sum(isinstance(o, gevent.Greenlet) and not o.dead for o in objects),
        "environs": len(socketio.server.environ),
        "rooms": len(bus.rooms),
        "objects": len(objects),
    }


def serve(namespace: str) -> None:
    server = socketio.server

    @socketio.on("whoami", namespace=namespace)
    def whoami() -> str:
        return request.sid

    @socketio.on("join", namespace=namespace)
    def join(room: str) -> bool:
        join_room(room)
        return bus.joined(namespace, room)

    @socketio.on("remember", namespace=namespace)
    def remember(word: str) -> None:
        session["word"] = word

    @socketio.on("recall", namespace=namespace)
    def recall() -> str | None:
        return session.get("word")

    @socketio.on("emit", namespace=namespace)
    def emit(options: dict[str, Any]) -> None:
        server.emit("said", options.pop("data"), namespace=namespace, **options)

    @socketio.on("call", namespace=namespace)
    def call(sid: str) -> Any:
        return server.call("asked", {"n": 1}, to=sid, namespace=namespace, timeout=10)

    @socketio.on("enter", namespace=namespace)
    def enter(sid: str, room: str) -> None:
        server.enter_room(sid, room, namespace=namespace)

    @socketio.on("leave", namespace=namespace)
    def leave(sid: str, room: str) -> None:
        server.leave_room(sid, room, namespace=namespace)

    @socketio.on("close", namespace=namespace)
    def close(room: str) -> None:
        server.close_room(room, namespace=namespace)

    @socketio.on("kick", namespace=namespace)
    def kick(sid: str) -> None:
        server.disconnect(sid, namespace=namespace)


serve("/")
serve("/a#b")
