"""Engine.IO sessions whose WebSocket costs no greenlet.

A subclass of python-engineio's session. Rests on names of python-engineio that are not documented API;
`tests/integration/test_server_contract.py` holds them. The requests that make and serve sessions are in `http.py`.
"""

import _socket
import base64
import binascii
import logging
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

import gevent
from engineio.packet import CLOSE, MESSAGE, NOOP, PING, Packet
from engineio.server import Server as EngineServer
from engineio.socket import Socket
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.limits.buckets import Bucket, Tokens
from flask_socketio_cluster.transport.connection import when_gone
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.poll_queue import PollQueue
from flask_socketio_cluster.transport.time_slices import TimeSlices
from flask_socketio_cluster.transport.websocket import (
    CLOSE_WAIT_S,
    POLICY,
    PROTOCOL_ERROR,
    WebSocket,
    accepting,
    frame,
    take_over,
)

if TYPE_CHECKING:
    from flask_socketio_cluster.transport.packets import Awaiting

# A client that lets more than this wait is closed, and resumes from its seq when it comes back.
QUEUE_PACKETS_MAX = 200
QUEUE_BYTES_MAX = 1_048_576
# What a client may send ahead of what was handled before its connection is read no further.
INBOX_MESSAGES_MAX = 16
INBOX_BYTES_MAX = 65_536
# While a client has not taken more than this, what it sent is not handled: answers to it would only pile up. One that
# takes nothing is ended by the heartbeat.
ANSWERS_WAITING_MAX = QUEUE_PACKETS_MAX // 2
ANSWERS_LOOK_S = 0.01
# How long a POST waits for what was sent before it to be handled.
POST_WAIT_S = 10.0
# A session that polls may try so often to become a WebSocket.
UPGRADES_MAX = 3

# Events of one session that are handled at once, where they do not wait for each other (`async_handlers`).
HANDLERS_AT_ONCE_MAX = 16

# What is kept of a handshake, besides its headers: what Flask needs to make a request context for an event.
_KEPT = (
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "flask.app",
    "wsgi.errors",
    "wsgi.url_scheme",
)
_PONG = "3"
# What a packet of bytes begins with where only text can be sent.
_BYTES = "b"
_UPGRADE = "5"
_CLOSE_PACKET = str(CLOSE)
_NOOP_PACKET = str(NOOP)
_PING_PACKET = str(PING)
_PING_FRAME = frame(_PING_PACKET)

_log = logging.getLogger(__name__)


def handshake(environ: dict[str, Any], headers: Collection[str] | None) -> dict[str, Any]:
    """What is kept of a handshake's environ while its session lives, with these of its headers; all when None."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    if headers is None:
        names = [name for name in environ if name.startswith("HTTP_")]
    else:
        names = [f"HTTP_{header.upper().replace('-', '_')}" for header in headers]
    return kept | {name: environ[name] for name in names if name in environ}


class Malformed(Exception):
    """What came is not Engine.IO, or not what a client may send now."""


def _bytes_of(packet: str) -> bytes:
    """Of a packet of bytes as text. Raises Malformed."""
    try:
        return base64.b64decode(packet[1:], validate=True)
    except (binascii.Error, ValueError):
        raise Malformed from None


class SessionEnded(Exception):
    """The session ended while a request of its client waited."""


class _Slots:
    """With the library's, a session has more attributes than Python keeps cheaply in a `__dict__`, which are 30."""

    __slots__ = (
        "_binary",
        "_client_closed",
        "_ending",
        "_handlers",
        "_handling",
        "_heard_s",
        "_heartbeat",
        "_inbox",
        "_inbox_bytes",
        "_messages",
        "_on_end",
        "_poll_queue",
        "_refusals",
        "_room",
        "_slices",
        "awaited",
        "awaiting",
        "connects_refused",
        "enter_by_s",
        "entered",
        "polling",
        "posting",
        "upgrades",
        "websocket",
    )


class EngineSession(Socket, _Slots):
    """One Engine.IO session. Over polling its packets wait for the next request; over WebSocket they are sent at once.

    `on_end` is called once, when the session has ended. `binary`: whether the client may send messages of bytes.

    A node has many that are idle, so there is nothing in one that it does not need yet.
    """

    # The library's.
    closed: bool
    closing: bool
    upgraded: bool
    upgrading: bool
    # When the ping was sent that is not answered yet; None while none is.
    last_ping: float | None

    def __init__(
        self,
        server: EngineServer,
        sid: str,
        heartbeat: Heartbeat,
        slices: TimeSlices,
        on_end: Callable[["EngineSession"], None],
        binary: bool = False,
    ) -> None:
        super().__init__(server, sid)
        self.queue = None  # the library's, without a bound in bytes
        self.websocket: WebSocket | None = None
        # Whether it is connected to a Socket.IO namespace, which may have a deadline of its own.
        self.entered = False
        # Until when it must be, by the monotonic clock; and whether the heartbeat looks at that.
        self.enter_by_s = 0.0
        self.awaited = False
        # Whether a request of its kind is under way: a client has one of each at a time.
        self.polling = False
        self.posting = False
        self.upgrades = 0
        # A packet whose attachments are still coming.
        self.awaiting: Awaiting | None = None
        # Namespaces that were asked for in vain.
        self.connects_refused = 0
        self._heartbeat = heartbeat
        self._slices = slices
        self._on_end = on_end
        self._binary = binary
        self._ending = False
        # Whether the client said that it goes: it is not told so again.
        self._client_closed = False
        self._heard_s = clock.monotonic_s()
        # None once it has a WebSocket.
        self._poll_queue: PollQueue | None = PollQueue()
        self._inbox: list[str | bytes] = []
        self._inbox_bytes = 0
        self._handling = False
        # Set when there is room in the inbox, and at the end; made by the first POST that has to wait.
        self._room: Event | None = None
        self._handlers: BoundedSemaphore | None = None
        # What it has left of the limits of its own; made when they are first asked about.
        self._messages: Tokens | None = None
        self._refusals: Tokens | None = None

    @property
    def backlog(self) -> int:
        """How many packets the client has not taken yet."""
        if self._poll_queue is not None:
            return len(self._poll_queue)
        return self.websocket.backlog if self.websocket else 0

    @property
    def backlog_bytes(self) -> int:
        if self._poll_queue is not None:
            return self._poll_queue.size_bytes
        return self.websocket.backlog_bytes if self.websocket else 0

    # -- out -----------------------------------------------------------------------------------

    def send(self, pkt: Packet) -> None:
        """Never waits. A session that has ended is passed over; one that takes nothing is ended."""
        if not self._takes_more():
            return
        if self.upgraded and self.websocket:
            self.websocket.write(frame(pkt.data if pkt.binary else pkt.encode()))
        elif pkt.binary:
            self._put(_BYTES + base64.b64encode(pkt.data).decode())
        else:
            self._put(pkt.encode())

    def send_messages(self, packets: Iterable[str]) -> None:
        """Socket.IO packets, in one write where that can be."""
        if not self._takes_more():
            return
        if self.upgraded and self.websocket:
            self.websocket.write(b"".join([frame(f"{MESSAGE}{packet}") for packet in packets]))
        else:
            for packet in packets:
                self._put(f"{MESSAGE}{packet}")

    def send_frame(self, framed: bytes) -> None:
        """A whole frame, to a session that has a WebSocket."""
        websocket = self.websocket
        if websocket and not self.closed and (not websocket.backlog or self._takes_more()):
            websocket.write(framed)

    def ping(self) -> None:
        if self.upgraded and self.websocket:
            self.websocket.write(_PING_FRAME)
        elif not self.closed:
            self._put(_PING_PACKET)

    def _takes_more(self) -> bool:
        if self.closed:
            return False
        if self.backlog <= QUEUE_PACKETS_MAX and self.backlog_bytes <= QUEUE_BYTES_MAX:
            return True
        self.end("slow")
        return False

    def _put(self, packet: str) -> None:
        if self._poll_queue is not None:
            self._poll_queue.put(packet)

    def _wake_poll(self) -> None:
        if self._poll_queue is not None:
            self._poll_queue.wake()

    # -- polling -------------------------------------------------------------------------------

    def poll(self, environ: dict[str, Any]) -> list[str]:
        """What a long poll carries away: waits for the first packet; as many as `PollQueue.take`. One at a time.

        A client that hangs up while it waits ends the session, and so does the end of the wait, which a session that
        is pinged never comes to. The last packet of a session that has ended is a CLOSE.
        """
        assert not self.polling
        assert self._poll_queue is not None
        queue = self._poll_queue
        self.polling = True
        try:
            queue.sleep()
            if not queue and not self.closed and not self.upgrading:
                with when_gone(environ, self._lost):
                    heard = queue.wait(self.server.ping_interval + self.server.ping_timeout)
                if not heard:
                    self._lost()
            return self._taken(queue)
        finally:
            self.polling = False

    def _taken(self, queue: PollQueue) -> list[str]:
        if self.upgrading and not self.closed:
            return [_NOOP_PACKET]
        packets = queue.take()
        if self.closed:
            queue.wake()  # for who waits until the client took it
        ended_here = self.closed and not self._client_closed
        return packets or [_CLOSE_PACKET if ended_here else _NOOP_PACKET]

    def receive_payload(self, packets: list[str]) -> None:
        """The packets of one POST, all of them or none. Waits until those before have mostly been handled.

        Raises Malformed when one of them is, or when that takes longer than POST_WAIT_S; the session is to be ended.
        Raises SessionEnded when it ended meanwhile, and nobody will handle them.
        """
        kinds = ("4", _PONG, _CLOSE_PACKET, *([_BYTES] if self._binary else []))
        if not all(packet[:1] in kinds for packet in packets):
            raise Malformed
        heard = [_bytes_of(packet) if packet[:1] == _BYTES else packet for packet in packets]
        if not self._has_room() and not self.closed:
            room = self._room = Event()
            if not room.wait(POST_WAIT_S):
                raise Malformed
        if self.closed or self.closing or self._ending:
            raise SessionEnded
        for packet in heard:
            self._hear(packet)

    # -- the WebSocket -------------------------------------------------------------------------

    def open_websocket(self, connection: _socket.socket) -> WebSocket:
        """The connection that asked for the session becomes its WebSocket, which is still to be started."""
        self.websocket = self._websocket(connection, self._heard, self._lost)
        self._poll_queue = None
        self.connected = self.upgraded = True
        return self.websocket

    def _websocket(
        self, connection: _socket.socket, on_message: Callable[[str | bytes], None], on_end: Callable[[], None]
    ) -> WebSocket:
        size_max = self.server.max_http_buffer_size
        return WebSocket(connection, on_message, on_end, message_bytes_max=size_max, binary=self._binary)

    def upgrade(self, environ: dict[str, Any]) -> None:
        """A session that polls asks for a WebSocket, and goes on polling until the client has probed it."""
        self.upgrades += 1
        connection, behind = take_over(environ)
        websocket = self.websocket = self._websocket(connection, self._probed, self._lost_probe)
        websocket.write(accepting(environ))
        websocket.start(behind)

    def _probed(self, text: str | bytes) -> None:
        websocket = self.websocket
        assert websocket is not None
        if self.upgraded:
            self._heard(text)
        elif text == "2probe" and not self.upgrading:
            self.upgrading = True  # from here on a poll only says that there is nothing
            websocket.write(frame("3probe"))
            self._wake_poll()  # one that waits is told that there is nothing
        elif text == _UPGRADE and self.upgrading:
            self.upgraded, self.upgrading = True, False
            self._move_queue(websocket)
        else:
            websocket.abort()  # not closed in peace: it would go on for a while, counted by nobody
            self.end_malformed()

    def _move_queue(self, websocket: WebSocket) -> None:
        """What waited for a poll goes over the WebSocket. A poll that still waits is told that there is nothing."""
        queue, self._poll_queue = self._poll_queue, None
        assert queue is not None
        for packet in queue.take(len(queue)):
            websocket.write(frame(_bytes_of(packet) if packet[:1] == _BYTES else packet))
        queue.wake()

    def _lost_probe(self) -> None:
        if self.upgraded:
            self._lost()
        else:
            self.websocket, self.upgrading = None, False

    def _heard(self, message: str | bytes) -> None:
        """A message of the WebSocket, in the event loop: nothing here may wait."""
        websocket = self.websocket
        assert websocket is not None
        try:
            self._hear(message)
        except Malformed:
            self.end_malformed()
        if not self._has_room():
            websocket.pause()

    # -- in ------------------------------------------------------------------------------------

    def _hear(self, packet: str | bytes) -> None:
        if isinstance(packet, bytes):
            self._keep(packet)
            return
        kind = packet[:1]
        if kind == "4":
            self._keep(packet[1:])
        elif kind == _PONG:
            if not self.last_ping and self.websocket:
                self.websocket.spare_frame()  # nobody asked for it
            self.schedule_ping()
        elif kind == _CLOSE_PACKET:
            self._client_closed = True
            self.end(None, self.server.reason.CLIENT_DISCONNECT)
        else:
            raise Malformed

    def _keep(self, message: str | bytes) -> None:
        if self.closed:
            return
        self._inbox.append(message)
        self._inbox_bytes += len(message)
        if not self._handling:
            self._handling = True
            gevent.spawn(self._handle_inbox)

    def _has_room(self) -> bool:
        return len(self._inbox) < INBOX_MESSAGES_MAX and self._inbox_bytes < INBOX_BYTES_MAX

    def _handle_inbox(self) -> None:
        """One after the other: a later message may rest on an earlier one."""
        try:
            while self._inbox and not self.closed:
                self._slices.wait_for_turn()
                if self.closed:
                    return
                had_room = self._has_room()
                message = self._inbox.pop(0)
                self._inbox_bytes -= len(message)
                if not had_room and self._has_room():
                    self._make_room()
                self.server._trigger_event("message", self.sid, message, run_async=False)
                while self.backlog > ANSWERS_WAITING_MAX and not self.closed:
                    gevent.sleep(ANSWERS_LOOK_S)
        finally:
            self._handling = False

    def run_handler(self, handler: Callable[..., object], *args: Any) -> None:
        """Run it in a greenlet of its own; waits while HANDLERS_AT_ONCE_MAX of this session's are running."""
        self._handlers = self._handlers or BoundedSemaphore(HANDLERS_AT_ONCE_MAX)
        free = self._handlers
        free.acquire()

        def run() -> None:
            try:
                handler(*args)
            except Exception:
                _log.exception("event_failed")
            finally:
                free.release()

        gevent.spawn(run)

    def take_message(self, bucket: Bucket) -> float:
        """As `Tokens.take`, for a Socket.IO packet that came."""
        self._messages = self._messages or Tokens()
        return self._messages.take(bucket)

    def may_be_refused(self, bucket: Bucket) -> bool:
        """Whether it is told of one more refusal rather than ended."""
        self._refusals = self._refusals or Tokens()
        return self._refusals.take(bucket) == 0

    def _make_room(self) -> None:
        if self._room:
            self._room.set()
        if self.websocket:
            self.websocket.resume()

    # -- life ----------------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """The client is there: the next ping is due after a while."""
        if self.last_ping:
            self.last_ping = None
            self._heard_s = clock.monotonic_s()
            self._heartbeat.answered(self)

    def is_overdue(self) -> bool:
        """Whether it has been silent for longer than a client that answers pings can be."""
        silent_s = clock.monotonic_s() - self._heard_s
        return bool(silent_s >= self.server.ping_interval + self.server.ping_timeout)

    def end(self, counted_as: str | None, reason: str | None = None) -> None:
        """End it soon, without a word, and count it as `counted_as`. Does not wait; the first call counts."""
        if self._ending or self.closed or self.closing:
            return
        self._ending = True
        if counted_as:
            metrics.SESSIONS_ENDED.labels(counted_as).inc()
        gevent.spawn(self.close, wait=False, abort=True, reason=reason)

    def end_malformed(self) -> None:
        """End it because it sent what no client sends. Does not wait."""
        if self.upgraded and self.websocket:
            self.websocket.close(PROTOCOL_ERROR)
        self.end("malformed", self.server.reason.TRANSPORT_ERROR)

    def end_too_fast(self) -> None:
        """End it because it goes on regardless of being refused. Does not wait."""
        if self.upgraded and self.websocket:
            self.websocket.close(POLICY)
        self.end("too_fast", self.server.reason.TRANSPORT_ERROR)

    def _lost(self) -> None:
        self.end(None, self.server.reason.TRANSPORT_CLOSE)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Tell the application, then the client, unless `abort`; `wait` until it took that, CLOSE_WAIT_S at most."""
        if self.closed or self.closing:
            return
        self.closing = True
        server = self.server
        server._trigger_event("disconnect", self.sid, reason or server.reason.SERVER_DISCONNECT, run_async=False)
        if not abort:
            self.send(Packet(CLOSE))
        self.closed = True
        self._on_end(self)
        self._inbox.clear()
        self._inbox_bytes = 0
        self._wake_poll()
        if self._room:
            self._room.set()
        if self.upgraded or abort:
            server.sockets.pop(self.sid, None)
        else:
            self._heartbeat.ended(self)  # until then a last poll may carry the end away
        if self.websocket:
            if self.upgraded and not abort:
                self.websocket.close()
            elif not self.websocket.closing:
                self.websocket.abort()
        if wait:
            with gevent.Timeout(CLOSE_WAIT_S, False):
                self._wait_taken()

    def _wait_taken(self) -> None:
        if self.upgraded and self.websocket:
            self.websocket.wait_closed()
            return
        while (queue := self._poll_queue) is not None and queue:
            queue.sleep()
            queue.wait()
