"""Engine.IO sessions whose WebSocket costs no greenlet.

A subclass of python-engineio's session, and its server's way of making one. Rests on names of python-engineio that are
not documented API; `tests/integration/test_server_contract.py` holds them.
"""

import _socket
from collections import deque
from collections.abc import Iterable
from typing import Any

import gevent
from engineio.packet import CLOSE, MESSAGE, NOOP, OPEN, PING, Packet
from engineio.server import Server as EngineServer
from engineio.socket import Socket

from app import metrics
from app.realtime.heartbeat import Heartbeat
from app.realtime.websocket import CLOSE_WAIT_S, WebSocket, frame, take_over

SESSIONS_MAX = 20_000
# A client that lets more than this wait is closed, and resumes from its seq when it comes back.
QUEUE_PACKETS_MAX = 200
# A stock Python client breaks off at a poll that brings more.
POLL_PACKETS_MAX = 16
# What a client may send ahead of what was handled before its connection is read no further.
INBOX_MESSAGES_MAX = 16
INBOX_LOOK_S = 0.01

# What is kept of a handshake: what Flask needs to make a request context for an event.
_KEPT = (
    "HTTP_HOST",
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
_PING_FRAME = frame(str(PING))


class Handshake(dict[str, Any]):
    """The environ of a session's handshake, kept while the session lives; no request of Flask's stores itself in it."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__((name, environ[name]) for name in _KEPT if name in environ)

    def __setitem__(self, name: str, value: Any) -> None:
        return


class NodeSocket(Socket):
    """One Engine.IO session. Over polling it works as the library's; over WebSocket everything is sent at once."""

    # The library's.
    closed: bool
    closing: bool
    upgraded: bool
    upgrading: bool
    # When the ping was sent that is not answered yet; None while none is.
    last_ping: float | None

    def __init__(self, server: EngineServer, sid: str, heartbeat: Heartbeat) -> None:
        super().__init__(server, sid)
        self.websocket: WebSocket | None = None
        # Whether it has a Socket.IO session, which has a deadline of its own.
        self.entered = False
        self._heartbeat = heartbeat
        self._inbox: deque[str | bytes] = deque()
        self._handling = False

    @property
    def backlog(self) -> int:
        """How much the client has not taken yet."""
        return self.websocket.backlog if self.upgraded and self.websocket else self.queue.qsize()

    # -- out -----------------------------------------------------------------------------------

    def send(self, pkt: Packet) -> None:
        """Never waits. A session that has ended is passed over; one that takes nothing is ended."""
        if self._takes_more():
            if self.upgraded and self.websocket:
                self.websocket.write(frame(pkt.encode()))
            else:
                self.queue.put(pkt)

    def send_messages(self, packets: Iterable[str]) -> None:
        """Socket.IO packets, in one write where that can be."""
        if not self._takes_more():
            return
        if self.upgraded and self.websocket:
            self.websocket.write(b"".join([frame(f"{MESSAGE}{packet}") for packet in packets]))
        else:
            for packet in packets:
                self.queue.put(Packet(MESSAGE, packet))

    def ping(self) -> None:
        if self.upgraded and self.websocket:
            self.websocket.write(_PING_FRAME)
        elif not self.closed:
            self.queue.put(Packet(PING))

    def _takes_more(self) -> bool:
        if self.closed:
            return False
        if self.backlog <= QUEUE_PACKETS_MAX:
            return True
        if not self.closing:
            metrics.SESSIONS_ENDED.labels("lento").inc()
            gevent.spawn(self.close, wait=False, abort=True)
        return False

    def poll(self) -> list[Packet]:
        """What a long poll carries away; waits for the first packet, without a timer for it: a client that stops
        answering pings is closed by the heartbeat. POLL_PACKETS_MAX at the most; empty when the session was closed."""
        queue = self.queue
        packets = [queue.get()]
        queue.task_done()
        while packets[-1] is not None and queue.qsize() and len(packets) < POLL_PACKETS_MAX:
            packets.append(queue.get(block=False))
            queue.task_done()
        if packets[-1] is None:
            packets.pop()
            if packets:
                queue.put(None)  # the next poll sees the end
        return packets

    # -- the WebSocket -------------------------------------------------------------------------

    def open_websocket(self, connection: _socket.socket) -> WebSocket:
        """The connection that asked for the session becomes its WebSocket, which is still to be started."""
        self.websocket = WebSocket(connection, self._heard, self._lost)
        self.connected = self.upgraded = True
        return self.websocket

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: Any) -> Any:
        """A session that polls asks for a WebSocket, and goes on polling until the client has probed it."""
        if self.upgraded or self.websocket:
            return []  # one is enough; the handler closes the other
        connection, behind = take_over(environ)
        websocket = self.websocket = WebSocket(connection, self._probed, self._lost_probe)
        websocket.start(behind)
        return []

    def _probed(self, text: str) -> None:
        websocket = self.websocket
        assert websocket is not None
        if self.upgraded:
            self._heard(text)
        elif text == "2probe" and not self.upgrading:
            self.upgrading = True  # from here on a poll only says that there is nothing
            websocket.write(frame("3probe"))
            self.queue.put(Packet(NOOP))  # ends a poll that waits
        elif text == "5" and self.upgrading:
            self.upgraded, self.upgrading = True, False
            self._move_queue(websocket)
        else:
            websocket.close()
            self._lost_probe()

    def _move_queue(self, websocket: WebSocket) -> None:
        """What waited for a poll goes over the WebSocket. A poll that still waits is told that there is nothing."""
        waiting = []
        while self.queue.qsize():
            packet = self.queue.get(block=False)
            self.queue.task_done()
            if packet is not None and packet.packet_type != NOOP:
                waiting.append(packet)
        for packet in waiting:
            websocket.write(frame(packet.encode()))
        self.queue.put(Packet(NOOP))

    def _lost_probe(self) -> None:
        if self.upgraded:
            self._lost()
        else:
            self.websocket, self.upgrading = None, False

    def _heard(self, text: str) -> None:
        """In the event loop: nothing here may wait."""
        kind = text[:1]
        if kind == str(MESSAGE):
            self._keep(text[1:])
            if len(self._inbox) == INBOX_MESSAGES_MAX and self.websocket:
                self.websocket.pause()
        elif kind == "3":
            self.schedule_ping()
        elif kind == str(CLOSE):
            self._end(self.server.reason.CLIENT_DISCONNECT)

    def receive(self, pkt: Packet) -> None:
        """A polled packet. What the request waits for is room, not the handling: its answer lets the client go on."""
        if pkt.packet_type != MESSAGE:
            super().receive(pkt)
            return
        while len(self._inbox) >= INBOX_MESSAGES_MAX and not self.closed:
            gevent.sleep(INBOX_LOOK_S)
        self._keep(pkt.data)

    def _keep(self, text: str | bytes) -> None:
        self._inbox.append(text)
        if not self._handling:
            self._handling = True
            gevent.spawn(self._handle_inbox)

    def _handle_inbox(self) -> None:
        """One after the other: a later message may rest on an earlier one."""
        try:
            while self._inbox and not self.closed:
                text = self._inbox.popleft()
                if len(self._inbox) == INBOX_MESSAGES_MAX - 1 and self.websocket:
                    self.websocket.resume()
                self.server._trigger_event("message", self.sid, text, run_async=False)
        finally:
            self._handling = False

    def _lost(self) -> None:
        self._end(self.server.reason.TRANSPORT_CLOSE)

    def _end(self, reason: str) -> None:
        gevent.spawn(self.close, wait=False, abort=True, reason=reason)

    # -- life ----------------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """The client is there: the next ping is due after a while."""
        if self.last_ping:
            self.last_ping = None
            self._heartbeat.answered(self)

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
        self.queue.put(None)
        if self.upgraded:
            server.sockets.pop(self.sid, None)
        else:
            self._heartbeat.ended(self)  # until then a last poll may carry the farewell away
        if self.websocket:
            if self.upgraded and not abort:
                self.websocket.close()
            elif not self.websocket.closing:
                self.websocket.abort()
        if wait:
            with gevent.Timeout(CLOSE_WAIT_S, False):
                if self.upgraded and self.websocket:
                    self.websocket.wait_closed()
                else:
                    self.queue.join()


def install(server: EngineServer, *, enter_within_s: float) -> None:
    """Let the server make sessions of ours. One that has no Socket.IO session within `enter_within_s` is ended."""
    heartbeat = Heartbeat(server, enter_within_s=enter_within_s)
    heartbeat.start()

    def connect(environ: dict[str, Any], _start_response: Any, transport: str, jsonp_index: int | None = None) -> Any:
        if len(server.sockets) >= SESSIONS_MAX:
            return server._bad_request("Too many sessions")
        taken = take_over(environ) if transport == "websocket" else None
        sid = server.generate_id()
        socket = server.sockets[sid] = NodeSocket(server, sid, heartbeat)
        websocket = socket.open_websocket(taken[0]) if taken else None
        socket.send(Packet(OPEN, _opening(server, sid, transport)))
        server._trigger_event("connect", sid, Handshake(environ), run_async=False)
        socket.schedule_ping()
        heartbeat.began(socket)
        if taken and websocket:
            websocket.start(taken[1])
            return []
        socket.connected = True
        return server._ok(socket.poll(), jsonp_index=jsonp_index)

    server._handle_connect = connect


def _opening(server: EngineServer, sid: str, transport: str) -> dict[str, Any]:
    return {
        "sid": sid,
        "upgrades": server._upgrades(sid, transport),
        "pingInterval": int(server.ping_interval * 1000),
        "pingTimeout": int(server.ping_timeout * 1000),
        "maxPayload": server.max_http_buffer_size,
    }
