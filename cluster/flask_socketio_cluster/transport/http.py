"""The requests of Engine.IO: handshakes, polls, and what clients post. In place of python-engineio's `handle_request`,
which answers "OK" to what it then throws away, and logs a traceback for what a client gets wrong."""

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from engineio.packet import OPEN, Packet
from engineio.server import Server as EngineServer

from flask_socketio_cluster import metrics
from flask_socketio_cluster.transport.admission import Admission
from flask_socketio_cluster.transport.connection import client_network
from flask_socketio_cluster.transport.handshakes import Handshakes
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.session import UPGRADES_MAX, EngineSession, Malformed, SessionEnded, handshake
from flask_socketio_cluster.transport.time_slices import TimeSlices
from flask_socketio_cluster.transport.websocket import accepting, frame, may_upgrade, take_over

# Packets of one POST; its bytes are limited by the server's `max_http_buffer_size`.
POST_PACKETS_MAX = 500
RETRY_AFTER_S = 2

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
# Whether a page of this origin may connect; asked only of those that say where they are from.
MayConnect = Callable[[str, dict[str, Any]], bool]

_SEPARATOR = "\x1e"
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]


@dataclass(frozen=True)
class Refusal:
    """An answer with one of the error codes of the protocol (engine.io-protocol, "HTTP long-polling")."""

    code: int
    message: str
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


UNKNOWN_TRANSPORT = Refusal(0, "Transport unknown")
UNKNOWN_SESSION = Refusal(1, "Session ID unknown")
BAD_HANDSHAKE = Refusal(2, "Bad handshake method")
BAD_REQUEST = Refusal(3, "Bad request")
TOO_LARGE = Refusal(3, "Payload too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
FORBIDDEN = Refusal(4, "Origin not allowed", HTTPStatus.FORBIDDEN)
BAD_VERSION = Refusal(5, "Unsupported protocol version")
FULL = Refusal(3, "Too many sessions", HTTPStatus.SERVICE_UNAVAILABLE)
BUSY = Refusal(3, "Too many handshakes", HTTPStatus.SERVICE_UNAVAILABLE)
# Not 503, with which a proxy asks the next node.
TOO_FAST = Refusal(3, "Too many handshakes from this address", HTTPStatus.TOO_MANY_REQUESTS)


class EngineHttp:
    """Takes every request of `server`. A request that a session cannot take ends it, and says so."""

    def __init__(
        self,
        server: EngineServer,
        *,
        admission: Admission,
        handshakes: Handshakes,
        heartbeat: Heartbeat,
        slices: TimeSlices,
        may_connect: MayConnect,
        headers: Collection[str] | None,
        binary: bool = False,
    ) -> None:
        self._server = server
        self._admission = admission
        self._handshakes = handshakes
        self._heartbeat = heartbeat
        self._slices = slices
        self._may_connect = may_connect
        self._headers = headers
        self._binary = binary

    def handle_request(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        """A WSGI application."""
        try:
            cross_origin = self._check_origin(environ)
            body = self._handle(environ)
        except Refused as refused:
            return _refuse(refused.refusal, start_response)
        if body is None:  # it is a WebSocket now, whose answer was sent
            return []
        start_response("200 OK", [("Content-Type", "text/plain; charset=UTF-8"), *_HEADERS, *cross_origin])
        return [body.encode()]

    def _check_origin(self, environ: dict[str, Any]) -> list[tuple[str, str]]:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return []
        if not self._may_connect(origin, environ):
            raise Refused(FORBIDDEN)
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]

    def _handle(self, environ: dict[str, Any]) -> str | None:
        method = environ["REQUEST_METHOD"]
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        transport = query.get("transport", [""])[0]
        if transport not in ("polling", "websocket"):
            raise Refused(UNKNOWN_TRANSPORT)
        if "j" in query:
            raise Refused(BAD_REQUEST)  # JSONP
        if "sid" not in query:
            if query.get("EIO") != ["4"]:
                raise Refused(BAD_VERSION)
            if method != "GET":
                raise Refused(BAD_HANDSHAKE)
            return self._connect(environ, transport)
        socket: EngineSession | None = self._server.sockets.get(query["sid"][0])
        if socket is None:
            raise Refused(UNKNOWN_SESSION)
        if socket.is_overdue():
            socket.end(None, self._server.reason.PING_TIMEOUT)  # the heartbeat is about to say so
            raise Refused(UNKNOWN_SESSION)
        if method == "GET" and transport == "websocket":
            self._upgrade(socket, environ)
            return None
        if not socket.connected or socket.upgraded:
            raise Refused(BAD_REQUEST)
        if method == "GET":
            return self._poll(socket, environ)
        if method == "POST":
            return self._post(socket, environ)
        raise Refused(BAD_REQUEST)

    # -- handshakes ----------------------------------------------------------------------------

    def _connect(self, environ: dict[str, Any], transport: str) -> str | None:
        if transport == "websocket" and not may_upgrade(environ):
            raise Refused(BAD_REQUEST)
        address = client_network(environ)
        self._wait_for_turn(address)
        taken = take_over(environ) if transport == "websocket" else None
        server, sid = self._server, self._server.generate_id()
        socket = server.sockets[sid] = EngineSession(
            server, sid, self._heartbeat, self._slices, self._admission.ended, binary=self._binary
        )
        self._admission.began(socket, address)
        websocket = socket.open_websocket(taken[0]) if taken else None
        opening = Packet(OPEN, self._opening(sid, transport))
        if websocket:
            websocket.write(accepting(environ) + frame(opening.encode()))
        else:
            socket.send(opening)
        server._trigger_event("connect", sid, handshake(environ, self._headers), run_async=False)
        socket.schedule_ping()
        self._heartbeat.began(socket)
        if taken and websocket:
            websocket.start(taken[1])
            return None
        socket.connected = True
        return _SEPARATOR.join(socket.poll(environ))

    def _wait_for_turn(self, address: str) -> None:
        """Its address is asked about before it waits, too. Raises TOO_FAST, BUSY or FULL."""
        admission = self._admission
        refusal = None
        if self._handshakes.is_too_fast(address):
            refusal = TOO_FAST
            self._slices.wait_for_turn()  # also who is refused at once leaves the node to the others
        elif self._handshakes.are_too_many() or admission.is_busy():
            refusal = BUSY
        elif not admission.may_wait(address):
            refusal = FULL
        if refusal is None:
            with admission.waiting(address):
                self._slices.wait_for_turn()
            refusal = BUSY if admission.closed else None if admission.has_room(address) else FULL
        if refusal is not None:
            metrics.HANDSHAKES_REFUSED.inc()
            raise Refused(refusal)

    def _opening(self, sid: str, transport: str) -> dict[str, Any]:
        server = self._server
        return {
            "sid": sid,
            "upgrades": ["websocket"] if transport == "polling" else [],
            "pingInterval": int(server.ping_interval * 1000),
            "pingTimeout": int(server.ping_timeout * 1000),
            "maxPayload": server.max_http_buffer_size,
        }

    def _upgrade(self, socket: EngineSession, environ: dict[str, Any]) -> None:
        if not may_upgrade(environ):
            raise Refused(BAD_REQUEST)
        if not (socket.websocket or socket.closed or socket.upgrades >= UPGRADES_MAX):
            socket.upgrade(environ)
            return
        # One WebSocket is enough. The official suite asks for an end after the handshake, not in its place.
        connection, _ = take_over(environ)
        with suppress(OSError):  # it hung up, and goes on polling or ends
            connection.send(accepting(environ))
        connection.close()

    # -- a session that polls ------------------------------------------------------------------

    def _poll(self, socket: EngineSession, environ: dict[str, Any]) -> str:
        if socket.polling:
            self._end(socket)
        packets = socket.poll(environ)
        if socket.closed and not socket.backlog:
            self._server.sockets.pop(socket.sid, None)
        return _SEPARATOR.join(packets)

    def _post(self, socket: EngineSession, environ: dict[str, Any]) -> str:
        if socket.closed:
            raise Refused(UNKNOWN_SESSION)
        if socket.posting:
            self._end(socket)
        socket.posting = True
        try:
            socket.receive_payload(self._payload(environ))
        except Malformed:
            self._end(socket)
        except SessionEnded:
            raise Refused(UNKNOWN_SESSION) from None
        except Refused:
            socket.end_malformed()
            raise
        finally:
            socket.posting = False
        return "ok"

    def _payload(self, environ: dict[str, Any]) -> list[str]:
        """The packets of a POST. Raises Malformed, or TOO_LARGE."""
        try:
            size = int(environ.get("CONTENT_LENGTH") or "")
        except ValueError:
            raise Malformed from None
        if size > self._server.max_http_buffer_size:
            raise Refused(TOO_LARGE)
        try:
            packets: list[str] = environ["wsgi.input"].read(size).decode().split(_SEPARATOR)
        except (OSError, UnicodeDecodeError):
            raise Malformed from None
        if len(packets) > POST_PACKETS_MAX:
            raise Refused(TOO_LARGE)
        return packets

    def _end(self, socket: EngineSession) -> None:
        """End a session for what its client did. A poll that waits sees the end; any other request is refused."""
        socket.end_malformed()
        self._server.sockets.pop(socket.sid, None)
        raise Refused(BAD_REQUEST)


def _refuse(refusal: Refusal, start_response: StartResponse) -> list[bytes]:
    headers = [("Content-Type", "application/json"), *_HEADERS]
    if refusal in (FULL, BUSY, TOO_FAST):
        headers.append(("Retry-After", str(RETRY_AFTER_S)))
    start_response(f"{refusal.status.value} {refusal.status.phrase}", headers)
    return [json.dumps({"code": refusal.code, "message": refusal.message}).encode()]
