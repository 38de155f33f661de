"""One WebSocket of this node, driven by the event loop alone: no greenlet, no queue, no timer while it is idle.

The connection is taken out of its handler's hands, and the handshake's answer written here. Inbound frames are left to
wsproto, which hands out what it has, so that limits hold before anything large is in memory; but text
messages that come whole are read here until a client sends anything else, since wsproto keeps 1.7 KiB for a connection
and takes 40 µs for a pong. Outbound frames are a header and the text, written at once, and kept only for a client that
does not take them.
"""

import _socket
import base64
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gevent import get_hub
from gevent.event import Event
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError, generate_accept_token

from flask_socketio_cluster import clock
from flask_socketio_cluster.environ import UPGRADE

# In how many frames a message may come, empty ones included.
FRAGMENTS_MAX = 128
# Little at a time, so that many clients that send small frames without end are each served in turn.
READ_BYTES_MAX = 1_024
# Frames that carry no message: so many a second, and so many at once. A client that sends more is closed.
EMPTY_FRAMES_PER_S = 10.0
EMPTY_FRAMES_BURST = 50.0
# How long a client may take for what is still unsent, and for its own close frame, when the node closes.
CLOSE_WAIT_S = 2.0

# Close codes of RFC 6455.
NORMAL, PROTOCOL_ERROR, UNSUPPORTED, POLICY, TOO_BIG = 1000, 1002, 1003, 1008, 1009

_READ, _WRITE = 1, 2
# The first byte of a text message's only frame; the bit beside the size that says that it is masked; the size that says
# that the true one follows in two bytes.
_WHOLE_TEXT, _MASKED, _SIZE_2 = 0x81, 0x80, 126
_ACCEPTING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)


def frame(message: str | bytes) -> bytes:
    """An unmasked, unfragmented text or binary frame, as a server sends it (RFC 6455, section 5.2)."""
    data, kind = (message.encode(), 0x81) if isinstance(message, str) else (message, 0x82)
    size = len(data)
    if size < 126:
        return bytes((kind, size)) + data
    if size < 65_536:
        return bytes((kind, 126)) + size.to_bytes(2, "big") + data
    return bytes((kind, 127)) + size.to_bytes(8, "big") + data


def may_upgrade(environ: dict[str, Any]) -> bool:
    """Whether the request is a handshake of RFC 6455, whose connection `take_over` can have."""
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except ValueError:
        return False
    return (
        len(key) == 16
        and UPGRADE in environ
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
    )


def accepting(environ: dict[str, Any]) -> bytes:
    """The answer to a handshake that `may_upgrade`."""
    token = generate_accept_token(environ["HTTP_SEC_WEBSOCKET_KEY"].strip().encode())
    return _ACCEPTING % token


def take_over(environ: dict[str, Any]) -> tuple[_socket.socket, bytes]:
    """The request's connection, still to be answered, and what the client sent behind its handshake.

    The request's handler is left without a connection, so that it ends and neither reads nor closes it. The file
    descriptor stays the same: a copy would leave the old one in the kernel's list of what is watched.
    """
    handler = environ[UPGRADE]()
    connection, handler.socket = handler.socket, None
    connection.setblocking(False)
    behind = b""
    with suppress(OSError):  # a connection that broke is found out by the next who reads it
        behind = handler.rfile.peek()
    taken = _socket.socket(fileno=connection.detach())
    taken.setblocking(False)
    return taken, behind


class WebSocket:
    """`on_message(message)` for each whole message and `on_end()` once, both in the event loop: they must not wait.

    With `binary` a message may be of bytes; without it such a message ends the connection.

    `on_end` says that the client is gone or has closed; it is not called after `close` or `abort`.
    """

    __slots__ = (
        "_binary",
        "_ended",
        "_fragments",
        "_linger",
        "_message_bytes_max",
        "_on_end",
        "_on_message",
        "_parts",
        "_protocol",
        "_reader",
        "_size_bytes",
        "_socket",
        "_spare",
        "_spare_at_s",
        "_unsent",
        "_writer",
        "backlog_bytes",
        "closing",
    )

    def __init__(
        self,
        connection: _socket.socket,
        on_message: Callable[[str | bytes], None],
        on_end: Callable[[], None],
        *,
        message_bytes_max: int,
        binary: bool = False,
    ) -> None:
        self._socket: _socket.socket | None = connection
        self._on_message = on_message
        self._binary = binary
        self._on_end = on_end
        self._message_bytes_max = message_bytes_max
        # Reads what `_read_whole` does not; from then on, everything.
        self._protocol: Connection | None = None
        # All of one kind: what is begun as text is ended as text, which wsproto sees to.
        self._parts: list[str | bytes] = []
        self._size_bytes = 0
        self._fragments = 0
        # How many frames without a message may still come at once, and when that was counted.
        self._spare = EMPTY_FRAMES_BURST
        self._spare_at_s = clock.monotonic_s()
        # Bytes that the client has not taken yet.
        self.backlog_bytes = 0
        self._unsent: deque[bytes] | None = None
        # Whether the node has sent a close frame, and only waits for what is unsent and for the client's answer.
        self.closing = False
        self._ended: Event | None = None
        self._reader = get_hub().loop.io(connection.fileno(), _READ)
        self._writer: Any = None
        self._linger: Any = None

    @property
    def backlog(self) -> int:
        """Writes that the client has not taken yet."""
        return len(self._unsent) if self._unsent else 0

    def start(self, behind: bytes = b"") -> None:
        """Begin to read; `behind` was read already. A client that has gone meanwhile was reported already."""
        if self._socket is None:
            return
        self._reader.start(self._readable)
        if behind:
            self._receive(behind)

    def pause(self) -> None:
        """Read no more until `resume`: what the client sends waits in its own network."""
        if self._socket is not None and not self.closing:
            self._reader.stop()

    def resume(self) -> None:
        if self._socket is not None:
            self._reader.start(self._readable)

    def write(self, data: bytes) -> None:
        """Whole frames, sent now or when the client takes them, in order. A closed one is passed over."""
        if self._socket is None or self.closing:
            return
        if self._unsent:
            self._unsent.append(data)
            self.backlog_bytes += len(data)
            return
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lost()
            return
        if sent < len(data):
            self._unsent = deque([data[sent:]])
            self.backlog_bytes = len(data) - sent
            self._writer = get_hub().loop.io(self._socket.fileno(), _WRITE)
            self._writer.start(self._writable)

    def close(self, code: int = NORMAL) -> None:
        """Send what is unsent and a close frame; the connection ends with the client's answer, or in CLOSE_WAIT_S."""
        if self._socket is None or self.closing:
            return
        self.resume()
        with suppress(LocalProtocolError):  # both have sent one already
            self.write(self._wsproto().send(CloseConnection(code)))
        if self._socket is None:
            return
        self.closing = True
        self._linger = get_hub().loop.timer(CLOSE_WAIT_S)
        self._linger.start(self.abort)
        if not self._unsent:
            self._say_no_more()

    def wait_closed(self) -> None:
        """After `close`, until the connection has ended."""
        if self._socket is not None:
            self._ended = self._ended or Event()
            self._ended.wait()

    def abort(self) -> None:
        """End the connection now, whatever is unsent."""
        if self._socket is None:
            return
        connection, self._socket = self._socket, None
        for watcher in (self._reader, self._writer, self._linger):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._reader = self._writer = self._linger = None
        self._unsent = None
        self.backlog_bytes = 0
        connection.close()
        if self._ended is not None:
            self._ended.set()

    # -- in the event loop ---------------------------------------------------------------------

    def _readable(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(READ_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
        elif not self.closing:
            self._receive(data)

    def _receive(self, data: bytes) -> None:
        if self._protocol is None:
            data = self._read_whole(data)
            if not data or self._socket is None or self.closing:
                return
        protocol = self._wsproto()
        protocol.receive_data(data)
        for event in protocol.events():
            if isinstance(event, TextMessage) or (self._binary and isinstance(event, BytesMessage)):
                self._message(event)
            elif isinstance(event, Ping | Pong):
                # Who takes nothing gets no answers either, which would pile up.
                if self.spare_frame() and isinstance(event, Ping) and not self._unsent:
                    self.write(protocol.send(event.response()))
            elif isinstance(event, BytesMessage):
                self.refuse(UNSUPPORTED)
            elif isinstance(event, CloseConnection):
                # A close frame, or bytes that are no WebSocket's: wsproto gives the code of either.
                self.refuse(event.code)
            if self._socket is None or self.closing:
                return

    def _wsproto(self) -> Connection:
        self._protocol = self._protocol or Connection(ConnectionType.SERVER)
        return self._protocol

    def _read_whole(self, data: bytes) -> bytes:
        """Hand out the text messages that `data` begins with, where each came in one frame and whole: those are nearly
        all that clients send, a pong among them. Returns the rest, with what may be wrong in it."""
        while len(data) > 1 and data[0] == _WHOLE_TEXT:
            size, start = data[1] - _MASKED, 2
            if size == _SIZE_2:
                size, start = int.from_bytes(data[2:4]), 4
                if size < _SIZE_2:
                    break
            elif not 0 <= size < _SIZE_2:
                break
            key, masked, rest = data[start : start + 4], data[start + 4 : start + 4 + size], data[start + 4 + size :]
            if len(key) < 4 or len(masked) < size or size > self._message_bytes_max:
                break
            keys = (key * (size // 4 + 1))[:size]
            try:
                message = (int.from_bytes(masked) ^ int.from_bytes(keys)).to_bytes(size).decode()
            except UnicodeDecodeError:
                break
            data = rest
            self._on_message(message)
            if self._socket is None or self.closing:
                break
        return data

    def spare_frame(self) -> bool:
        """Count a frame that carries no message. False when it was one too many: then the client is refused."""
        now_s = clock.monotonic_s()
        earned = (now_s - self._spare_at_s) * EMPTY_FRAMES_PER_S
        self._spare = min(EMPTY_FRAMES_BURST, self._spare + earned) - 1
        self._spare_at_s = now_s
        if self._spare < 0:
            self.refuse(POLICY)
        return self._spare >= 0

    def _message(self, event: TextMessage | BytesMessage) -> None:
        data = event.data if isinstance(event, TextMessage) else bytes(event.data)
        self._size_bytes += len(data.encode() if isinstance(data, str) else data)
        self._fragments += event.frame_finished
        if self._size_bytes > self._message_bytes_max:
            self.refuse(TOO_BIG)
        elif self._fragments > FRAGMENTS_MAX:
            self.refuse(POLICY)
        elif event.message_finished:
            message = data[:0].join((*self._parts, data))  # type: ignore[arg-type]  # all of one kind
            self._parts.clear()
            self._size_bytes = self._fragments = 0
            self._on_message(message)
        elif data:
            self._parts.append(data)

    def refuse(self, code: int) -> None:
        """End it for what the client did, and report the end."""
        self._parts.clear()
        self.close(code)
        self._on_end()

    def _writable(self) -> None:
        assert self._socket is not None
        assert self._unsent
        try:
            while self._unsent:
                data = self._unsent[0]
                sent = self._socket.send(data)
                self.backlog_bytes -= sent
                if sent < len(data):
                    self._unsent[0] = data[sent:]
                    return
                self._unsent.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._lost()
            return
        self._writer.stop()
        self._writer.close()
        self._unsent = self._writer = None
        if self.closing:
            self._say_no_more()

    def _say_no_more(self) -> None:
        """Only the client's end of the connection stays open: closed at once, what it was sent could be lost."""
        assert self._socket is not None
        try:
            self._socket.shutdown(_socket.SHUT_WR)
        except OSError:
            self.abort()

    def _lost(self) -> None:
        known = self.closing
        self.abort()
        if not known:
            self._on_end()
