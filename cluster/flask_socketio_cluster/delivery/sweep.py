"""The sweep: what the bus did not bring is found in the database, whatever died on the way."""

from collections.abc import Sequence

import gevent

from flask_socketio_cluster.delivery.feed import Feed, Read
from flask_socketio_cluster.delivery.sockets import Sockets
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.streams.stream import HEADS_KEYS_MAX, Key, Streams

EVERY_S = 5.0
JITTER = 0.1


class Sweep:
    """Looks at the heads of the connected users' streams, every EVERY_S and whenever it is asked for."""

    def __init__(
        self, *, streams: Streams, read: Read, unavailable: tuple[type[Exception], ...], sockets: Sockets, feed: Feed
    ) -> None:
        self._streams = streams
        self._read = read
        self._sockets = sockets
        self._feed = feed
        self.loop = Loop("sweep", self.once, every_s=EVERY_S, jitter=JITTER, expected=unavailable)

    def ask(self) -> None:
        """Now: a subscription was remade, so messages may have been missed."""
        self.loop.wake()

    def once(self) -> None:
        """Start a catch-up for every socket that is behind its user's stream.

        A new epoch means that the database was set back to a backup: every socket is closed, and comes
        back to a stream that starts afresh.
        """
        keys = self._sockets.keys()
        for start in range(0, len(keys), HEADS_KEYS_MAX):
            page = keys[start : start + HEADS_KEYS_MAX]
            if self._nothing_is_missing(page):
                continue
            for key, head in self._read(self._streams.heads, page).items():
                for socket in self._sockets.of(key):
                    if socket.epoch not in (None, head.epoch):
                        gevent.spawn(self._feed.close_transport, socket)
                    elif socket.seq < head.seq:
                        self._feed.start_catch_up(socket, head.seq)

    def _nothing_is_missing(self, keys: Sequence[Key]) -> bool:
        """Whether all sockets are at the heads of their streams. None is ahead of its own and heads only move on, so
        the sums are the same only then."""
        epochs, seen = set[int | None](), 0
        for key in keys:
            sockets = self._sockets.of(key)
            epochs.update(socket.epoch for socket in sockets)
            seen += min((socket.seq for socket in sockets), default=0)
        total, epoch = self._read(self._streams.sum_of_heads, keys)
        return total == seen and epochs <= {None, epoch}
