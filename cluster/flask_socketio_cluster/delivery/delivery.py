"""Durable delivery to the sockets of one namespace, put together."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import astuple
from typing import Any

import gevent
from socketio import Server

from flask_socketio_cluster import trace
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.manager import Listener, RoutedRedisManager
from flask_socketio_cluster.delivery.authentication import Authentication
from flask_socketio_cluster.delivery.confirming import SIGNAL as TAKEN
from flask_socketio_cluster.delivery.confirming import Confirming
from flask_socketio_cluster.delivery.expiry import EndedSince, SessionExpiry
from flask_socketio_cluster.delivery.feed import Feed, Read
from flask_socketio_cluster.delivery.guard import Guard, Handler
from flask_socketio_cluster.delivery.identity import Ended, Identity
from flask_socketio_cluster.delivery.messages import TOO_MANY_SOCKETS, Messages, Said
from flask_socketio_cluster.delivery.socket_limit import SocketLimit
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.delivery.sweep import Sweep
from flask_socketio_cluster.errors import BusUnavailable, Overloaded
from flask_socketio_cluster.limits.buckets import SharedBuckets
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.streams.stream import Key, Streams
from flask_socketio_cluster.transport.connection import client_network
from flask_socketio_cluster.transport.transport import Transport

_END_SESSIONS = "end_sessions"
_END_SOCKETS = "end_sockets"


def user_room(key: Key) -> str:
    """The room of one user's sockets, also for stock emitters."""
    return f"user_{key}"


def as_it_is(identity: Identity) -> Identity:
    return identity


class Delivery:
    """Brings each user's durable events to all of the user's sockets of the namespace of `streams`.

    `server`, which a `flask_socketio.SocketIO` has as its `server`, has `bus` as its `client_manager` and `transport`
    below it. What an application says for itself:

    `read_token(token)`: whose token it is, without asking anybody; raises one of `refusals` for one that is not
    genuine. `verify(identity)`: the same user, if the session was not ended; asks the database. Both give an
    `Identity`. `ended_since(moment)`: the sessions that were ended at or after it; without these two, sessions live as
    long as their tokens. `read(work, *args)` runs
    `work(connection, *args)` on the database of `streams`; `read_missed` does the same for catch-ups, which can be
    many. `unavailable`: what those raise while the database is away. `refusals`: what a client is told of, by
    `messages.refused`, without a line in the log. What clients may do at all, and how often, is `transport.limits`; an
    event that nobody serves is refused. `room_of(key)`: the room of a user's sockets.

    Nothing runs before `start`.
    """

    def __init__(
        self,
        server: Server,
        *,
        bus: RoutedRedisManager,
        transport: Transport,
        streams: Streams,
        read: Read,
        read_missed: Read | None = None,
        read_token: Callable[[object], Identity],
        verify: Callable[[Any], Identity] = as_it_is,
        ended_since: EndedSince | None = None,
        unavailable: tuple[type[Exception], ...],
        refusals: tuple[type[Exception], ...] = (),
        messages: Messages | None = None,
        room_of: Callable[[Key], str] = user_room,
    ) -> None:
        read_missed = read_missed or read
        unavailable = (*unavailable, Overloaded)
        self._server = server
        self._bus = bus
        self._namespace = streams.namespace
        self._messages = messages = messages or Messages()
        self._sockets = sockets = Sockets(room_of)
        self._feed = feed = Feed(
            streams=streams,
            read=read_missed,
            unavailable=unavailable,
            sockets=sockets,
            server=server,
            transport=transport,
        )
        self._expiry = SessionExpiry(
            ended_since=ended_since, unavailable=unavailable, said=messages.ended, sockets=sockets, feed=feed
        )
        self._guard = Guard(
            read_token=read_token,
            verify=verify,
            unavailable=unavailable,
            refusals=refusals,
            messages=messages,
            sockets=sockets,
            feed=feed,
            transport=transport,
            buckets=SharedBuckets(bus.redis_url, key_prefix=Channels(bus.channel).buckets),
            close=self._expiry.close,
        )
        self._authentication = Authentication(
            streams=streams,
            read=read,
            messages=messages,
            sockets=sockets,
            feed=feed,
            bus=bus,
            server=server,
            transport=transport,
        )
        sweep = Sweep(streams=streams, read=read_missed, unavailable=unavailable, sockets=sockets, feed=feed)
        socket_limit = SocketLimit(
            bus.redis_url,
            channel=bus.channel,
            node_id=bus.node_id,
            limits=transport.limits,
            sockets=sockets,
            end=self._end_sockets,
        )
        self._confirming = Confirming(server, bus, namespace=self._namespace, event=messages.confirm)
        # What is to be done when messages of the bus may have been missed.
        self._after_gap = [sweep.ask]
        bus.listen(
            self._namespace,
            Listener(on_numbered=feed.deliver, on_signal=self._signalled, on_ready=self._ready, may_hear=feed.may_hear),
        )
        server.on("connect", self._connected, namespace=self._namespace)
        server.on("disconnect", self._disconnected, namespace=self._namespace)
        server.on("*", self._unknown, namespace=self._namespace)
        transport.tell_before_close(self._say_draining)
        transport.tell_too_fast(self._namespace, self._too_fast)
        self.serve(messages.authenticate, self._authentication.authenticate)
        self.serve(messages.synchronize, self._authentication.synchronize)
        self.loops: tuple[Loop, ...] = (sweep.loop, *self._expiry.loops, socket_limit.loop)

    def serve(self, event: str, handler: Handler) -> None:
        """Serve a client event: `handler(socket, identity, payload)` gives the acknowledgement. Who sends it was
        verified; what it raises is told to the client. It runs outside of any Flask context."""

        def handle(sid: str, *args: Any) -> Any:
            socket = self._sockets.get(sid)
            if socket is None:
                return None
            with trace.begun():
                return self._guard.run(handler, event, socket, args)

        self._server.on(event, handle, namespace=self._namespace)

    def acknowledges(self, event: str, answer: Callable[[Any, dict[str, Any]], Any]) -> None:
        """Serve a client event with its acknowledgement: `answer(identity, payload)`. Given only to a socket that may
        still hear it."""

        def handler(socket: UserSocket, identity: Identity, data: dict[str, Any]) -> Any:
            acknowledgement = answer(identity, data)
            self._feed.require_current(socket, identity)
            return acknowledgement

        self.serve(event, handler)

    def answers(self, event: str, answer: Callable[[Any, str, dict[str, Any]], Said]) -> None:
        """Serve a client event with an event to the socket that sent it: `answer(identity, address, payload)`, where
        `address` is where the client is, for limits."""

        def handler(socket: UserSocket, identity: Identity, data: dict[str, Any]) -> None:
            said = answer(identity, socket.address, data)
            self._feed.require_current(socket, identity)
            self._feed.say(socket, said)

        self.serve(event, handler)

    def follow_sockets(self, entered: Callable[[str, Key], None], left: Callable[[str], None]) -> None:
        """Tell from now on which sockets of this node become whose, `entered(sid, key)`, and which of these go,
        `left(sid)`: a `Presence` has methods of that kind. Neither may wait or raise."""
        self._sockets.follow(entered, left)

    def follow_gaps(self, missed: Callable[[], None]) -> None:
        """Tell from now on when messages of the bus may have been missed, so that what `tell` said may be lost: a
        `Presence` has a method of that kind. It may not wait or raise."""
        self._after_gap.append(missed)

    def tell(self, key: Key, event: str, payload: Any) -> None:
        """An ephemeral event to every socket of a user, on every node; lost while Redis is away."""
        with suppress(BusUnavailable):
            self._bus.emit(event, payload, namespace=self._namespace, room=self._sockets.room_of(key))

    def tell_each(self, event: str, messages: Iterable[tuple[Key, Any]]) -> None:
        """As `tell`, for many users, each with a payload of their own, in one round trip. Raises BusUnavailable, after
        it was told on this node."""
        rooms = ((self._sockets.room_of(key), payload) for key, payload in messages)
        self._bus.emit_each(event, rooms, namespace=self._namespace)

    def say_here(self, key: Key, event: str, payload: Any) -> None:
        """An event to the sockets that a user has on this node, and on no other."""
        for socket in self._sockets.of(key):
            self._feed.say(socket, (event, payload))

    def say_to(self, sockets: Iterable[UserSocket], event: str, payload: Any) -> list[UserSocket]:
        """An event to these sockets of this node, written once; those that are there and may hear it."""
        return self._feed.say_to(sockets, (event, payload))

    def keys(self) -> list[Key]:
        """The users that have an authenticated socket on this node."""
        return self._sockets.keys()

    def end_sessions(self, ended: Ended) -> None:
        """Close the sockets of ended sessions on every node, at once. While Redis is away every node finds them by
        `ended_since`."""
        with suppress(BusUnavailable):
            self._bus.signal(
                _END_SESSIONS,
                # Nodes from before know no kept session; they hear all the other signals.
                astuple(ended) if ended.kept_session_id else astuple(ended)[:-1],
                namespace=self._namespace,
                room=self._sockets.room_of(ended.key),
            )

    def _say_draining(self, eio_sid: str, reconnect_ms: int) -> None:
        sid = self._bus.sid_from_eio_sid(eio_sid, self._namespace)
        if socket := sid and self._sockets.get(sid):
            self._feed.say(socket, self._messages.draining(reconnect_ms))

    def _too_fast(self, sid: str, event: str, wait_s: float) -> None:
        if socket := self._sockets.get(sid):
            self._guard.too_fast(socket, event, wait_s)

    def _unknown(self, event: str, sid: str, *_: Any) -> None:
        if socket := self._sockets.get(sid):
            self._guard.run_unknown(event, socket)

    def _end_sockets(self, key: Key, sids: list[str]) -> None:
        """Those that are too many for one user. Whoever does not hear of it does so when the next one comes."""
        with suppress(BusUnavailable):
            self._bus.signal(_END_SOCKETS, [key, sids], namespace=self._namespace, room=self._sockets.room_of(key))

    def _ready(self) -> None:
        for follow in self._after_gap:
            follow()

    def _signalled(self, name: str, data: Any) -> None:
        if name == _END_SESSIONS:
            self._expiry.end(Ended(*data))
        elif name == _END_SOCKETS:
            key, sids = data
            surplus = [socket for socket in self._sockets.of(key) if socket.sid in sids]
            for socket in surplus:
                gevent.spawn(self._expiry.close, socket, TOO_MANY_SOCKETS)
        elif name == TAKEN:
            key, seq, question = data
            self._confirming.ask(self._sockets.of(key), seq, question)

    def _connected(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        socket = self._authentication.connect(sid, address=client_network(environ))
        if isinstance(auth, dict) and auth.get("token") is not None:
            self._guard.run(self._authentication.authenticate, self._messages.authenticate, socket, (auth,))

    def _disconnected(self, sid: str, _reason: Any = None) -> None:
        self._sockets.close(sid)
