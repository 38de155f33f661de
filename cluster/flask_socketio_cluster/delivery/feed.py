"""Hand each socket its user's durable events in order, each once, from the bus or from the database."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from socketio import Server

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.delivery.handed import Handed
from flask_socketio_cluster.delivery.identity import Identity
from flask_socketio_cluster.delivery.messages import Said
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.errors import NotAuthenticated, TokenExpired
from flask_socketio_cluster.limits.key_locks import KeyLocks
from flask_socketio_cluster.streams.stream import READ_EVENTS_MAX, Stored, Streams
from flask_socketio_cluster.trace import Origin
from flask_socketio_cluster.transport.transport import Transport
from flask_socketio_cluster.wire import dumps, event_packet

CATCH_UPS_AT_ONCE_MAX = 8
# A client that asks for the same again and again is answered once in so long.
REWIND_EVERY_S = 0.5
# A catch-up waits while this much is still unsent to its socket: less than one poll carries away.
BACKLOG_PACKETS_MAX = 8
BACKLOG_LOOK_S = 0.01
BACKLOG_LOOK_S_MAX = 0.25
BACKLOG_WAIT_S = 60.0

_log = logging.getLogger(__name__)

# Runs `work(connection, *args)`, whose statements are all single reads, and returns what it returns.
Read = Callable[..., Any]


class Feed:
    """All methods but `catch_up` return without waiting, so that the order of arrival is the order of sending."""

    def __init__(
        self,
        *,
        streams: Streams,
        read: Read,
        unavailable: tuple[type[Exception], ...],
        sockets: Sockets,
        server: Server,
        transport: Transport,
    ) -> None:
        self._streams = streams
        self._read = read
        self._unavailable = unavailable
        self._sockets = sockets
        self._server = server
        self._transport = transport
        self._free = BoundedSemaphore(CATCH_UPS_AT_ONCE_MAX)
        self._locks = KeyLocks()
        self._from_bus, self._from_database = Handed("bus"), Handed("database")

    def say(self, socket: UserSocket, said: Said) -> None:
        """An event to one socket. A socket that has gone is passed over."""
        name, payload = said
        self.send(socket, event_packet(name, dumps(payload), self._streams.namespace))

    def say_to(self, sockets: Iterable[UserSocket], said: Said) -> list[UserSocket]:
        """An event to each socket that may hear it; these."""
        name, payload = said
        packet = event_packet(name, dumps(payload), self._streams.namespace)
        return [socket for socket in sockets if self._send_own(socket, packet)]

    def send(self, socket: UserSocket, *packets: str) -> None:
        """Socket.IO packets to one socket, in order. A socket that has gone is passed over."""
        self._transport.send(socket.eio_sid, packets)

    def may_hear(self, sid: str) -> bool:
        """Whether a socket is authenticated, and its token has not expired."""
        socket = self._sockets.get(sid)
        return socket is not None and socket.identity is not None and socket.deadline_s > clock.monotonic_s()

    def require_current(self, socket: UserSocket, identity: Identity) -> None:
        """Before an answer that took a while: raises TokenExpired, or NotAuthenticated where the socket was ended.

        `identity` proved who asks; a token in the payload may be another one than the socket's.
        """
        known = socket.identity is not None
        if identity.expires_at <= clock.unix_s() or (known and socket.deadline_s <= clock.monotonic_s()):
            raise TokenExpired
        if self._sockets.get(socket.sid) is not socket:
            raise NotAuthenticated

    def _send_own(self, socket: UserSocket, *packets: str) -> bool:
        """What belongs to the socket's user. False when the socket may not hear it any more; the watch closes it."""
        if not self.may_hear(socket.sid):
            return False
        self.send(socket, *packets)
        return True

    def drop(self, socket: UserSocket) -> None:
        """Disconnect the socket and, once it took what was sent, close its transport."""
        self._server.disconnect(socket.sid, namespace=self._streams.namespace, ignore_queue=True)
        gevent.spawn(self.close_transport, socket)

    def close_transport(self, socket: UserSocket) -> None:
        """Send what is queued, for a bounded time, then close. A Socket.IO client connects anew."""
        self._transport.close(socket.eio_sid)

    def deliver(self, room: str, seq: int, packets: list[str], origin: Origin | None = None) -> None:
        """An event from the bus: the next one is sent, an older one dropped, a gap read from the database.

        So is the next one while its client has not taken what it was sent before: read again at the client's own
        pace, a burst does not fill the node.
        """
        for socket in self._sockets.in_room(room):
            if socket.catching_up:
                socket.announced = max(socket.announced, seq)
            elif seq == socket.seq + 1 and self._backlog(socket) <= BACKLOG_PACKETS_MAX:
                if self._send_own(socket, *packets):
                    socket.seq = seq
                    self._from_bus.count(socket, seq, packets[0], origin)
            elif seq > socket.seq:
                self.start_catch_up(socket, seq)

    def _backlog(self, socket: UserSocket) -> int:
        return self._transport.backlog(socket.eio_sid)

    def start_catch_up(self, socket: UserSocket, head: int) -> None:
        """Read what is missing up to `head`, or further, in a greenlet of its own."""
        socket.announced = max(socket.announced, head)
        if not socket.catching_up:
            socket.catching_up = True
            gevent.spawn(self._catch_up_quietly, socket)

    def rewind(self, socket: UserSocket, seq: int) -> None:
        """Send again everything after `seq`, which the client has missed."""
        socket.since_s = clock.unix_s()
        if socket.catching_up:
            wanted = socket.seq if socket.rewind_to is None else socket.rewind_to
            socket.rewind_to = min(seq, wanted)
        else:
            socket.catching_up = True
            socket.rewind_to = min(seq, socket.seq)
            gevent.spawn(self._catch_up_quietly, socket)

    def catch_up(self, socket: UserSocket) -> None:
        """Send everything after `socket.seq` from the database, then the state that it left.

        The caller has set `socket.catching_up`, which keeps live events out until this is done; they are
        in the database too. Raises what `read` raises; what was sent until then stays counted.
        """
        assert socket.catching_up
        assert socket.identity
        state: dict[str, str] = {}
        try:
            while True:
                if socket.rewind_to is not None:
                    self._rest(socket)
                    socket.seq, socket.rewind_to = socket.rewind_to, None
                known = socket.announced
                # One socket of a person at a time, so that many of them do not keep the others waiting.
                with self._locks.hold(socket.identity.key), self._free:
                    events: list[Stored] = self._read(self._streams.read_after, socket.identity.key, socket.seq)
                if events and events[-1].seq != socket.seq + len(events):
                    # What the client misses is not kept any more; coming anew, it is told to begin at the head.
                    gevent.spawn(self.close_transport, socket)
                    return
                if not self._send_events(socket, events, state):
                    return
                if len(events) < READ_EVENTS_MAX and not self._send_state(socket, state):
                    return
                if socket.rewind_to is not None:
                    continue
                # What was announced before the read was in it; only what was announced since may be missing.
                if len(events) < READ_EVENTS_MAX and socket.announced <= max(known, socket.seq):
                    return
        finally:
            socket.catching_up = False
            self._send_own(socket, *state.values())

    @staticmethod
    def _rest(socket: UserSocket) -> None:
        pause_s = socket.rewound_s + REWIND_EVERY_S - clock.monotonic_s()
        if pause_s > 0:
            gevent.sleep(pause_s)
        socket.rewound_s = clock.monotonic_s()

    def _send_state(self, socket: UserSocket, state: dict[str, str]) -> bool:
        """False when the socket ended meanwhile."""
        while state:
            self._wait_for_room(socket)
            if not self._send_own(socket, state.pop(next(iter(state)))):
                return False
        return True

    def _send_events(self, socket: UserSocket, events: list[Stored], state: dict[str, str]) -> bool:
        """Send them at the pace of the client; False when the socket ended meanwhile."""
        for event in events:
            self._wait_for_room(socket)
            if not self._send_own(socket, event.packet):
                return False
            socket.seq = event.seq
            state.update(event.state)
            self._from_database.count(socket, event.seq, event.packet, event.origin)
        return True

    def _catch_up_quietly(self, socket: UserSocket) -> None:
        metrics.CATCH_UPS.inc()
        try:
            self.catch_up(socket)
        except self._unavailable:
            _log.warning("catch_up_put_off", extra={"sid": socket.sid})  # the sweep comes again

    def _wait_for_room(self, socket: UserSocket) -> None:
        """Until the client has taken most of what it was sent; it is closed when it takes nothing for long."""
        waited_s, pause_s = 0.0, BACKLOG_LOOK_S
        while self._backlog(socket) > BACKLOG_PACKETS_MAX:
            if waited_s >= BACKLOG_WAIT_S:
                if stuck := self._transport.session(socket.eio_sid):
                    stuck.close(wait=False, abort=True)
                return
            gevent.sleep(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, BACKLOG_LOOK_S_MAX)
