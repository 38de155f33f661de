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

from app import log, wire
from app.connection import client_network
from app.realtime import admission, packets
from app.realtime.admission import Admission
from app.realtime.bus import BusUnavailable, RoutedRedisManager, new_sid
from app.realtime.engine import Malformed, NodeSocket
from app.realtime.entry import Entry
from app.realtime.feed import Feed
from app.realtime.guard import Door, Guard
from app.realtime.heartbeat import Heartbeat
from app.realtime.http import EngineHttp
from app.realtime.packets import ClientPacket
from app.realtime.sessions import AUTHENTICATE_WITHIN_S, Sessions, SocketSession
from app.realtime.sweep import Sweep
from app.realtime.waker import Waker
from app.realtime.watch import Watch
from app.realtime.websocket import MESSAGE_BYTES_MAX
from app.settings import Settings
from app.users.auth import Auth, Identity

PING_INTERVAL_S = 20
PING_TIMEOUT_S = 20
# How often a client may ask for a namespace that is not there.
CONNECTS_REFUSED_MAX = 5
DRAIN_RECONNECT_MS_MAX = 2000
DRAIN_WAIT_S = 0.3

_log = log.get("realtime")

# A feature's event: verified user, where the client is and payload in; the event and payload to answer this socket
# with out.
Answering = Callable[[Identity, str, dict[str, Any]], tuple[str, Any]]
# Verified user and payload in; what goes into the acknowledgement out.
Acknowledging = Callable[[Identity, dict[str, Any]], Any]


class Realtime:
    """The Socket.IO side of a node, attached to `app`. Nothing runs before `start`."""

    def __init__(self, app: Flask, settings: Settings, auth: Auth) -> None:
        self.bus = RoutedRedisManager(settings.redis_url, node_id=settings.node_id)
        self.waker = Waker(settings.redis_url)
        admitted = Admission(admission.sessions_max())
        self._socketio, heartbeat = _attach(app, settings, self.bus, admitted)
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
            admission=admitted,
            node_id=settings.node_id,
        )
        sweep = Sweep(auth.db, self._sessions, self._feed)
        watch = Watch(auth.db, self._sessions, self._feed)
        self._open_doors()
        self.bus.tell(on_event=self._feed.deliver, on_ended=watch.end, on_ready=sweep.ask, may_hear=self._feed.may_hear)
        self._loops = (*self.bus.loops, sweep.loop, *watch.loops, self.waker.loop, heartbeat.loop)

    def start(self) -> None:
        """Listen to the bus and look after the sockets. A second call does nothing."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End what `start` started."""
        for loop in self._loops:
            loop.stop()

    def answers(self, event: str, answer: Answering) -> None:
        """Serve a client event with an event to the socket that sent it."""

        def door(session: SocketSession, identity: Identity, data: dict[str, Any]) -> None:
            name, payload = answer(identity, session.address, data)
            self._feed.require_current(session, identity)
            self._feed.send(session, wire.event_packet(name, wire.dumps(payload)))

        self._serve(event, door)

    def acknowledges(self, event: str, answer: Acknowledging) -> None:
        """Serve a client event with its acknowledgement."""

        def door(session: SocketSession, identity: Identity, data: dict[str, Any]) -> Any:
            acknowledgement = answer(identity, data)
            self._feed.require_current(session, identity)
            return acknowledgement

        self._serve(event, door)

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
        address = client_network(request.environ)
        session = self._entry.greet(request.sid, address)  # type: ignore[attr-defined]  # Flask-SocketIO's
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


def _attach(
    app: Flask, settings: Settings, bus: RoutedRedisManager, admission: Admission
) -> tuple[SocketIO, Heartbeat]:
    socketio = SocketIO(
        app,
        async_mode="gevent",
        client_manager=bus,
        # Asked in `EngineHttp`, before a session is made.
        cors_allowed_origins=[],
        manage_session=False,
        always_connect=True,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        max_http_buffer_size=MESSAGE_BYTES_MAX,
    )
    eio = socketio.server.eio
    eio.generate_id = partial(new_sid, settings.node_id)
    heartbeat = Heartbeat(eio, enter_within_s=AUTHENTICATE_WITHIN_S)
    http = EngineHttp(
        eio, admission=admission, heartbeat=heartbeat, may_connect=partial(_may_connect, settings.cors_origins)
    )
    eio.handle_request = http.handle_request
    _read_strictly(socketio.server)
    return socketio, heartbeat


def _may_connect(others: tuple[str, ...], origin: str, environ: dict[str, Any]) -> bool:
    """Pages of the bank itself, whatever ends TLS in front of it, and of the origins that the settings name."""
    scheme, _, host = origin.partition("://")
    return origin in others or (scheme in ("http", "https") and host == environ.get("HTTP_HOST"))


def _read_strictly(server: Server) -> None:
    """What is malformed, binary, or named like the server's own events ends the session. Events of one socket are
    handled one after the other, in their order: the session's own greenlet calls this."""
    manager = server.manager

    def handle(eio_sid: str, socket: NodeSocket, packet: ClientPacket) -> None:
        namespace = packet.namespace
        sid = manager.sid_from_eio_sid(eio_sid, namespace)
        if packet.kind == packets.CONNECT:
            if sid is not None:
                raise Malformed
            server._handle_connect(eio_sid, namespace, packet.data)
            if manager.sid_from_eio_sid(eio_sid, namespace) is None:
                socket.connects_refused += 1
                if socket.connects_refused > CONNECTS_REFUSED_MAX:
                    raise Malformed
        elif not manager.is_connected(sid, namespace):
            return  # it was disconnected, and could not know yet
        elif packet.kind == packets.DISCONNECT:
            server._handle_disconnect(eio_sid, namespace, server.reason.CLIENT_DISCONNECT)
        elif packet.kind == packets.ACK:
            manager.trigger_callback(sid, packet.id, packet.data)
        else:
            server._handle_event_internal(server, sid, eio_sid, packet.data, namespace, packet.id)

    def on_message(eio_sid: str, text: str) -> None:
        socket: NodeSocket | None = server.eio.sockets.get(eio_sid)
        if socket is None:
            return
        try:
            if not socket.entered and text[:1] != str(packets.CONNECT):
                raise Malformed  # before it is read: nobody knows this client yet
            handle(eio_sid, socket, packets.read(text))
        except Malformed:
            socket.end_malformed()
        except Exception:
            _log.exception("packet_failed")
            socket.end("erro_interno")

    server.eio.on("message", on_message)
