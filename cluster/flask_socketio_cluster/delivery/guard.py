"""The guard of every client event: who sends it is verified on arrival, and every refusal is told to the client."""

import logging
import secrets
from collections.abc import Callable
from typing import Any

import gevent

from flask_socketio_cluster import clock
from flask_socketio_cluster.delivery.feed import Feed
from flask_socketio_cluster.delivery.identity import Identity
from flask_socketio_cluster.delivery.messages import Messages
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.errors import NotAnObject, NotAuthenticated, OtherKey, Refused, TokenExpired
from flask_socketio_cluster.limits.key_locks import KeyLocks
from flask_socketio_cluster.streams.stream import is_key

# What a handler gets: the socket, its verified user, the payload. What it returns is the acknowledgement.
Handler = Callable[[UserSocket, Any, dict[str, Any]], Any]

# Who could not authenticate for want of the database comes again within this time. Spread out, as in a drain.
COME_AGAIN_MS_MAX = 3000

_log = logging.getLogger(__name__)


class Guard:
    """`read_token` and `verify`: see `Delivery`."""

    def __init__(
        self,
        *,
        read_token: Callable[[object], Any],
        verify: Callable[[Any], Any],
        unavailable: tuple[type[Exception], ...],
        refusals: tuple[type[Exception], ...],
        messages: Messages,
        sockets: Sockets,
        feed: Feed,
    ) -> None:
        self._read_token = read_token
        self._verify = verify
        self._unavailable = unavailable
        self._known: tuple[type[Exception], ...] = (Refused, *refusals, *unavailable)
        self._messages = messages
        self._sockets = sockets
        self._feed = feed
        self._locks = KeyLocks()

    def run(self, handler: Handler, event: str, socket: UserSocket, args: tuple[Any, ...]) -> Any:
        """Run `handler`; its acknowledgement. Refusals and accidents are told to the client.

        They end no connection but that of a socket that could not authenticate for want of the database. It is closed
        as a broken line is: a client that is disconnected by name does not come again by itself.
        """
        data = args[0] if args else {}
        try:
            if not isinstance(data, dict):
                raise NotAnObject
            claimed = self._claimed(socket, data)
            # Before the database is asked anything: many sockets of one person must not take all its connections.
            with self._locks.hold(claimed.key):
                if self._sockets.get(socket.sid) is not socket:
                    return None  # it went while this waited
                return handler(socket, self._verify(claimed), data)
        except Exception as error:
            if not isinstance(error, self._known):
                _log.exception("event_failed", extra={"client_event": event})
            if self._is_left_outside(error, event, socket):
                after_ms = secrets.randbelow(COME_AGAIN_MS_MAX)
                self._feed.say(socket, self._messages.come_again(error, event, after_ms))
                gevent.spawn(self._feed.close_transport, socket)
            else:
                self._feed.say(socket, self._messages.refused(error, event))
        return None

    def _is_left_outside(self, error: Exception, event: str, socket: UserSocket) -> bool:
        is_authenticating = event == self._messages.authenticate and socket.identity is None
        return is_authenticating and isinstance(error, self._unavailable)

    def _claimed(self, socket: UserSocket, data: dict[str, Any]) -> Identity:
        """Who asks, still to be verified: by the `token` in the payload, else by that which authenticated the socket.

        Raises NotAuthenticated, TokenExpired, OtherKey if the two differ, or what `read_token` raises.
        """
        token, known = data.get("token"), socket.identity
        if token is not None:
            claimed: Identity = self._read_token(token)
            if not is_key(claimed.key):
                raise NotAuthenticated
            if known and known.key != claimed.key:
                raise OtherKey
            return claimed
        if known is None:
            raise NotAuthenticated
        if known.expires_at <= clock.unix_s():
            raise TokenExpired
        return known
