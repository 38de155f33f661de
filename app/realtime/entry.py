"""How a socket comes in: connect, `autenticar`, `sincronizar`, and what it is told."""

from typing import Annotated, Any

from pydantic import Field
from socketio import Server

from app import wire
from app.fields import Body, Seq, read
from app.realtime.admission import Admission
from app.realtime.bus import RoutedRedisManager
from app.realtime.feed import Feed
from app.realtime.sessions import Sessions, SocketSession
from app.streams import stream
from app.users.auth import Auth, Identity


class Authenticate(Body):
    token: Annotated[str, Field(max_length=2048)] | None = None
    ultimo_seq: Seq | None = None
    epoca: Seq | None = None


class Synchronize(Body):
    desde: Seq


class Entry:
    def __init__(
        self,
        *,
        auth: Auth,
        sessions: Sessions,
        feed: Feed,
        bus: RoutedRedisManager,
        server: Server,
        admission: Admission,
        node_id: str,
    ) -> None:
        self._auth = auth
        self._sessions = sessions
        self._feed = feed
        self._bus = bus
        self._server = server
        self._admission = admission
        self._node_id = node_id

    def greet(self, sid: str, address: str) -> SocketSession:
        """A socket connected, from `address`; say on which node it is."""
        eio_sid = self._bus.eio_sid_from_sid(sid, wire.NAMESPACE)
        session = self._sessions.open(sid, eio_sid, address=address)
        if socket := self._server.eio.sockets.get(eio_sid):
            socket.entered = True
        hello: wire.Conexao = {"mensagem": "Conectado ao servidor WebSocket", "no": self._node_id}
        self._feed.send(session, wire.event_packet(wire.CONEXAO, wire.dumps(hello)))
        return session

    def authenticate(self, session: SocketSession, identity: Identity, data: dict[str, Any]) -> None:
        """Join the user's room first, then read what was missed: the other order has a gap.

        Answers `autenticado`, then every durable event after `ultimo_seq`. Without `ultimo_seq`, or with one
        of another epoch or from the future, the stream starts at its head. Raises Invalid, DatabaseDown.
        """
        body = read(Authenticate, data)
        with session.entering:
            self._authenticate(session, identity, body)

    def _authenticate(self, session: SocketSession, identity: Identity, body: Authenticate) -> None:
        first = session.identity is None
        if first:
            session.catching_up = True  # what arrives from here on waits for the catch-up below
        try:
            if first:
                self._join(session, identity)
            else:
                self._sessions.authenticated(session, identity)
            head = self._auth.db.read(stream.head, identity.user_id)
            self._feed.require_current(session, identity)
        except (
            Exception
        ):  # whatever it was: a socket that is left half inside would hear nothing, and nobody would know
            if first:
                session.catching_up = False
                self._leave(session)
            raise
        recovered = body.ultimo_seq is not None and body.epoca == head.epoch and body.ultimo_seq <= head.seq
        self._answer(session, identity, head, recovered=recovered)
        start = body.ultimo_seq if recovered and body.ultimo_seq is not None else head.seq
        if not first:
            if recovered:
                self._feed.rewind(session, start)
            return
        session.seq, session.epoch, session.catching_up = start, head.epoch, False
        if max(head.seq, session.announced) > session.seq:
            # In a greenlet of its own: a client that polls reads on only once its request, the handshake, was answered.
            self._feed.start_catch_up(session, head.seq)

    def synchronize(self, session: SocketSession, identity: Identity, data: dict[str, Any]) -> None:
        """Send again the durable events after `desde`. An own token in the payload is not enough: the socket's
        place in the stream is that of its authenticated user. Raises Invalid."""
        body = read(Synchronize, data)
        with session.entering:
            if session.identity is not None:
                self._feed.rewind(session, body.desde)

    def _join(self, session: SocketSession, identity: Identity) -> None:
        room = wire.room_of(identity.user_id)
        self._server.enter_room(session.sid, room)
        # Without Redis the sweep delivers, so a join that is not confirmed in time is no refusal.
        self._bus.joined(room)
        self._sessions.authenticated(session, identity)
        if socket := self._server.eio.sockets.get(session.eio_sid):
            self._admission.authenticated(socket)

    def _leave(self, session: SocketSession) -> None:
        """An authentication that did not end leaves no member of the room behind."""
        if session.identity is not None:
            self._server.leave_room(session.sid, wire.room_of(session.identity.user_id))
            self._sessions.anonymous(session)

    def _answer(self, session: SocketSession, identity: Identity, head: stream.Head, *, recovered: bool) -> None:
        answer: wire.Autenticado = {
            "mensagem": "Autenticado com sucesso",
            "usuario_id": identity.user_id,
            "email": identity.email,
            "seq": head.seq,
            "epoca": head.epoch,
            "recuperado": recovered,
        }
        self._feed.send(session, wire.event_packet(wire.AUTENTICADO, wire.dumps(answer)))
