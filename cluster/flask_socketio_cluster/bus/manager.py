"""The bus: python-socketio's Redis client manager with a channel for each room.

A message for a room costs only the nodes that hold a member of it. Stock emitters on the shared channel still reach
everyone. Publishing raises when Redis refuses. Rests on names of python-socketio that are not documented API;
`cluster/tests/test_bus_contract.py` holds them.
"""

import itertools
import json
import re
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from redis.exceptions import RedisError
from socketio import RedisManager, Server

from flask_socketio_cluster import metrics, redis_client
from flask_socketio_cluster.bus.canary import Canary
from flask_socketio_cluster.bus.channels import SHARED_CHANNEL, room_channel
from flask_socketio_cluster.bus.subscriber import Subscriber
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.loops import Loop

JOIN_WAIT_S = 0.3
# Acknowledgements that are waited for.
CALLBACKS_MAX = 10_000
NODE_ID = re.compile(r"[a-z0-9-]{1,32}")

_SID = re.compile(r"[a-z0-9-]{1,32}\.[A-Za-z0-9_-]{20}")
_ROOM_MARK = b'"room": '
_ROOM_CHANNELS = room_channel("", "")[:-1].encode()


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("a browser cannot read NaN or Infinity")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def new_sid(node_id: str) -> str:
    """The id of a session, with its node's name in front, by which a proxy finds the node."""
    return f"{node_id}.{secrets.token_urlsafe(15)}"


def host_node_id() -> str:
    """The machine's name as a node's; several nodes of one machine need names of their own."""
    return re.sub(r"[^a-z0-9-]", "-", socket.gethostname().lower())[:32] or "node"


@dataclass(frozen=True)
class Listener:
    """Whom to tell what arrives for a namespace. None of these may wait.

    `on_numbered(room, seq, packets)`: Socket.IO packets of a room's stream. `on_signal(name, data)`: what nodes tell
    each other, `data` as JSON has it. `on_ready()`: the subscription was (re)made, so earlier messages may be lost.
    `may_hear(sid)`: whether a socket may get what is for a room or for all.
    """

    on_numbered: Callable[[str, int, list[str]], None]
    on_signal: Callable[[str, Any], None]
    on_ready: Callable[[], None]
    may_hear: Callable[[str], bool]


class RoutedRedisManager(RedisManager):
    """A client manager whose node listens only to the rooms that it holds."""

    name = "routed-redis"

    def __init__(self, redis_url: str, *, node_id: str | None = None, write_only: bool = False) -> None:
        """`redis_url`: `redis://`, `rediss://` or `redis+sentinel://`. `node_id`: 1 to 32 of a-z, 0-9 and `-`, another
        for each node; the machine's name by default. `write_only`: for a process without a server, which only emits.
        """
        super().__init__(redis_url, channel=SHARED_CHANNEL, write_only=write_only)
        self.node_id = node_id or host_node_id()
        if not NODE_ID.fullmatch(self.node_id):
            raise ValueError(f"{self.node_id!r} is no name of a node: 1 to 32 of a-z, 0-9 and -")
        self._listeners: dict[str, Listener] = {}
        self._client = redis_client.connect(redis_url)
        self._subscriber = Subscriber(redis_url, on_message=self._on_message, on_ready=self._ready)
        self._subscriber.add(SHARED_CHANNEL)
        self.canary = Canary(self._client, self._subscriber, node_id=self.node_id)
        self._numbers = itertools.count(1)
        self._asked: deque[tuple[str, int]] = deque()
        self._rooms_of: dict[tuple[str, str], set[str | None]] = {}

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self._subscriber.loop, self.canary.loop)

    def listen(self, namespace: str, listener: Listener) -> None:
        """One listener a namespace; it may have none."""
        self._listeners[namespace] = listener

    def set_server(self, server: Server) -> None:
        """Called by the library. From here on the ids of sessions begin with the node's name."""
        super().set_server(server)
        server.eio.generate_id = partial(new_sid, self.node_id)

    def initialize(self) -> None:
        """Listen. The library calls it when the first client connects; a second call does nothing."""
        for loop in self.loops:
            loop.start()

    # -- rooms ---------------------------------------------------------------------------------

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        first = room not in self.rooms.get(namespace, ())
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self._rooms_of.setdefault((namespace, sid), set()).add(room)
        if first and room is not None and room != sid:
            self._subscriber.add(room_channel(namespace, room))

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        super().basic_leave_room(sid, namespace, room)
        self._rooms_of.get((namespace, sid), set()).discard(room)
        if room is not None and room != sid and room not in self.rooms.get(namespace, ()):
            self._subscriber.remove(room_channel(namespace, room))

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """Costs the socket's own rooms; the library looks at every room of the node."""
        for room in self._rooms_of.pop((namespace, sid), ()):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """As the library's, without those who may not hear it. What is for a sid is for that socket, whoever it is."""
        listener = self._listeners.get(namespace)
        for sid, eio_sid in super().get_participants(namespace, room):
            if listener is None or sid == room or listener.may_hear(sid):
                yield sid, eio_sid

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def joined(self, namespace: str, room: str) -> bool:
        """Wait until Redis has confirmed the room's channel; False when it did not within JOIN_WAIT_S."""
        return self._subscriber.wait(room_channel(namespace, room), JOIN_WAIT_S)

    # -- out -----------------------------------------------------------------------------------

    def emit(self, event: str, data: Any, namespace: str | None = None, room: Any = None, **kwargs: Any) -> None:
        """As the library's, but what is for one socket of this node does not leave it. Raises BusUnavailable."""
        target = kwargs.pop("to", None) or room
        if isinstance(target, str) and self.is_sid_room(namespace or "/", target):
            kwargs["ignore_queue"] = True
        super().emit(event, data, namespace=namespace or "/", room=target, **kwargs)

    def signal(self, name: str, data: Any, *, namespace: str, room: str) -> None:
        """Tell the nodes that hold the room, this one too. `data` as JSON has it. Raises BusUnavailable, after it was
        told here."""
        self._signalled(namespace, name, data)
        self._publish(
            {
                "method": "signal",
                "namespace": namespace,
                "room": room,
                "host_id": self.host_id,
                "name": name,
                "data": data,
            }
        )

    def _generate_ack_id(self, sid: str, callback: Callable[..., Any]) -> int:
        """As the library's. The oldest of CALLBACKS_MAX is forgotten: a client on another node may never answer."""
        number = next(self._numbers)
        self.callbacks.setdefault(sid, {})[number] = callback
        self._asked.append((sid, number))
        if len(self._asked) > CALLBACKS_MAX:
            old_sid, old_number = self._asked.popleft()
            waiting = self.callbacks.get(old_sid, {})
            waiting.pop(old_number, None)
            if not waiting:
                self.callbacks.pop(old_sid, None)
        return number

    def _publish(self, data: dict[str, Any]) -> None:
        room = data.get("room")
        # The room of a sid has no channel: its node hears of it on the shared one.
        routed = data["method"] in ("emit", "signal") and isinstance(room, str) and not _SID.fullmatch(room)
        channel = room_channel(data["namespace"], room) if routed else SHARED_CHANNEL  # type: ignore[arg-type]
        try:
            self._client.publish(channel, self.json.dumps(data))
        except RedisError as error:
            raise BusUnavailable from error

    # -- in ------------------------------------------------------------------------------------

    def _on_message(self, channel: bytes, data: bytes) -> None:
        self.canary.heard()
        if data[:1].isdigit():
            self._on_digits(channel, data)
        elif channel == SHARED_CHANNEL.encode() and self._is_foreign(data):
            metrics.FOREIGN_DROPPED.inc()
        else:
            self._dispatch(_DECODER.decode(data.decode()))

    def _on_digits(self, channel: bytes, data: bytes) -> None:
        if channel.startswith(_ROOM_CHANNELS):
            namespace, _, room = channel[len(_ROOM_CHANNELS) :].decode().partition("#")
            seq, first, *more = data.decode().split("\n")
            if listener := self._listeners.get(namespace):
                listener.on_numbered(room, int(seq), [first, *more])

    def _is_foreign(self, data: bytes) -> bool:
        """Whether a stock message is for one room that this node does not hold, found without decoding it.

        Stock messages are `json.dumps` of a dict in which only `skip_sid`, `callback` and `host_id` follow
        `room`; quotes inside strings are escaped, so the last mark is the message's own room.
        """
        start = data.rfind(_ROOM_MARK) + len(_ROOM_MARK)
        if start < len(_ROOM_MARK) or data[start : start + 1] != b'"' or not data.startswith(b'{"method": "emit"'):
            return False
        room = data[start + 1 : data.find(b'"', start + 1)]
        if b"\\" in room:
            return False
        name = room.decode()
        return not any(name in rooms for rooms in self.rooms.values())

    def _dispatch(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method == "callback":
            self._handle_callback(message)
        elif message.get("host_id") == self.host_id:
            return
        elif method == "signal":
            self._signalled(message["namespace"], message["name"], message["data"])
        elif method in ("emit", "disconnect", "enter_room", "leave_room", "close_room"):
            getattr(self, f"_handle_{method}")(message)

    def _signalled(self, namespace: str, name: str, data: Any) -> None:
        if listener := self._listeners.get(namespace):
            listener.on_signal(name, data)

    def _ready(self) -> None:
        metrics.RESUBSCRIPTIONS.inc()
        for listener in self._listeners.values():
            listener.on_ready()
