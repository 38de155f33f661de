"""The transport of one node, put together: takes python-engineio's place below a python-socketio server."""

import logging
import secrets
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from math import ceil, inf
from typing import Any

import gevent
from engineio.packet import MESSAGE
from socketio import Server

from flask_socketio_cluster.limits.client_limits import ClientLimits
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.transport import admission, packets
from flask_socketio_cluster.transport.admission import Admission
from flask_socketio_cluster.transport.handshakes import Handshakes
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.http import EngineHttp, MayConnect
from flask_socketio_cluster.transport.packets import Awaiting, ClientPacket
from flask_socketio_cluster.transport.session import EngineSession, Malformed
from flask_socketio_cluster.transport.time_slices import TimeSlices
from flask_socketio_cluster.transport.websocket import frame

CONNECT_WITHIN_S = 10.0
# How often a client may ask for a namespace that is not there.
CONNECTS_REFUSED_MAX = 5
# A node that is drained: so many sessions a second at the least, so often, and how long after they were told.
DRAIN_PER_S_MIN = 50.0
DRAIN_BATCH_EVERY_S = 0.25
DRAIN_WAIT_S = 0.3
# Clients come back at a random moment within this time.
DRAIN_RECONNECT_MS_MAX = 2000

# Told of a socket that is too fast: its sid, its event or "", and the seconds until it may go on. Tells its client so,
# or ends it. May not wait or raise.
TooFast = Callable[[str, str, float], None]

_CONNECT = str(packets.CONNECT)

_log = logging.getLogger(__name__)


class Transport:
    """Engine.IO sessions, WebSockets and heartbeat of `server`, which is a `flask_socketio.SocketIO`'s `server`.

    Ping interval, ping time-out and the size of a message are those that `server` was made with
    (`ping_interval`, `ping_timeout` in seconds, `max_http_buffer_size` in bytes), and so is `async_handlers`. The
    gunicorn worker must be `flask_socketio_cluster.node.worker.NodeWorker`. Nothing runs before `start`.

    `may_connect(origin, environ)`: whether a page of that origin may connect; by default what
    `cors_allowed_origins` says. `sessions_max`: sessions at once; by default as many as there are files for.
    `headers`: those of a handshake that its events can read in `flask.request`, as names; by default all of them.
    A connection costs their bytes while it lives. `binary`: whether clients may send bytes, in up to 16 attachments of
    an event; all of them together with the event are no larger than one message. `connect_within_s`: how long a client
    may take to enter a namespace. `limits`: how many packets and handshakes are taken. What is over a limit is dropped,
    and acknowledged with nothing.
    """

    def __init__(
        self,
        server: Server,
        *,
        may_connect: MayConnect | None = None,
        sessions_max: int | None = None,
        headers: Collection[str] | None = None,
        binary: bool = False,
        connect_within_s: float = CONNECT_WITHIN_S,
        limits: ClientLimits | None = None,
    ) -> None:
        self._server = server
        self.limits = limits or ClientLimits()
        self._too_fast: dict[str, TooFast] = {}
        self._admission = Admission(sessions_max or admission.sessions_max())
        self._binary = binary
        self._tellers: list[Callable[[str, int], None]] = []
        self._heartbeat = Heartbeat(server.eio, enter_within_s=connect_within_s, is_inside=self._is_inside)
        self._http = EngineHttp(
            server.eio,
            admission=self._admission,
            handshakes=Handshakes(self.limits),
            heartbeat=self._heartbeat,
            slices=TimeSlices(),
            may_connect=may_connect or self._allows,
            headers=headers,
            binary=binary,
        )
        server.eio.handle_request = self._http.handle_request
        # Of a stock client manager, which sends to one session after the other.
        if send_through := getattr(server.manager, "send_through", None):
            send_through(self.send_to_all)
        server.eio.on("message", self._received)

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self._heartbeat.loop,)

    def start(self) -> None:
        """Begin to ping. A second call does nothing."""
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """End what `start` started."""
        for loop in self.loops:
            loop.stop()

    def session(self, eio_sid: str) -> EngineSession | None:
        """The Engine.IO session of that id; None when it has gone."""
        session: EngineSession | None = self._server.eio.sockets.get(eio_sid)
        return session

    def send(self, eio_sid: str, encoded: Iterable[str]) -> None:
        """Socket.IO packets to one session, in order, without waiting. A session that has gone is passed over."""
        if session := self.session(eio_sid):
            session.send_messages(encoded)

    def send_to_all(self, eio_sids: Iterable[str], packet: str) -> None:
        """One Socket.IO packet to several sessions, without waiting; its frame is made once."""
        sessions: dict[str, EngineSession] = self._server.eio.sockets
        framed = None
        for eio_sid in eio_sids:
            session = sessions.get(eio_sid)
            if session is None:
                continue
            if session.upgraded:
                framed = framed or frame(f"{MESSAGE}{packet}")
                session.send_frame(framed)
            else:
                session.send_messages((packet,))

    def backlog(self, eio_sid: str) -> int:
        """How many packets the client has not taken yet; 0 for one that has gone."""
        session = self.session(eio_sid)
        return session.backlog if session and not session.closed else 0

    def authenticated(self, eio_sid: str) -> None:
        """Its client is known: it does not have to make room for others when the node is full."""
        if session := self.session(eio_sid):
            self._admission.authenticated(session)

    def tell_too_fast(self, namespace: str, too_fast: TooFast) -> None:
        """Whom to tell of sockets of the namespace whose packets are too many; without, they are ended in the end."""
        self._too_fast[namespace] = too_fast

    def may_be_refused(self, eio_sid: str) -> bool:
        """Whether a client that is too fast is told so rather than ended; counts that it was."""
        session = self.session(eio_sid)
        return session is not None and session.may_be_refused(self.limits.refusals)

    def close(self, eio_sid: str) -> None:
        """Send what is queued, for a bounded time, then close. A Socket.IO client connects anew."""
        self._server.eio.disconnect(eio_sid)

    def tell_before_close(self, tell: Callable[[str, int], None]) -> None:
        """In `drain` and `move`, call `tell(eio_sid, milliseconds)` for each session a moment before it is closed: when
        its client is to come again."""
        self._tellers.append(tell)

    def drain(self, duration_s: float) -> None:
        """Send all clients elsewhere: some are told, then closed, then the next; blocks for about `duration_s`.

        So the other nodes have `sessions / duration_s` handshakes a second. Few sessions take less time than that.
        From here on a handshake that comes over a proxy's old connection is refused, and the proxy asks another node.
        """
        self._admission.closed = True
        waiting = list(self._server.eio.sockets)
        rate = max(len(waiting) / duration_s, DRAIN_PER_S_MIN) if duration_s else inf
        size = max(1, ceil(min(len(waiting), rate * DRAIN_BATCH_EVERY_S)))
        batches = [waiting[start : start + size] for start in range(0, len(waiting), size)]
        closing = []
        for number, batch in enumerate(batches):
            if number:
                gevent.sleep(DRAIN_BATCH_EVERY_S)
            closing.append(gevent.spawn(self._send_away, batch))
        gevent.joinall(closing)

    @property
    def draining(self) -> bool:
        return self._admission.closed

    @property
    def sessions(self) -> int:
        """How many there are."""
        return len(self._server.eio.sockets)

    def move(self, count: int) -> None:
        """Ask so many clients to come again, to whichever node; those that have been here longest. Does not wait."""
        sessions = self._server.eio.sockets.values()
        quiet = (session.sid for session in sessions if session.entered and not session.closed and not session.backlog)
        gevent.spawn(self._send_away, list(islice(quiet, count)))

    def _send_away(self, eio_sids: Iterable[str]) -> None:
        for eio_sid in eio_sids:
            for tell in self._tellers:
                tell(eio_sid, secrets.randbelow(DRAIN_RECONNECT_MS_MAX))
        gevent.sleep(DRAIN_WAIT_S)
        gevent.joinall([gevent.spawn(self.close, eio_sid) for eio_sid in eio_sids])

    def _allows(self, origin: str, environ: dict[str, Any]) -> bool:
        allowed = self._server.eio._cors_allowed_origins(environ)
        return allowed is None or origin in allowed

    def _received(self, eio_sid: str, message: str | bytes) -> None:
        """What is malformed, or named like the server's own events, ends the session; so does what comes in place of an
        attachment, and bytes that belong to nothing."""
        session = self.session(eio_sid)
        if session is None:
            return
        try:
            if not session.entered and message[:1] != _CONNECT:
                raise Malformed  # before it is read: nobody knows this client yet
            packet = self._attach(session, message) if isinstance(message, bytes) else self._read(session, message)
            if packet is not None:
                self._handle(eio_sid, session, packet)
        except Malformed:
            session.end_malformed()
        except Exception:
            _log.exception("packet_failed")
            if not session.entered:
                session.end("internal_error")  # nobody knows how far its connection came
        finally:
            # Flask's request stores itself in the handshake's environ, which lives as long as the session.
            self._server.environ.get(eio_sid, {}).pop("werkzeug.request", None)

    def _read(self, session: EngineSession, text: str) -> ClientPacket | None:
        """The packet, or None while its attachments are still to come. Raises Malformed."""
        packet = packets.read(text)
        if session.awaiting is not None or (packet.attachments and not self._binary):
            raise Malformed
        if packet.attachments == 0:
            return packet
        session.awaiting = Awaiting(packet, len(text))
        return None

    def _attach(self, session: EngineSession, data: bytes) -> ClientPacket | None:
        """The same, with one attachment more."""
        awaiting = session.awaiting
        if awaiting is None:
            raise Malformed
        awaiting.attachments.append(data)
        awaiting.size_bytes += len(data)
        if awaiting.size_bytes > self._server.eio.max_http_buffer_size:
            raise Malformed
        if len(awaiting.attachments) < awaiting.packet.attachments:
            return None
        session.awaiting = None
        return packets.with_attachments(awaiting.packet, awaiting.attachments)

    def _handle(self, eio_sid: str, session: EngineSession, packet: ClientPacket) -> None:
        server, manager, namespace = self._server, self._server.manager, packet.namespace
        sid = manager.sid_from_eio_sid(eio_sid, namespace)
        if wait_s := self._wait_s(session):
            self._refuse(eio_sid, session, packet, wait_s)
        elif packet.kind == packets.CONNECT:
            if sid is not None:
                raise Malformed
            self._connect(eio_sid, session, packet)
        elif not manager.is_connected(sid, namespace):
            return  # it was disconnected, and could not know yet
        elif packet.kind == packets.DISCONNECT:
            server._handle_disconnect(eio_sid, namespace, server.reason.CLIENT_DISCONNECT)
            self._left(eio_sid, session)
        elif packet.kind == packets.ACK:
            manager.trigger_callback(sid, packet.id, packet.data)
        else:
            handle = session.run_handler if server.async_handlers else _at_once
            handle(server._handle_event_internal, server, sid, eio_sid, packet.data, namespace, packet.id)

    def _wait_s(self, session: EngineSession) -> float:
        """0 if the session may send a packet now; else when it may."""
        wait_s = session.take_message(self.limits.messages)
        if wait_s:
            self.limits.count(self.limits.messages.name)
        return 0 if self.limits.dry_run else wait_s

    def _refuse(self, eio_sid: str, session: EngineSession, packet: ClientPacket, wait_s: float) -> None:
        server, namespace = self._server, packet.namespace
        sid = server.manager.sid_from_eio_sid(eio_sid, namespace)
        too_fast = self._too_fast.get(namespace)
        is_event = packet.kind == packets.EVENT
        if sid is not None and too_fast:
            too_fast(sid, packet.data[0] if is_event else "", wait_s)
        elif not session.may_be_refused(self.limits.refusals):
            session.end_too_fast()
        if sid is not None and is_event and packet.id is not None:
            answer = server.packet_class(packets.ACK, namespace=namespace, id=packet.id, data=[])
            server._send_packet(eio_sid, answer)

    def _connect(self, eio_sid: str, session: EngineSession, packet: ClientPacket) -> None:
        server, namespace = self._server, packet.namespace
        if self._has(namespace):
            with self._admission.connecting():
                server._handle_connect(eio_sid, namespace, packet.data)
        else:
            error = {"message": "Invalid namespace"}
            server._send_packet(eio_sid, server.packet_class(packets.CONNECT_ERROR, data=error, namespace=namespace))
        if server.manager.sid_from_eio_sid(eio_sid, namespace) is not None:
            session.entered = True
            return
        session.connects_refused += 1
        if session.connects_refused > CONNECTS_REFUSED_MAX:
            raise Malformed

    def _has(self, namespace: str) -> bool:
        server = self._server
        known = namespace in server.handlers or namespace in server.namespace_handlers
        return known or server.namespaces == "*" or namespace in server.namespaces

    def _left(self, eio_sid: str, session: EngineSession) -> None:
        """A client that has left every namespace has CONNECT_WITHIN_S again to enter one."""
        if not self._is_inside(eio_sid):
            session.entered = False
            self._heartbeat.began(session)

    def _is_inside(self, eio_sid: str) -> bool:
        manager = self._server.manager
        return any(manager.sid_from_eio_sid(eio_sid, namespace) for namespace in manager.get_namespaces())


def _at_once(handler: Any, *args: Any) -> None:
    handler(*args)
