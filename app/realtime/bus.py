"""The bus: python-socketio's Redis client manager with a channel for each room.

A message for a user costs only the nodes that hold a socket of that user. Stock emitters on the shared
channel still reach everyone. Publishing raises when Redis refuses. Rests on names of python-socketio that
are not documented API; `tests/integration/test_bus_contract.py` holds them.
"""

import itertools
import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from redis.exceptions import RedisError
from socketio import RedisManager

from app import clock, log, metrics, redis_client
from app.errors import AppError
from app.loops import Loop
from app.realtime.subscriber import Subscriber
from app.redis_keys import SHARED_CHANNEL, canary_channel, room_channel
from app.users.auth import Ended
from app.wire import NAMESPACE, room_of

JOIN_WAIT_S = 0.3
# Acknowledgements that are waited for.
CALLBACKS_MAX = 10_000
CANARY_EVERY_S = 1.0
CANARY_DEAF_S = 3.0

_SID = re.compile(r"[a-z0-9-]{1,32}\.[A-Za-z0-9_-]{20}")
_ROOM_MARK = b'"room": '
_USER_CHANNEL = room_channel(NAMESPACE, room_of(0))[:-1].encode()

_log = log.get("bus")


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("a browser cannot read NaN or Infinity")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def new_sid(node_id: str) -> str:
    """The id of a session, with its node's name in front, by which nginx finds the node."""
    return f"{node_id}.{secrets.token_urlsafe(15)}"


class BusUnavailable(AppError):
    """Redis refused a message or did not answer in time."""

    status, code, text = (
        503,
        "barramento_indisponivel",
        "As atualizações ao vivo estão indisponíveis no momento.",
    )


# Of a user's durable event: user id, seq, Socket.IO packets. Must not wait.
OnEvent = Callable[[int, int, list[str]], None]


class RoutedRedisManager(RedisManager):
    """A client manager whose node listens only to the rooms that it holds."""

    name = "routed-redis"

    def __init__(self, redis_url: str, *, node_id: str) -> None:
        super().__init__(redis_url, channel=SHARED_CHANNEL)
        self._on_event: OnEvent = lambda *_: None
        self._on_ended: Callable[[Ended], None] = lambda _: None
        self._on_ready: Callable[[], None] = lambda: None
        self._may_hear: Callable[[str], bool] = lambda _: True
        self.canary_heard_s: float | None = None
        self._started_s = clock.monotonic_s()
        self._client = redis_client.connect(redis_url)
        self._canary = canary_channel(node_id)
        self._subscriber = Subscriber(redis_url, on_message=self._on_message, on_ready=self._ready)
        self._subscriber.add(SHARED_CHANNEL)
        self._subscriber.add(self._canary)
        self._numbers = itertools.count(1)
        self._asked: deque[tuple[str, int]] = deque()
        self._rooms_of: dict[tuple[str, str], set[str | None]] = {}
        self.loops = (
            self._subscriber.loop,
            Loop("canary", self._hear_myself, every_s=CANARY_EVERY_S, retry_s=CANARY_EVERY_S, expected=(RedisError,)),
        )

    def tell(
        self,
        *,
        on_event: OnEvent,
        on_ended: Callable[[Ended], None],
        on_ready: Callable[[], None],
        may_hear: Callable[[str], bool],
    ) -> None:
        """Whom to tell what arrives. None of them may wait. `on_ready`: the subscription was (re)made, earlier
        messages may be lost. `may_hear(sid)`: whether a socket may get what is for a room or for all."""
        self._on_event, self._on_ended, self._on_ready, self._may_hear = on_event, on_ended, on_ready, may_hear

    def initialize(self) -> None:
        """Listen. The library calls it when the first client connects; a node that has started listens already."""
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
        for sid, eio_sid in super().get_participants(namespace, room):
            if sid == room or self._may_hear(sid):
                yield sid, eio_sid

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def joined(self, room: str) -> bool:
        """Wait until Redis has confirmed the room's channel; False when it did not within JOIN_WAIT_S."""
        return self._subscriber.wait(room_channel(NAMESPACE, room), JOIN_WAIT_S)

    # -- out -----------------------------------------------------------------------------------

    def emit(self, event: str, data: Any, namespace: str | None = None, room: Any = None, **kwargs: Any) -> None:
        """As the library's, but what is for one socket of this node does not leave it. Raises BusUnavailable."""
        target = kwargs.pop("to", None) or room
        if isinstance(target, str) and self.is_sid_room(namespace or "/", target):
            kwargs["ignore_queue"] = True
        super().emit(event, data, namespace=namespace or "/", room=target, **kwargs)

    def end_sessions(self, ended: Ended) -> None:
        """Close the sockets that hold an ended token, on every node. Raises BusUnavailable after doing so here."""
        self._on_ended(ended)
        self._publish(
            {
                "method": "end_sessions",
                "namespace": NAMESPACE,
                "room": room_of(ended.user_id),
                "host_id": self.host_id,
                "ended": [ended.user_id, ended.session_id, ended.generation],
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
        routed = data["method"] in ("emit", "end_sessions") and isinstance(room, str) and not _SID.fullmatch(room)
        channel = room_channel(data["namespace"], room) if routed else SHARED_CHANNEL  # type: ignore[arg-type]
        try:
            self._client.publish(channel, self.json.dumps(data))
        except RedisError as error:
            raise BusUnavailable from error

    # -- in ------------------------------------------------------------------------------------

    def _on_message(self, channel: bytes, data: bytes) -> None:
        # Whatever arrives is a sign of life: in a flood the canary waits its turn behind thousands.
        self.canary_heard_s = clock.monotonic_s()
        if data[:1].isdigit():
            self._on_digits(channel, data)
        elif channel == SHARED_CHANNEL.encode() and self._is_foreign(data):
            metrics.FOREIGN_DROPPED.inc()
        else:
            self._dispatch(_DECODER.decode(data.decode()))

    def _on_digits(self, channel: bytes, data: bytes) -> None:
        if channel.startswith(_USER_CHANNEL):
            seq, first, *more = data.decode().split("\n")
            packets = [first, *more]
            self._on_event(int(channel[len(_USER_CHANNEL) :]), int(seq), packets)

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
        elif method == "end_sessions":
            self._on_ended(Ended(*message["ended"]))
        elif method in ("emit", "disconnect", "enter_room", "leave_room", "close_room"):
            getattr(self, f"_handle_{method}")(message)

    def _ready(self) -> None:
        metrics.RESUBSCRIPTIONS.inc()
        self._on_ready()

    # -- am I deaf? ----------------------------------------------------------------------------

    def canary_age_s(self) -> float:
        """Seconds since this node last heard itself through Redis."""
        return clock.monotonic_s() - (self.canary_heard_s or self._started_s)

    def _hear_myself(self) -> None:
        metrics.CANARY_AGE.set(self.canary_age_s())
        self._client.publish(self._canary, "1")
        if self.canary_age_s() > CANARY_DEAF_S and self._subscriber.connected:
            _log.warning("deaf", canary_age_s=round(self.canary_age_s(), 1))
            self._subscriber.reconnect()
