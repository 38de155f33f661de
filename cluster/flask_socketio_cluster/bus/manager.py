"""The bus: python-socketio's Redis client manager with a channel for each room.

A message for a room costs only the nodes that hold a member of it. Stock emitters on the shared channel still reach
everyone. Publishing raises when Redis refuses. Rests on names of python-socketio that are not documented API;
`tests/integration/test_bus_contract.py` holds them.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import gevent
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from redis.exceptions import RedisError
from socketio import RedisManager, Server

from flask_socketio_cluster import metrics, redis_client
from flask_socketio_cluster.bus import stock
from flask_socketio_cluster.bus.canary import Canary, is_canary
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.bus.node_ids import NODE_ID, host_node_id, new_sid
from flask_socketio_cluster.bus.numbered import read_body
from flask_socketio_cluster.bus.outgoing import READY, Outgoing
from flask_socketio_cluster.bus.shards import ShardedSubscriber
from flask_socketio_cluster.bus.signing import Keys, is_signed, unverified_body
from flask_socketio_cluster.bus.subscriber import Subscriber
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.trace import Origin
from flask_socketio_cluster.wire import DECODER, require_event_name

JOIN_WAIT_S = 0.3
ANSWER_KEPT_S = 10
EMITS_AT_ONCE = 500
# Acknowledgements that are waited for.
CALLBACKS_MAX = 10_000
# What asks a node to leave, see `node.leaving`.
LEAVE = "leave"

_log = logging.getLogger(__name__)

# In one script: a node that died between the two would leave a list for ever.
_LEAVE = "redis.call('RPUSH', KEYS[1], 1); redis.call('EXPIRE', KEYS[1], ARGV[1])"
_NOTHING: dict[str, Any] = {}
_EIO_SID = itemgetter(1)


@dataclass(frozen=True)
class Listener:
    """Whom to tell what arrives for a namespace. None of these may wait.

    `on_numbered(room, seq, packets, origin)`: Socket.IO packets of a room's stream. `on_signal(name, data)`: what nodes
    tell each other, `data` as JSON has it. `on_ready()`: the subscription was (re)made, so earlier messages may be
    lost. `may_hear(sid)`: whether a socket may get what is for a room or for all.
    """

    on_numbered: Callable[[str, int, list[str], Origin | None], None]
    on_signal: Callable[[str, Any], None]
    on_ready: Callable[[], None]
    may_hear: Callable[[str], bool]


class RoutedRedisManager(RedisManager):
    """A client manager whose node listens only to the rooms that it holds.

    A room's channel costs one SUBSCRIBE when its first member on a node joins, one UNSUBSCRIBE when the last leaves,
    and some 300 bytes in Redis and in the node. What is for all, or for several rooms at once, goes to every node.
    """

    name = "routed-redis"

    def __init__(
        self,
        redis_url: str,
        *,
        channel: str = STOCK_CHANNEL,
        node_id: str | None = None,
        write_only: bool = False,
        keys: Keys | None = None,
        accept_stock: bool = True,
    ) -> None:
        """`redis_url`: see `redis_client.connect`. `channel`: see `Channels`; stock emitters are given the same.
        `node_id`: 1 to 32 of a-z, 0-9 and `-`, another
        for each node; the machine's name by default. `write_only`: for a process without a server, which only emits.

        `keys`: what this manager says is signed, and what is not signed is dropped and counted, except emits on the
        shared channel, where stock emitters are; unless `accept_stock` is false: then those are dropped as well.
        """
        self._channels = channels = Channels(channel)
        self._shared, self._rooms_prefix = channels.shared.encode(), channels.rooms.encode()
        super().__init__(redis_url, channel=channel, write_only=write_only)
        self._keys = keys
        self._accept_stock = accept_stock
        self.node_id = node_id or host_node_id()
        if not NODE_ID.fullmatch(self.node_id):
            raise ValueError(f"{self.node_id!r} is no name of a node: 1 to 32 of a-z, 0-9 and -")
        self.host_id = new_sid(self.node_id)
        self._outgoing = Outgoing(channels, host_id=self.host_id, dumps=self._dumps, keys=keys)
        self._listeners: dict[str, Listener] = {}
        self._asked_to_leave: Callable[[float], None] | None = None
        self._send: Callable[[Iterable[str], str], None] = self._send_stock
        self._client = redis_client.connect(redis_url)
        self._sharded = redis_client.is_cluster(redis_url)
        subscriber = partial(ShardedSubscriber, rooms=channels.rooms) if self._sharded else Subscriber
        self._subscriber = subscriber(redis_url, on_message=self._on_message, on_ready=self._ready)
        self._subscriber.add(channels.shared)
        own_channel = channels.node(self.node_id)
        self._own_channel = own_channel.encode()
        self.canary = Canary(redis_client.connect_patiently(redis_url), self._subscriber, channel=own_channel)
        self._numbers = itertools.count(1)
        self._asked: deque[tuple[str, int]] = deque()
        self._rooms_of: dict[tuple[str, str], set[str | None]] = {}
        # Namespace and room of each channel that this node listens to because of the room.
        self._held: dict[bytes, tuple[str, str]] = {}
        # Kinds of failure of the application's code that were logged.
        self._failed: set[str] = set()

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (*self._subscriber.loops, self.canary.loop)

    def leave_answer(self, question: str) -> None:
        """For the process that asks in `Confirmations`. Raises RedisError."""
        self._client.eval(_LEAVE, 1, self._channels.taken(question), ANSWER_KEPT_S)

    def send_through(self, send: Callable[[Iterable[str], str], None]) -> None:
        """How a transport sends one Socket.IO packet to several Engine.IO sessions, by their ids, at once."""
        self._send = send

    def _send_stock(self, eio_sids: Iterable[str], packet: str) -> None:
        """A stock session whose client answers no pings is closed by this, and its handlers may wait, which the event
        loop cannot."""
        if gevent.getcurrent() is gevent.get_hub():
            self._apart(self._send_each, list(eio_sids), packet)
        else:
            self._send_each(eio_sids, packet)

    def _send_each(self, eio_sids: Iterable[str], packet: str) -> None:
        message = EnginePacket(MESSAGE, packet)
        for eio_sid in eio_sids:
            self.server._send_eio_packet(eio_sid, message)

    def listen(self, namespace: str, listener: Listener) -> None:
        """One listener a namespace; it may have none."""
        self._listeners[namespace] = listener

    def follow_leave(self, asked: Callable[[float], None]) -> None:
        """Tell from now on when this node is asked to leave; `asked(when)` gets the moment of the question in unix
        seconds, since whoever reads the bus can say it again later. It may not wait."""
        self._asked_to_leave = asked

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
        """As the library's. A room is a plain dict: only that of all, None, is looked up both ways. One whose name is
        no text has no channel: what is for it goes to every node. Raises ValueError for a text that is no Unicode."""
        channel = self._channels.room(namespace, room).encode() if isinstance(room, str) and room != sid else None
        rooms = self.rooms.get(namespace, _NOTHING)
        first = room not in rooms
        if room is None or not rooms:
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        elif sid != room and self.is_sid_room(namespace, room):
            raise ValueError("cannot enter a sid room")
        else:
            rooms.setdefault(room, {})[sid] = eio_sid or rooms[None][sid]
        self._rooms_of.setdefault((namespace, sid), set()).add(room)
        if first and channel is not None and room is not None:
            self._held[channel] = namespace, room
            self._subscriber.add(channel.decode())

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        super().basic_leave_room(sid, namespace, room)
        self._rooms_of.get((namespace, sid), set()).discard(room)
        if isinstance(room, str) and room != sid and room not in self.rooms.get(namespace, ()):
            channel = self._channels.room(namespace, room)
            self._held.pop(channel.encode(), None)
            self._subscriber.remove(channel)

    def basic_close_room(self, room: str, namespace: str) -> None:
        """As the library's, also for members that may not hear it. Raises ValueError for the room of all and for that
        of one socket, who would neither be in nor out."""
        if room is None or self.is_sid_room(namespace, room):
            raise ValueError("the room of all, or of one socket, cannot be closed")
        for sid in list(self.rooms.get(namespace, _NOTHING).get(room, ())):
            self.basic_leave_room(sid, namespace, room)

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

    def get_participants(self, namespace: str, room: Any) -> list[tuple[str, str]]:
        """As the library's, without those who may not hear it. What is for a sid is for that socket, whoever it is."""
        rooms = self.rooms.get(namespace, _NOTHING)
        if isinstance(room, str) or not hasattr(room, "__len__"):
            participants: Iterable[tuple[str, str]] = rooms.get(room, _NOTHING).items()
        else:
            together: dict[str, str] = {}
            for one in room:
                together.update(rooms.get(one, _NOTHING))
            participants = together.items()
        listener = self._listeners.get(namespace)
        if listener is None:
            return list(participants)
        may_hear = listener.may_hear
        hearers = []  # a comprehension would make a function for each message
        for participant in participants:
            if participant[0] == room or may_hear(participant[0]):
                hearers.append(participant)
        return hearers

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def joined(self, namespace: str, room: str) -> bool:
        """Wait until Redis has confirmed the room's channel; False when it did not within JOIN_WAIT_S."""
        return self._subscriber.wait(self._channels.room(namespace, room), JOIN_WAIT_S)

    # -- out -----------------------------------------------------------------------------------

    def emit(self, event: str, data: Any, namespace: str | None = None, room: Any = None, **kwargs: Any) -> None:
        """As the library's, but what is for one socket of this node does not leave it. Raises BusUnavailable, and
        ValueError for what is no event's name."""
        require_event_name(event)
        target = kwargs.pop("to", None) or room
        if isinstance(target, str) and self.is_sid_room(namespace or "/", target):
            kwargs["ignore_queue"] = True
        super().emit(event, data, namespace=namespace or "/", room=target, **kwargs)

    def signal(self, name: str, data: Any, *, namespace: str, room: str) -> int:
        """Tell the nodes that hold the room, this one too; how many subscriptions got it. `data` as JSON has it. Raises
        BusUnavailable, after it was told here."""
        self._signalled(namespace, name, data)
        return self._publish(self._outgoing.signal_of(name, data, namespace=namespace, room=room))

    def _dumps(self, value: Any, **kwargs: Any) -> str:
        """By the application's JSON module, which is known only once there is a server."""
        text: str = self.json.dumps(value, **kwargs)
        return text

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

    def emit_each(self, event: str, messages: Iterable[tuple[str, Any]], *, namespace: str) -> None:
        """One event for each of several rooms, with data of its own, EMITS_AT_ONCE in one round trip; in between others
        have their turn. `messages`: a room and its data. Raises BusUnavailable, and ValueError for what is no event's
        name."""
        require_event_name(event)
        left = iter(messages)
        while part := list(itertools.islice(left, EMITS_AT_ONCE)):
            self._emit_part(event, part, namespace)
            gevent.sleep(0)

    def _emit_part(self, event: str, messages: list[tuple[str, Any]], namespace: str) -> None:
        ready = []
        for room, data in messages:
            message = self._outgoing.emit_of(event, data, namespace=namespace, room=room)
            self._emit_here(namespace, room, None, self._outgoing.payload(message))
            ready.append(self._outgoing.write(message))
        try:
            if isinstance(self._client, redis_client.ClusterClient):
                self._client.spublish_all(ready)
                return
            pipeline = self._client.pipeline(transaction=False)
            for channel, body in ready:
                pipeline.publish(channel, body)
            pipeline.execute()
        except RedisError as error:
            metrics.EMITS_LOST.inc(len(ready))
            raise BusUnavailable from error

    def _publish(self, data: dict[str, Any]) -> int:
        channel, body = self._outgoing.write(data)
        publish = (
            self._client.spublish if self._sharded and channel.startswith(self._rooms_prefix) else self._client.publish
        )
        try:
            heard: int = publish(channel, body)
        except RedisError as error:
            metrics.EMITS_LOST.inc()
            raise BusUnavailable from error
        return heard

    def _handle_emit(self, message: dict[str, Any]) -> None:
        """As the library's, to the sockets of this node; one packet for all of them where none has to answer it."""
        require_event_name(message["event"])
        if message.get("binary") or message.get("callback") is not None:
            super()._handle_emit(message)
            return
        namespace = message.get("namespace") or "/"
        self._emit_here(namespace, message.get("room"), message.get("skip_sid"), self._outgoing.payload(message))

    def _emit_here(self, namespace: str, room: Any, skip_sid: Any, payload: str, *, checked: bool = True) -> None:
        """`payload`: the event's name and arguments as a JSON array. Raises ValueError where it is not `checked` and is
        none that a browser can read: it would end every client that is sent it."""
        members = self.get_participants(namespace, room)
        if skip_sid is not None:
            skipped = skip_sid if isinstance(skip_sid, list | tuple) else (skip_sid,)
            members = [member for member in members if member[0] not in skipped]
        if members:
            if not checked:
                require_event_name(DECODER.decode(payload)[0])
            where = "" if namespace == "/" else f"{namespace},"
            self._send(map(_EIO_SID, members), f"2{where}{payload}")

    # -- in ------------------------------------------------------------------------------------

    def _on_message(self, channel: bytes, data: bytes) -> None:
        self.canary.heard()
        body, trusted = self._opened(channel, data)
        if body is None:
            return
        if channel.startswith(self._rooms_prefix):
            kind = body[:1]
            if kind == READY:
                self._on_ready_packet(channel, body)
                return
            if kind.isdigit():
                self._on_numbered(channel, body)
                return
        elif channel == self._shared:
            if self._is_foreign(body):
                metrics.FOREIGN_DROPPED.inc()
                return
            if emit := stock.emit_of(body):
                if emit.host_id != self.host_id:
                    self._emit_here(emit.namespace, emit.room, emit.skip_sid, emit.payload, checked=False)
                return
        if channel == self._own_channel and is_canary(body):
            self.canary.came_back(body)
        else:
            self._dispatch(DECODER.decode(body.decode()), trusted=trusted)

    def _opened(self, channel: bytes, message: bytes) -> tuple[bytes | None, bool]:
        """What is in a message, None where it is dropped; and whether it is from somebody who has a key, if there are
        keys."""
        if self._keys is None:
            return (unverified_body(message) if is_signed(message) else message), True
        body = self._keys.body(channel, message)
        if body is not None:
            return body, True
        if channel == self._own_channel and is_canary(message):
            return message, False
        if self._accept_stock and channel == self._shared and not is_signed(message):
            return message, False
        metrics.UNSIGNED_DROPPED.inc()
        return None, False

    def _on_numbered(self, channel: bytes, body: bytes) -> None:
        held = self._held.get(channel)
        if held is None:
            return  # the last member has just left
        namespace, room = held
        if listener := self._listeners.get(namespace):
            listener.on_numbered(room, *read_body(body))

    def _on_ready_packet(self, channel: bytes, body: bytes) -> None:
        """An emit of another manager of this kind into one room."""
        host_id, skip_sid, payload = body[len(READY) :].decode().split("\n", 2)
        held = self._held.get(channel)
        if held is None or host_id == self.host_id:
            return
        namespace, room = held
        self._emit_here(namespace, room, None if skip_sid == "null" else DECODER.decode(skip_sid), payload)

    def _is_foreign(self, body: bytes) -> bool:
        """Whether a stock message is for one room that this node does not hold, found without decoding it."""
        name = stock.room_of(body)
        return name is not None and not any(name in rooms for rooms in self.rooms.values())

    def _dispatch(self, message: dict[str, Any], *, trusted: bool) -> None:
        method = message.get("method")
        if not trusted and method != "emit":
            metrics.UNSIGNED_DROPPED.inc()  # who has no key may speak, and do nothing else
        elif method == "callback":
            self._apart(self._handle_callback, message)
        elif message.get("host_id") == self.host_id:
            return
        elif method == "signal":
            self._signalled(message["namespace"], message["name"], message["data"])
        elif method == LEAVE:
            if self._asked_to_leave:
                self._asked_to_leave(float(message["at"]))
        elif method == "disconnect":
            self._apart(self._handle_disconnect, message)
        elif method in ("emit", "enter_room", "leave_room", "close_room"):
            getattr(self, f"_handle_{method}")(message)

    def _apart(self, work: Callable[..., None], *args: Any) -> None:
        """What runs the application's code, which may wait: in a greenlet of its own, begun in the order of calls."""
        gevent.spawn(self._counted, work, *args)

    def _counted(self, work: Callable[..., None], *args: Any) -> None:
        try:
            work(*args)
        except Exception as error:
            metrics.BUS_MESSAGES_FAILED.inc()
            kind = type(error).__name__
            if kind not in self._failed:  # whoever can publish could fill the log
                self._failed.add(kind)
                _log.exception("message_failed")

    def _signalled(self, namespace: str, name: str, data: Any) -> None:
        if listener := self._listeners.get(namespace):
            listener.on_signal(name, data)

    def _ready(self) -> None:
        metrics.RESUBSCRIPTIONS.inc()
        for listener in self._listeners.values():
            listener.on_ready()
