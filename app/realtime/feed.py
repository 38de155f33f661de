"""Hand each socket its user's durable events in order, each once, from the bus or from the database."""

import gevent
from gevent.lock import BoundedSemaphore
from socketio import Server

from app import clock, log, metrics
from app.db import Database
from app.errors import DatabaseDown, ExpiredToken, NotAuthenticated
from app.realtime.sessions import Sessions, SocketSession
from app.realtime.turns import Turns
from app.streams import stream
from app.streams.stream import Stored
from app.users.auth import Identity

CATCH_UPS_AT_ONCE_MAX = 8
# A client that asks for the same again and again is answered once in so long.
REWIND_EVERY_S = 0.5
# A catch-up waits while this much is still unsent to its socket: less than one poll carries away.
BACKLOG_PACKETS_MAX = 8
BACKLOG_LOOK_S = 0.01
BACKLOG_LOOK_S_MAX = 0.25
BACKLOG_WAIT_S = 60.0

_SENT_FROM_BUS = metrics.EVENTS_SENT.labels("bus")

_log = log.get("feed")


class Feed:
    """All methods but `catch_up` return without waiting, so that the order of arrival is the order of sending."""

    def __init__(self, db: Database, sessions: Sessions, server: Server) -> None:
        self._db = db
        self._sessions = sessions
        self._server = server
        self._gate = BoundedSemaphore(CATCH_UPS_AT_ONCE_MAX)
        self._turns = Turns()

    def send(self, session: SocketSession, *packets: str) -> None:
        """Socket.IO packets to one socket, in order. A socket that has gone is passed over."""
        if socket := self._server.eio.sockets.get(session.eio_sid):
            socket.send_messages(packets)

    def may_hear(self, sid: str) -> bool:
        """Whether a socket is authenticated, and its token has not expired."""
        session = self._sessions.get(sid)
        return session is not None and session.identity is not None and session.deadline_s > clock.monotonic_s()

    def require_current(self, session: SocketSession, identity: Identity) -> None:
        """Before an answer that took a while: raises ExpiredToken, or NotAuthenticated where the socket was ended.

        `identity` proved who asks; a token in the payload may be another one than the socket's.
        """
        known = session.identity is not None
        if identity.expires_at <= clock.unix_s() or (known and session.deadline_s <= clock.monotonic_s()):
            raise ExpiredToken
        if self._sessions.get(session.sid) is not session:
            raise NotAuthenticated

    def _send_own(self, session: SocketSession, *packets: str) -> bool:
        """What belongs to the socket's user. False when the socket may not hear it any more; the watch closes it."""
        if not self.may_hear(session.sid):
            return False
        self.send(session, *packets)
        return True

    def drop(self, session: SocketSession) -> None:
        """Disconnect the socket and, once it took what was sent, close its transport."""
        self._server.disconnect(session.sid, ignore_queue=True)
        gevent.spawn(self.close_transport, session)

    def close_transport(self, session: SocketSession) -> None:
        """Send what is queued, for a bounded time, then close. A Socket.IO client connects anew."""
        self._server.eio.disconnect(session.eio_sid)

    def deliver(self, user_id: int, seq: int, packets: list[str]) -> None:
        """An event from the bus: the next one is sent, an older one dropped, a gap read from the database.

        So is the next one while its client has not taken what it was sent before: read again at the client's own
        pace, a burst does not fill the node.
        """
        for session in self._sessions.of_user(user_id):
            if session.catching_up:
                session.announced = max(session.announced, seq)
            elif seq == session.seq + 1 and self._backlog(session) <= BACKLOG_PACKETS_MAX:
                if self._send_own(session, *packets):
                    session.seq = seq
                    _SENT_FROM_BUS.inc()
            elif seq > session.seq:
                self.start_catch_up(session, seq)

    def _backlog(self, session: SocketSession) -> int:
        """What the client has not taken yet; 0 for one that has gone."""
        socket = self._server.eio.sockets.get(session.eio_sid)
        return socket.backlog if socket and not socket.closed else 0

    def start_catch_up(self, session: SocketSession, head: int) -> None:
        """Read what is missing up to `head`, or further, in a greenlet of its own."""
        session.announced = max(session.announced, head)
        if not session.catching_up:
            session.catching_up = True
            gevent.spawn(self._catch_up_quietly, session)

    def rewind(self, session: SocketSession, seq: int) -> None:
        """Send again everything after `seq`, which the client has missed."""
        if session.catching_up:
            wanted = session.seq if session.rewind_to is None else session.rewind_to
            session.rewind_to = min(seq, wanted)
        else:
            session.catching_up = True
            session.rewind_to = min(seq, session.seq)
            gevent.spawn(self._catch_up_quietly, session)

    def catch_up(self, session: SocketSession) -> None:
        """Send everything after `session.seq` from the database, then the state that it left.

        The caller has set `session.catching_up`, which keeps live events out until this is done; they are
        in the database too. Raises DatabaseDown; what was sent until then stays counted.
        """
        assert session.catching_up
        assert session.identity
        state: dict[str, str] = {}
        try:
            while True:
                if session.rewind_to is not None:
                    self._rest(session)
                    session.seq, session.rewind_to = session.rewind_to, None
                known = session.announced
                # One socket of a person at a time, so that many of them do not keep the others waiting.
                with self._turns.of(session.identity.user_id), self._gate:
                    events = self._db.catch_up.read(stream.read_after, session.identity.user_id, session.seq)
                if not self._send_events(session, events, state):
                    return
                if len(events) < stream.READ_EVENTS_MAX and not self._send_state(session, state):
                    return
                if session.rewind_to is not None:
                    continue
                # What was announced before the read was in it; only what was announced since may be missing.
                if len(events) < stream.READ_EVENTS_MAX and session.announced <= max(known, session.seq):
                    return
        finally:
            session.catching_up = False
            self._send_own(session, *state.values())

    @staticmethod
    def _rest(session: SocketSession) -> None:
        pause_s = session.rewound_s + REWIND_EVERY_S - clock.monotonic_s()
        if pause_s > 0:
            gevent.sleep(pause_s)
        session.rewound_s = clock.monotonic_s()

    def _send_state(self, session: SocketSession, state: dict[str, str]) -> bool:
        """False when the socket ended meanwhile."""
        while state:
            self._wait_for_room(session)
            if not self._send_own(session, state.pop(next(iter(state)))):
                return False
        return True

    def _send_events(self, session: SocketSession, events: list[Stored], state: dict[str, str]) -> bool:
        """Send them at the pace of the client; False when the socket ended meanwhile."""
        for event in events:
            self._wait_for_room(session)
            if not self._send_own(session, event.packet):
                return False
            session.seq = event.seq
            state.update(event.state)
        metrics.EVENTS_SENT.labels("database").inc(len(events))
        return True

    def _catch_up_quietly(self, session: SocketSession) -> None:
        metrics.CATCH_UPS.inc()
        try:
            self.catch_up(session)
        except DatabaseDown:
            _log.warning("catch_up_put_off", sid=session.sid)  # the sweep comes again

    def _wait_for_room(self, session: SocketSession) -> None:
        """Until the client has taken most of what it was sent; it is closed when it takes nothing for long."""
        waited_s, pause_s = 0.0, BACKLOG_LOOK_S
        while self._backlog(session) > BACKLOG_PACKETS_MAX:
            if waited_s >= BACKLOG_WAIT_S:
                self._server.eio.sockets[session.eio_sid].close(wait=False, abort=True)
                return
            gevent.sleep(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, BACKLOG_LOOK_S_MAX)
