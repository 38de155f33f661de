"""One running web node, as its gunicorn worker and its health checks see it."""

from collections.abc import Callable, Iterable

from flask import Flask

from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.node import EXTENSION


class Node:
    """`loops` run from `start` to `stop`. `drain_sockets` sends the sockets elsewhere and may take a few seconds.
    `bad_request`: the JSON that answers what is no HTTP."""

    def __init__(
        self,
        app: Flask,
        *,
        loops: Iterable[Loop],
        drain_sockets: Callable[[], None],
        bad_request: bytes = b'{"code": "bad_request", "message": "The request could not be understood."}',
    ) -> None:
        self.bad_request = bad_request
        self._loops = tuple(loops)
        self._drain_sockets = drain_sockets
        self.draining = False
        app.extensions[EXTENSION] = self

    def start(self) -> None:
        """Begin to look after sockets; requests are answered without it. A second call does nothing."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End what `start` started."""
        for loop in self._loops:
            loop.stop()

    def drain(self) -> None:
        """Take no new work, send the sockets elsewhere. Blocks for at most a few seconds."""
        self.draining = True
        self._drain_sockets()
