"""The servers that are measured, each with its own way to start a node, to authenticate and to emit."""

import json
import os
import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from bench.build import HERE, NODE_PEER
from bench.payload import PAYLOAD_JSON

GUNICORN = [sys.executable, "-m", "gunicorn"]
READY_EVENT = "autenticado"


class Peer(ABC):
    """How one kind of server is started and spoken to."""

    name: str
    publish = b"PUBLISH"
    # What every connection of a node is in, for the measurement of a large room.
    big_room: str

    @abstractmethod
    def node_command(self, port: int, redis_port: int) -> list[str]: ...

    @abstractmethod
    def emit_command(self, redis_port: int, room: str) -> list[str]:
        """One emit of the payload by the server's own library, whose bytes the load emitter then repeats."""

    def environment(self, *, port: int, redis_port: int, node_id: str) -> dict[str, str]:
        return {**os.environ, "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "NODE_ID": node_id}

    def auth(self, user_id: int) -> str:
        """The payload of the Socket.IO CONNECT."""
        return json.dumps({"uid": user_id})

    def write_auths(self, path: Path, users: range) -> None:
        path.write_text("".join(self.auth(user_id) + "\n" for user_id in users))


class Stock(Peer):
    """Flask-SocketIO with `message_queue=`, one gunicorn worker a node, as its documentation says."""

    name = "stock"
    big_room = "todos"

    def node_command(self, port: int, redis_port: int) -> list[str]:
        worker = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"
        options = [
            "-k",
            worker,
            "-w",
            "1",
            "-b",
            f"127.0.0.1:{port}",
            "--backlog",
            "4096",
            "--no-control-socket",
        ]
        return [*GUNICORN, *options, "--worker-connections", "20000", "bench.peers.stock.server:app"]

    def emit_command(self, redis_port: int, room: str) -> list[str]:
        return [sys.executable, str(HERE / "peers/stock/emit.py"), str(redis_port), room, PAYLOAD_JSON]


class Node(Peer):
    """Node's socket.io with its Redis adapter; its emitter is the adapter's own."""

    name = "node"
    big_room = "todos"

    def node_command(self, port: int, redis_port: int) -> list[str]:
        return [shutil.which("node") or "node", str(NODE_PEER / "server.mjs"), str(port), str(redis_port)]

    def emit_command(self, redis_port: int, room: str) -> list[str]:
        node = shutil.which("node") or "node"
        return [node, str(NODE_PEER / "emit.mjs"), str(redis_port), room, PAYLOAD_JSON]


class NodeSharded(Node):
    """The same with the adapter that has a channel for each room, on Redis's sharded pub/sub."""

    name = "shards"
    publish = b"SPUBLISH"

    def node_command(self, port: int, redis_port: int) -> list[str]:
        return [*super().node_command(port, redis_port), "sharded"]

    def emit_command(self, redis_port: int, room: str) -> list[str]:
        node = shutil.which("node") or "node"
        return [node, str(NODE_PEER / "emit-sharded.mjs"), str(redis_port), room, PAYLOAD_JSON]
