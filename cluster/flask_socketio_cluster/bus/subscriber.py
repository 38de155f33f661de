"""One Redis pub/sub connection that is remade at once when it breaks, and says when a channel is really heard."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from socket import MSG_DONTWAIT, SHUT_RDWR
from ssl import SSLSocket
from typing import Any

import gevent
import hiredis
from gevent.event import Event
from gevent.lock import RLock
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from flask_socketio_cluster import clock, metrics, redis_client
from flask_socketio_cluster.loops import Loop

# One answer, where a password is wanted.
CONNECT_TIMEOUT_S = 2.0
RECONNECT_PAUSE_S = 0.1
CHANNELS_PER_COMMAND = 500
READ_BYTES_MAX = 65_536
# After that long without an answer to `ping` a connection is made anew.
SILENT_S = 3.0
# A pause of nothing would let the other greenlets run, but not let the event loop look what has arrived for them.
TURN_PAUSE_S = 1e-6

_READ = 1

OnMessage = Callable[[bytes, bytes], None]

_log = logging.getLogger(__name__)


class Subscriber:
    """`on_message(channel, data)` for each message, in order. `on_ready()` each time that all wanted channels are
    confirmed after a connection was made, and when one is that somebody waited for in vain: what was published before
    may be missed. Both are called in the event loop and must not wait.

    `loop` is what runs it. `on_gone(channel)`: the channels are sharded, and one of them has left this server, so it
    is no longer wanted here.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        on_message: OnMessage,
        on_ready: Callable[[], None],
        on_gone: Callable[[bytes], None] | None = None,
    ) -> None:
        self._redis_url = redis_url
        self._on_message = on_message
        self._on_ready = on_ready
        self._on_gone = on_gone
        self._sharded = on_gone is not None
        self._pinged_s: float | None = None
        self._connection: Any = None
        self._reader = hiredis.Reader()
        # Set when there is nothing more to read from the connection, and why if not because it was closed.
        self._ended = Event()
        self._failure: BaseException | None = None
        # Not while the first connection is being made.
        self._is_lost = False
        self._wanted: set[bytes] = set()
        self._unconfirmed: Counter[bytes] = Counter()
        self._confirmed: dict[bytes, Event] = {}
        self._commands: list[tuple[str, bytes]] = []
        self._sending = RLock()
        # What was wanted before this connection could give it, and is not confirmed yet.
        self._restoring: set[bytes] = set()
        # What somebody waited for in vain, and is not confirmed yet.
        self._late: set[bytes] = set()
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
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def add(self, channel: str, *, missed: bool = False) -> None:
        """Want a channel. Returns at once; see `wait`. `missed`: it was wanted before, so `on_ready` is due."""
        name = channel.encode()
        if name not in self._wanted:
            self._wanted.add(name)
            self._confirmed[name] = Event()
            if missed and self.connected:
                self._restoring.add(name)
            self._command("SUBSCRIBE", name)

    def remove(self, channel: str) -> None:
        name = channel.encode()
        if name in self._wanted:
            self._forget(name)
            self._command("UNSUBSCRIBE", name)

    def wait(self, channel: str, timeout_s: float) -> bool:
        """Until Redis has confirmed the channel; False when it did not in time or the connection is lost."""
        name = channel.encode()
        confirmed = self._confirmed.get(name)
        if confirmed is None or self._is_lost:
            return False
        in_time = bool(confirmed.wait(timeout_s))
        if not in_time and name in self._wanted:
            self._late.add(name)
        return in_time

    def reconnect(self) -> None:
        """Drop the connection, which is then remade: for one that is open but silent."""
        connection = self._connection
        if connection is None:
            return
        if connection._sock is not None:
            with suppress(OSError):
                connection._sock.shutdown(SHUT_RDWR)
        self._ended.set()

    def ping(self) -> None:
        """Ask for a sign of life; a connection that has owed one for SILENT_S is made anew."""
        if self._connection is None:
            return
        if self._pinged_s is None:
            self._pinged_s = clock.monotonic_s()
            self._command("PING", b"")
        elif clock.monotonic_s() - self._pinged_s > SILENT_S:
            self.reconnect()

    def _listen(self) -> None:
        """Connect, subscribe, and read until the connection breaks, which raises."""
        pool = redis_client.subscription_pool(self._redis_url)
        connection = None
        try:
            with gevent.Timeout(CONNECT_TIMEOUT_S):
                connection = pool.get_connection()
            self._restore(connection)
            self._read(connection)
        finally:
            self._lost()
            if connection is not None:
                connection.disconnect()

    def _restore(self, connection: Any) -> None:
        self._commands.clear()
        self._unconfirmed.clear()
        self._failed.clear()
        self._pinged_s = None
        self._connection, self._is_lost = connection, False
        wanted = list(self._wanted)
        self._restoring = set(wanted)
        self._send_all(("SUBSCRIBE", name) for name in wanted)
        if not wanted:
            self._is_ready()

    def _read(self, connection: Any) -> None:
        """What Redis says from here on is read from the socket itself, in the event loop: redis-py takes three times as
        long for it, and a greenlet has to be switched to."""
        self._reader = hiredis.Reader()
        if isinstance(connection._sock, SSLSocket):
            while data := _received(connection._sock):
                self._parse(data)
                gevent.sleep(TURN_PAUSE_S)
            raise RedisConnectionError("Redis closed the connection")
        # Below gevent's socket, whose own would wait, is the system's.
        socket = getattr(connection._sock, "_sock", connection._sock)
        self._ended.clear()
        self._failure = None
        watcher = gevent.get_hub().loop.io(socket.fileno(), _READ)
        watcher.start(self._readable, socket)
        try:
            self._ended.wait()
        finally:
            watcher.stop()
            watcher.close()
        raise self._failure or RedisConnectionError("Redis closed the connection")

    def _readable(self, socket: Any) -> None:
        try:
            data = socket.recv(READ_BYTES_MAX, MSG_DONTWAIT)
            if data:
                self._parse(data)
            else:
                self._ended.set()
        except BlockingIOError:
            return
        except Exception as error:  # nobody else would hear of it in the event loop
            self._failure = error
            self._ended.set()

    def _parse(self, data: bytes) -> None:
        self._pinged_s = None
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._take(reply)

    def _take(self, reply: Any) -> None:
        if isinstance(reply, Exception):
            raise RedisError(str(reply))
        if reply == b"PONG" or reply[0] == b"pong":
            return
        kind, channel, data = reply
        if kind in (b"message", b"smessage"):
            self._handle(channel, data)
        elif kind in (b"subscribe", b"ssubscribe"):
            self._confirm(channel)
        elif kind == b"sunsubscribe" and channel in self._wanted and not self._unconfirmed[channel]:
            self._gone(channel)

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
        if channel in self._late:
            self._late.discard(channel)
            self._on_ready()
        self._restored(channel)

    def _restored(self, channel: bytes) -> None:
        if channel in self._restoring:
            self._restoring.discard(channel)
            if not self._restoring:
                self._is_ready()

    def _is_ready(self) -> None:
        self._on_ready()
        self.loop.recovered()

    def _forget(self, channel: bytes) -> None:
        self._wanted.discard(channel)
        self._late.discard(channel)
        del self._confirmed[channel]
        self._restored(channel)

    def _gone(self, channel: bytes) -> None:
        """Redis itself ended a subscription: the channel's slot has another owner now."""
        self._forget(channel)
        if self._on_gone:
            self._on_gone(channel)

    def _lost(self) -> None:
        self._connection, self._is_lost = None, True
        self._restoring.clear()
        self._late.clear()
        for name in self._wanted:
            self._confirmed[name].clear()

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
        if connection is None:
            return
        if verb == "PING":
            connection.send_command(verb)
        elif self._sharded:  # in one command all channels must be of one slot
            connection.send_packed_command(connection.pack_commands([(f"S{verb}", name) for name in names]))
        else:
            connection.send_command(verb, *names)


def _received(connection: SSLSocket) -> bytes:
    """Empty at the end, also when `reconnect` made it."""
    try:
        return connection.recv(READ_BYTES_MAX)
    except ValueError:
        return b""
