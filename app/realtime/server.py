"""The Socket.IO server of one node, put together: Flask-SocketIO with our client manager, guard and feed."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gevent
from flask import Flask, request
from flask_socketio import SocketIO

from app import wire
from app.realtime.bus import RoutedRedisManager
from app.realtime.entry import Entry
from app.realtime.feed import Feed
from app.realtime.guard import Door, Guard
from app.realtime.sessions import Sessions, SocketSession
from app.realtime.sweep import Sweep
from app.realtime.waker import Waker
from app.realtime.watch import Watch
from app.settings import Settings
from app.users.auth import Auth, Identity

PING_INTERVAL_S = 20
PING_TIMEOUT_S = 20
MESSAGE_BYTES_MAX = 16_384
DRAIN_RECONNECT_MS_MAX = 2000
DRAIN_WAIT_S = 0.3

# An event of a feature: the verified user and the payload in, the event to answer this socket with out.
Answering = Callable[[Identity, dict[str, Any]], tuple[str, Any]]


@dataclass(frozen=True)
class Realtime:
    """The running parts of a node that others may use."""

    socketio: SocketIO
    bus: RoutedRedisManager
    sessions: Sessions
    feed: Feed
    waker: Waker

    def drain(self) -> None:
        """Tell every socket to come back elsewhere, then close them all; takes about DRAIN_WAIT_S."""
        for session in self.sessions:
            notice: wire.ServidorDrenando = {"reconectar_em_ms": secrets.randbelow(DRAIN_RECONNECT_MS_MAX)}
            self.feed.send(session, wire.event_packet(wire.SERVIDOR_DRENANDO, wire.dumps(notice)))
        gevent.sleep(DRAIN_WAIT_S)
        gevent.joinall([gevent.spawn(self.feed.close_transport, session) for session in self.sessions])


def build(app: Flask, settings: Settings, auth: Auth, *, doors: Mapping[str, Answering]) -> Realtime:
    """Attach Socket.IO to `app` and start the node's greenlets."""
    bus = RoutedRedisManager(settings.redis_url, node_id=settings.node_id)
    socketio = SocketIO(
        app,
        async_mode="gevent",
        client_manager=bus,
        cors_allowed_origins=list(settings.cors_origins) or None,
        manage_session=False,
        always_connect=True,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        max_http_buffer_size=MESSAGE_BYTES_MAX,
    )
    server = socketio.server
    # nginx finds the node by the name in front of the session id.
    server.eio.generate_id = lambda: f"{settings.node_id}.{secrets.token_urlsafe(15)}"
    server.eio.handle_request = _answering_late_requests(server.eio.handle_request)
    sessions = Sessions()
    feed = Feed(auth.db, sessions, server)
    sweep, watch, waker = (
        Sweep(auth.db, sessions, feed),
        Watch(auth.db, sessions, feed),
        Waker(settings.redis_url),
    )
    entry = Entry(auth=auth, sessions=sessions, feed=feed, bus=bus, server=server, node_id=settings.node_id)
    _register(socketio, Guard(auth, feed), sessions, entry, feed, doors)
    bus.listen(on_event=feed.deliver, on_ended=watch.end, on_ready=sweep.ask)
    for part in (sweep, watch, waker):
        part.start()
    return Realtime(socketio, bus, sessions, feed, waker)


def _answering_late_requests(handle: Callable[..., Any]) -> Callable[..., Any]:
    """A poll that comes while its session closes is a bad request; the library lets it end in a traceback."""

    def handle_request(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return handle(environ, start_response)
        except KeyError:
            start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
            return [b'{"code":1,"message":"Session ID unknown"}']

    return handle_request


def _register(
    socketio: SocketIO,
    guard: Guard,
    sessions: Sessions,
    entry: Entry,
    feed: Feed,
    doors: Mapping[str, Answering],
) -> None:
    def connected(auth_data: Any = None) -> None:
        session = entry.greet(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO's
        if isinstance(auth_data, dict) and auth_data.get("token") is not None:
            guard.pass_through(entry.authenticate, wire.AUTENTICAR, session, (auth_data,))

    def disconnected(_reason: Any = None) -> None:
        sessions.close(request.sid)  # type: ignore[attr-defined]

    socketio.on_event("connect", connected)
    socketio.on_event("disconnect", disconnected)
    named: dict[str, Door] = {wire.AUTENTICAR: entry.authenticate, wire.SINCRONIZAR: entry.synchronize}
    named |= {event: _answering(feed, answer) for event, answer in doors.items()}
    for event, door in named.items():
        socketio.on_event(event, _handler(guard, sessions, event, door))


def _handler(guard: Guard, sessions: Sessions, event: str, door: Door) -> Callable[..., Any]:
    def handle(*args: Any) -> Any:
        session = sessions.get(request.sid)  # type: ignore[attr-defined]
        return guard.pass_through(door, event, session, args) if session else None

    return handle


def _answering(feed: Feed, answer: Answering) -> Door:
    def door(session: SocketSession, identity: Identity, data: dict[str, Any]) -> None:
        event, payload = answer(identity, data)
        feed.send(session, wire.event_packet(event, wire.dumps(payload)))

    return door
