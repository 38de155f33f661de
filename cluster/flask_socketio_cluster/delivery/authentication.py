"""How a socket comes in: it connects, says who it is and where it is in its stream, and is told what it missed."""

from functools import partial
from typing import Any

from socketio import Server

from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.delivery.feed import Feed, Read
from flask_socketio_cluster.delivery.identity import Identity
from flask_socketio_cluster.delivery.messages import Messages
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.errors import OtherKey
from flask_socketio_cluster.limits.batches import Batches
from flask_socketio_cluster.limits.key_locks import KeyLocks
from flask_socketio_cluster.streams.stream import Head, Streams
from flask_socketio_cluster.transport.transport import Transport


class Authentication:
    def __init__(
        self,
        *,
        streams: Streams,
        read: Read,
        messages: Messages,
        sockets: Sockets,
        feed: Feed,
        bus: RoutedRedisManager,
        server: Server,
        transport: Transport,
    ) -> None:
        self._streams = streams
        # Asked once for all that come at the same time.
        self._heads = Batches(partial(read, streams.head_of_each))
        self._messages = messages
        self._sockets = sockets
        self._feed = feed
        self._bus = bus
        self._server = server
        self._transport = transport
        # A socket is given its user and its place in the stream once at a time.
        self._locks = KeyLocks()

    def connect(self, sid: str, *, address: str) -> UserSocket:
        """A socket connected, from `address`; say on which node it is."""
        eio_sid = self._bus.eio_sid_from_sid(sid, self._streams.namespace)
        socket = self._sockets.open(sid, eio_sid, address=address)
        self._feed.say(socket, self._messages.greeting(self._bus.node_id))
        return socket

    def authenticate(self, socket: UserSocket, identity: Identity, data: dict[str, Any]) -> None:
        """Join the user's room first, then read what was missed: the other order has a gap.

        Answers where the stream is, then sends every durable event after the client's place. Without a place, or with
        one of another epoch, from the future or from before what is kept, the stream starts at its head. Raises
        OtherKey, and what `read_place` and `read` raise.
        """
        place = self._messages.read_place(data)
        with self._locks.hold(socket.sid):
            if socket.identity is not None and socket.identity.key != identity.key:
                raise OtherKey  # it became somebody while this waited
            first = socket.identity is None
            head = self._enter(socket, identity, first=first)
            recovered = place.after is not None and place.epoch == head.epoch and head.has_all_after(place.after)
            start = place.after if recovered and place.after is not None else head.seq
            self._feed.say(socket, self._messages.authenticated(identity, head, recovered))
            if first:
                self._begin(socket, start, head)
            elif recovered:
                self._feed.rewind(socket, start)

    def synchronize(self, socket: UserSocket, _identity: Identity, data: dict[str, Any]) -> None:
        """Send again the durable events after the client's place. An own token in the payload is not enough: the
        socket's place in the stream is that of its authenticated user. Raises what `read_after` raises."""
        after = self._messages.read_after(data)
        with self._locks.hold(socket.sid):
            if socket.identity is not None:
                self._feed.rewind(socket, after)

    def _enter(self, socket: UserSocket, identity: Identity, *, first: bool) -> Head:
        """The socket is this user's; where the stream is by now."""
        if not first:
            self._sockets.authenticated(socket, identity)
            return self._head(socket, identity)
        socket.catching_up = True  # what arrives from here on waits for the catch-up
        try:
            self._join(socket, identity)
            return self._head(socket, identity)
        except BaseException:
            # Whatever it was: a socket that is left half inside would hear nothing, and nobody would know.
            socket.catching_up = False
            self._leave(socket)
            raise

    def _head(self, socket: UserSocket, identity: Identity) -> Head:
        head: Head = self._heads.get(identity.key)
        self._feed.require_current(socket, identity)
        return head

    def _begin(self, socket: UserSocket, start: int, head: Head) -> None:
        socket.seq, socket.epoch, socket.catching_up = start, head.epoch, False
        if max(head.seq, socket.announced) > socket.seq:
            # In a greenlet of its own: a client that polls reads on only once its request, the handshake, was answered.
            self._feed.start_catch_up(socket, head.seq)

    def _join(self, socket: UserSocket, identity: Identity) -> None:
        room, namespace = self._sockets.room_of(identity.key), self._streams.namespace
        self._server.enter_room(socket.sid, room, namespace=namespace)
        # Without Redis the sweep delivers, so a join that is not confirmed in time is no refusal.
        self._bus.joined(namespace, room)
        self._sockets.authenticated(socket, identity)
        self._transport.authenticated(socket.eio_sid)

    def _leave(self, socket: UserSocket) -> None:
        """An authentication that did not end leaves no member of the room behind."""
        if socket.identity is not None:
            room = self._sockets.room_of(socket.identity.key)
            self._server.leave_room(socket.sid, room, namespace=self._streams.namespace)
            self._sockets.anonymous(socket)
