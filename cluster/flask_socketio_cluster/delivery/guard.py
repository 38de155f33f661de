"""The guard of every client event: who sends it is verified on arrival and may send only so many, and every refusal is
told to the client."""

import logging
import secrets
from collections.abc import Callable
from typing import Any

import gevent

from flask_socketio_cluster import clock
from flask_socketio_cluster.delivery.feed import Feed
from flask_socketio_cluster.delivery.identity import Identity
from flask_socketio_cluster.delivery.messages import TOO_FAST, Messages
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.errors import (
    NotAnObject,
    NotAuthenticated,
    OtherKey,
    Overloaded,
    RateExceeded,
    Refused,
    TokenExpired,
    UnknownEvent,
)
from flask_socketio_cluster.limits.buckets import SharedBuckets, Use
from flask_socketio_cluster.limits.key_locks import KeyLocks
from flask_socketio_cluster.streams.stream import Key, is_key
from flask_socketio_cluster.transport.transport import Transport

# What a handler gets: the socket, its verified user, the payload. What it returns is the acknowledgement.
Handler = Callable[[UserSocket, Any, dict[str, Any]], Any]

# Who could not authenticate for want of the database comes again within this time. Spread out, as in a drain.
COME_AGAIN_MS_MAX = 3000

# To tell a client why its socket ends, and end it.
Close = Callable[[UserSocket, str], None]

# Of an event that nobody knows: as much of its name as its client is told again.
UNKNOWN_CHARS_MAX = 64

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
        transport: Transport,
        buckets: SharedBuckets,
        close: Close,
    ) -> None:
        self._read_token = read_token
        self._verify = verify
        self._unavailable = unavailable
        self._known: tuple[type[Exception], ...] = (Refused, *refusals, *unavailable)
        self._messages = messages
        self._sockets = sockets
        self._feed = feed
        self._transport = transport
        self._buckets = buckets
        self._close = close
        self._limits = transport.limits
        self._locks = KeyLocks()

    def run(self, handler: Handler, event: str, socket: UserSocket, args: tuple[Any, ...]) -> Any:
        """Run `handler`; its acknowledgement. Refusals and accidents are told to the client.

        They end no connection but that of a socket that goes on too fast, and of one that could not authenticate for
        want of the database. The latter is closed as a broken line is: a client that is disconnected by name does not
        come again by itself.
        """
        data = args[0] if args else {}
        try:
            claimed = self._admitted(event, socket, data)
            # Before the database is asked anything: many sockets of one person must not take all its connections.
            with self._locks.hold(claimed.key):
                if self._sockets.get(socket.sid) is not socket:
                    return None  # it went while this waited
                return handler(socket, self._verify(claimed), data)
        except RateExceeded as error:
            self.too_fast(socket, event, error.retry_after_s)
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

    def run_unknown(self, event: str, socket: UserSocket) -> None:
        """An event of a name that nobody serves."""
        event = event[:UNKNOWN_CHARS_MAX]
        try:
            self._take(self._of_address(socket), *self._of_user(socket.identity.key if socket.identity else None))
        except RateExceeded as error:
            self.too_fast(socket, event, error.retry_after_s)
        except Overloaded as error:
            self._feed.say(socket, self._messages.refused(error, event))
        else:
            self._feed.say(socket, self._messages.refused(UnknownEvent(), event))

    def too_fast(self, socket: UserSocket, event: str, wait_s: float) -> None:
        """Tell the client when it may go on, or end its socket when it was told often enough. Does not wait."""
        if self._transport.may_be_refused(socket.eio_sid):
            self._feed.say(socket, self._messages.refused(RateExceeded(wait_s), event))
        else:
            self._close(socket, TOO_FAST)

    def _admitted(self, event: str, socket: UserSocket, data: Any) -> Identity:
        """Who asks, still to be verified, who may go on. Raises RateExceeded, and what `_claimed` raises."""
        try:
            if not isinstance(data, dict):
                raise NotAnObject
            claimed = self._claimed(socket, data)
        except Exception:
            self._take(self._of_address(socket))  # what is refused costs something, too
            raise
        own = (self._limits.of_event(event), f"{event}:{claimed.key}")
        self._take(self._of_address(socket), *self._of_user(claimed.key), own)
        return claimed

    def _of_address(self, socket: UserSocket) -> Use:
        return self._limits.address, socket.address

    def _of_user(self, key: Key | None) -> tuple[Use, ...]:
        return () if key is None else ((self._limits.user, str(key)),)

    def _take(self, *uses: Use) -> None:
        """Raises RateExceeded, or Overloaded."""
        if short := self._buckets.take(*uses):
            self._limits.count(short.bucket.name)
            if not self._limits.dry_run:
                raise RateExceeded(short.wait_s)

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
