"""The Socket.IO server of one node, put together: Flask-SocketIO with our client manager, guard and feed."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
from flask import Flask, request
from flask_socketio import SocketIO
from socketio import Server

from app import wire
from app.realtime import engine
from app.realtime.bus import BusUnavailable, RoutedRedisManager
from app.realtime.entry import Entry
from app.realtime.feed import Feed
from app.realtime.guard import Door, Guard
from app.realtime.sessions import AUTHENTICATE_WITHIN_S, Sessions, SocketSession
from app.realtime.sweep import Sweep
from app.realtime.waker import Waker
from app.realtime.watch import Watch
from app.realtime.websocket import MESSAGE_BYTES_MAX
from app.settings import Settings
from app.users.auth import Auth, Identity

PING_INTERVAL_S = 20
PING_TIMEOUT_S = 20
DRAIN_RECONNECT_MS_MAX = 2000
DRAIN_WAIT_S = 0.3
# The Socket.IO packet types BINARY_EVENT and BINARY_ACK.
BINARY_PACKETS = ("5", "6")
RESERVED_EVENTS = frozenset({"connect", "disconnect", "connect_error", "*"})

# A feature's event: verified user and payload in; the event and payload to answer this socket with out.
Answering = Callable[[Identity, dict[str, Any]], tuple[str, Any]]
# The same with what goes into the acknowledgement.
Acknowledging = Callable[[Identity, dict[str, Any]], Any]


class Realtime:
    """The Socket.IO side of a node: attached to `app`, its greenlets running."""

    def __init__(self, app: Flask, settings: Settings, auth: Auth) -> None:
        self.bus = RoutedRedisManager(settings.redis_url, node_id=settings.node_id)
        self.waker = Waker(settings.redis_url)
        self._socketio = _attach(app, settings, self.bus)
        server = self._socketio.server
        self._sessions = Sessions()
        self._feed = Feed(auth.db, self._sessions, server)
        self._guard = Guard(auth, self._feed)
        self._entry = Entry(
            auth=auth,
            sessions=self._sessions,
            feed=self._feed,
            bus=self.bus,
            server=server,
            node_id=settings.node_id,
        )
        sweep = Sweep(auth.db, self._sessions, self._feed)
        watch = Watch(auth.db, self._sessions, self._feed)
        self._open_doors()
        self.bus.listen(on_event=self._feed.deliver, on_ended=watch.end, on_ready=sweep.ask)
        for part in (sweep, watch, self.waker):
            part.start()

    def answers(self, event: str, answer: Answering) -> None:
        """Serve a client event with an event to the socket that sent it."""

        def door(session: SocketSession, identity: Identity, data: dict[str, Any]) -> None:
            name, payload = answer(identity, data)
            self._feed.send(session, wire.event_packet(name, wire.dumps(payload)))

        self._serve(event, door)

    def acknowledges(self, event: str, answer: Acknowledging) -> None:
        """Serve a client event with its acknowledgement."""
        self._serve(event, lambda _session, identity, data: answer(identity, data))

    def tell(self, user_id: int, event: str, payload: Any) -> None:
        """An ephemeral event to every socket of a user, on every node; lost when Redis is away."""
        with suppress(BusUnavailable):
            self.bus.emit(event, payload, room=wire.room_of(user_id))

    def drain(self) -> None:
        """Tell every socket to come back elsewhere, then close them all; takes about DRAIN_WAIT_S."""
        for session in self._sessions:
            notice: wire.ServidorDrenando = {"reconectar_em_ms": secrets.randbelow(DRAIN_RECONNECT_MS_MAX)}
            self._feed.send(session, wire.event_packet(wire.SERVIDOR_DRENANDO, wire.dumps(notice)))
        gevent.sleep(DRAIN_WAIT_S)
        gevent.joinall([gevent.spawn(self._feed.close_transport, session) for session in self._sessions])

    def _open_doors(self) -> None:
        self._socketio.on_event("connect", self._connected)
        self._socketio.on_event("disconnect", self._disconnected)
        self._serve(wire.AUTENTICAR, self._entry.authenticate)
        self._serve(wire.SINCRONIZAR, self._entry.synchronize)

    def _connected(self, auth_data: Any = None) -> None:
        session = self._entry.greet(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO's
        if isinstance(auth_data, dict) and auth_data.get("token") is not None:
            self._guard.pass_through(self._entry.authenticate, wire.AUTENTICAR, session, (auth_data,))

    def _disconnected(self, _reason: Any = None) -> None:
        """A client that leaves the namespace has nothing left to do here: its transport would have no deadline."""
        session = self._sessions.close(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO's
        socket = session and self._socketio.server.eio.sockets.get(session.eio_sid)
        if socket and not socket.closing:
            gevent.spawn(socket.close, wait=False)

    def _serve(self, event: str, door: Door) -> None:
        def handle(*args: Any) -> Any:
            session = self._sessions.get(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO's
            return self._guard.pass_through(door, event, session, args) if session else None

        self._socketio.on_event(event, handle)


def _attach(app: Flask, settings: Settings, bus: RoutedRedisManager) -> SocketIO:
    socketio = SocketIO(
        app,
        async_mode="gevent",
        client_manager=bus,
        cors_allowed_origins=partial(_may_connect, settings.cors_origins),
        manage_session=False,
        always_connect=True,
        # One event of a socket after the other, in their order; each socket has a greenlet of its own for that.
        async_handlers=False,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        max_http_buffer_size=MESSAGE_BYTES_MAX,
    )
    eio = socketio.server.eio
    engine.install(eio, enter_within_s=AUTHENTICATE_WITHIN_S)
    # nginx finds the node by the name in front of the session id.
    eio.generate_id = lambda: f"{settings.node_id}.{secrets.token_urlsafe(15)}"
    eio.handle_request = _answering_late_requests(eio.handle_request)
    _refuse_what_no_client_sends(socketio.server)
    return socketio


def _may_connect(others: tuple[str, ...], origin: str | None, environ: dict[str, Any]) -> bool:
    """Pages of the bank itself, whatever ends TLS in front of it, and of the origins that the settings name.

    Asked only of those that say where they are from; the answer's headers are asked for in every case.
    """
    if origin is None:
        return False
    scheme, _, host = origin.partition("://")
    return origin in others or (scheme in ("http", "https") and host == environ.get("HTTP_HOST"))


def _answering_late_requests(handle: Callable[..., Any]) -> Callable[..., Any]:
    """A poll that comes while its session closes is a bad request; the library lets it end in a traceback."""

    def handle_request(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return handle(environ, start_response)
        except KeyError:
            start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
            return [b'{"code":1,"message":"Session ID unknown"}']

    return handle_request


def _refuse_what_no_client_sends(server: Server) -> None:
    """Binary packets, which would wait in memory for attachments, and events named like the server's own
    (`disconnect` would run its handler) end the connection."""
    handle_message, handle_event = server._handle_eio_message, server._handle_event

    def end(eio_sid: str) -> None:
        """Without waiting for the client to take the farewell: one that never reads would be waited for without end."""
        if socket := server.eio.sockets.get(eio_sid):
            socket.close(wait=False)

    def on_message(eio_sid: str, data: str | bytes) -> None:
        if isinstance(data, bytes) or data[:1] in BINARY_PACKETS:
            end(eio_sid)
        else:
            handle_message(eio_sid, data)

    def on_event(eio_sid: str, namespace: str | None, id_: int | None, data: list[Any]) -> None:
        if not data or not isinstance(data[0], str) or data[0] in RESERVED_EVENTS:
            end(eio_sid)
        else:
            handle_event(eio_sid, namespace, id_, data)

    server._handle_event = on_event
    server.eio.on("message", on_message)
