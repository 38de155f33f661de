"""One Redis pub/sub connection that is remade at once when it breaks, and says when a channel is really heard."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import gevent
import hiredis
from gevent.event import Event
from gevent.lock import RLock
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from flask_socketio_cluster import metrics, redis_client
from flask_socketio_cluster.loops import Loop

CONNECT_TIMEOUT_S = 0.5
RECONNECT_PAUSE_S = 0.1
CHANNELS_PER_COMMAND = 500
READ_BYTES_MAX = 65_536
MESSAGES_PER_TURN = 64
# A pause of nothing would let the other greenlets run, but not let the event loop look what has arrived for them.
TURN_PAUSE_S = 1e-6

OnMessage = Callable[[bytes, bytes], None]

_log = logging.getLogger(__name__)


class Subscriber:
    """`on_message(channel, data)` for each message, in order; it must not wait. `on_ready()` each time that all
    wanted channels are confirmed after a connection was made: what was published before may be missed.

    `loop` is what runs it. Messages are handled in turns of MESSAGES_PER_TURN, so that a burst never starves the other
    greenlets.
    """

    def __init__(self, redis_url: str, *, on_message: OnMessage, on_ready: Callable[[], None]) -> None:
        # No time-out on reads: an idle subscription is healthy, and the canary finds one that is not.
        self._pool = redis_client.connect(redis_url, answer_timeout_s=None).connection_pool
        self._on_message = on_message
        self._on_ready = on_ready
        self._connection: Any = None
        self._wanted: set[bytes] = set()
        self._unconfirmed: Counter[bytes] = Counter()
        self._confirmed: dict[bytes, Event] = {}
        self._commands: list[tuple[str, bytes]] = []
        self._sending = RLock()
        self._restoring = 0
        # Kinds of failure of this connection's messages that were logged.
        self._failed: set[str] = set()
        self.loop = Loop(
            "subscriber",
            self._listen,
            every_s=RECONNECT_PAUSE_S,
            retry_s=RECONNECT_PAUSE_S,
            jitter=0.5,
            expected=(RedisError, OSError, gevent.Timeout),
        )

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def add(self, channel: str) -> None:
        """Want a channel. Returns at once; see `wait`."""
        name = channel.encode()
        if name not in self._wanted:
            self._wanted.add(name)
            self._confirmed[name] = Event()
            self._command("SUBSCRIBE", name)

    def remove(self, channel: str) -> None:
        name = channel.encode()
        if name in self._wanted:
            self._wanted.discard(name)
            del self._confirmed[name]
            self._command("UNSUBSCRIBE", name)

    def wait(self, channel: str, timeout_s: float) -> bool:
        """Until Redis has confirmed the channel; False when it did not in time or there is no connection."""
        confirmed = self._confirmed.get(channel.encode())
        if confirmed is None:
            return False
        if not self.connected and not confirmed.is_set():
            return False
        return bool(confirmed.wait(timeout_s))

    def reconnect(self) -> None:
        """Drop the connection, which is then remade: for one that is open but silent."""
        if self._connection is not None:
            self._connection.disconnect()

    def _listen(self) -> None:
        """Connect, subscribe, and read until the connection breaks, which raises."""
        connection = None
        try:
            with gevent.Timeout(CONNECT_TIMEOUT_S):
                connection = self._pool.get_connection()
            self._restore(connection)
            self.loop.recovered()
            self._read(connection)
        finally:
            self._lost(connection)

    def _restore(self, connection: Any) -> None:
        self._commands.clear()
        self._unconfirmed.clear()
        self._failed.clear()
        self._connection = connection
        wanted = list(self._wanted)
        self._restoring = len(wanted)
        self._send_all(("SUBSCRIBE", name) for name in wanted)
        if not wanted:
            self._on_ready()

    def _read(self, connection: Any) -> None:
        """What Redis says from here on is read from the socket itself: redis-py takes three times as long for it."""
        reader, handled = hiredis.Reader(), 0
        while data := connection._sock.recv(READ_BYTES_MAX):
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                self._take(reply)
                handled += 1
                if handled % MESSAGES_PER_TURN == 0:
                    gevent.sleep(TURN_PAUSE_S)
        raise RedisConnectionError("Redis closed the connection")

    def _take(self, reply: Any) -> None:
        if isinstance(reply, Exception):
            raise RedisError(str(reply))
        kind, channel, data = reply
        if kind == b"message":
            self._handle(channel, data)
        elif kind == b"subscribe":
            self._confirm(channel)

    def _handle(self, channel: bytes, data: bytes) -> None:
        try:
            self._on_message(channel, data)
        except Exception as error:  # one bad message must not end the subscription
            metrics.BUS_MESSAGES_FAILED.inc()
            kind = type(error).__name__
            if kind not in self._failed:  # whoever can publish could fill the log
                self._failed.add(kind)
                _log.exception("message_failed", extra={"channel": channel.decode(errors="replace")})

    def _confirm(self, channel: bytes) -> None:
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] > 0:
            return  # an older SUBSCRIBE, with an UNSUBSCRIBE still to come
        del self._unconfirmed[channel]
        if channel in self._confirmed:
            self._confirmed[channel].set()
        if self._restoring:
            self._restoring -= 1
            if not self._restoring:
                self._on_ready()

    def _lost(self, connection: Any) -> None:
        self._connection = None
        for name in self._wanted:
            self._confirmed[name].clear()
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)

    def _command(self, verb: str, name: bytes) -> None:
        if self._connection is None:
            return
        self._commands.append((verb, name))
        if len(self._commands) == 1:
            gevent.spawn(self._flush)

    def _flush(self) -> None:
        commands, self._commands = self._commands, []
        try:
            self._send_all(commands)
        except (RedisError, OSError):
            self.reconnect()

    def _send_all(self, commands: Iterable[tuple[str, bytes]]) -> None:
        """In order, neighbours of one verb together."""
        verb, names = "", list[bytes]()
        with self._sending:
            for next_verb, name in commands:
                if names and (next_verb != verb or len(names) == CHANNELS_PER_COMMAND):
                    self._send(verb, names)
                    names = []
                verb = next_verb
                names.append(name)
            if names:
                self._send(verb, names)

    def _send(self, verb: str, names: list[bytes]) -> None:
        if verb == "SUBSCRIBE":
            self._unconfirmed.update(names)
        connection = self._connection
        if connection is not None:
            connection.send_command(verb, *names)
