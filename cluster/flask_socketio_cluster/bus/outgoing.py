"""What a manager says to others: on which channel, and how it is written."""

from collections.abc import Callable
from typing import Any

from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.node_ids import node_of
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.wire import DECODER

# An emit that is ready to be sent begins so. Lines: who emits, whom it passes over (JSON), name and arguments (JSON).
READY = b"E"


class Outgoing:
    """The messages of the manager `host_id`. `dumps`: as `json.dumps`. `keys`: what they are signed with, if any."""

    def __init__(self, channels: Channels, *, host_id: str, dumps: Callable[..., str], keys: Keys | None) -> None:
        self._channels = channels
        self._shared, self._rooms = channels.shared.encode(), channels.rooms.encode()
        self._host_id = host_id
        self._dumps = dumps
        self._keys = keys

    def write(self, message: dict[str, Any]) -> tuple[bytes, bytes]:
        """Where a message goes, and as what. Raises ValueError for what a browser cannot read."""
        channel = self._channel_of(message).encode()
        body = self._ready_packet(message) if channel.startswith(self._rooms) else None
        body = body or self._dumps(message).encode()
        # A stock manager that waits for an answer reads no signatures.
        keys = None if message["method"] == "callback" and channel == self._shared else self._keys
        return channel, keys.sign(channel, body) if keys else body

    def emit_of(self, event: str, data: Any, *, namespace: str, room: str) -> dict[str, Any]:
        """An emit as the library writes it."""
        return {
            "method": "emit",
            "event": event,
            "data": [data],
            "binary": False,
            "namespace": namespace,
            "room": room,
            "skip_sid": None,
            "callback": None,
            "host_id": self._host_id,
        }

    def signal_of(self, name: str, data: Any, *, namespace: str, room: str) -> dict[str, Any]:
        """What nodes tell each other."""
        return {
            "method": "signal",
            "namespace": namespace,
            "room": room,
            "host_id": self._host_id,
            "name": name,
            "data": data,
        }

    def payload(self, message: dict[str, Any]) -> str:
        """An event's name and arguments as a JSON array. Raises ValueError for what a browser cannot read."""
        data = message["data"]
        arguments = [message["event"], *(data if isinstance(data, list) else [data])]
        payload = self._dumps(arguments, separators=(",", ":"))
        if "NaN" in payload or "Infinity" in payload:
            DECODER.decode(payload)
        return payload

    def _channel_of(self, message: dict[str, Any]) -> str:
        """Where those hear it whom it concerns: the nodes that hold a room, the node in the name of a sid or of the
        manager that waits for an answer, or all."""
        method, room = message["method"], message.get("room")
        if method == "callback":
            name = message["host_id"]
        elif method in ("disconnect", "enter_room", "leave_room"):
            name = message["sid"]
        else:
            name = room
        if not isinstance(name, str):
            return self._channels.shared  # to all, or to several rooms
        node = node_of(name)
        if node:
            return self._channels.node(node)
        if method in ("emit", "signal", "close_room"):
            return self._channels.room(message["namespace"], name)
        return self._channels.shared  # a stock emitter's id says nothing of where it is

    def _ready_packet(self, message: dict[str, Any]) -> bytes | None:
        """What no node has to decode; None for what has bytes or waits for an answer, and for what is no emit."""
        if message["method"] != "emit" or message["binary"] or message["callback"] is not None:
            return None
        lines = (self._host_id, self._dumps(message["skip_sid"]), self.payload(message))
        return READY + "\n".join(lines).encode()
