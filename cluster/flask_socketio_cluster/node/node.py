"""One running web node, as its gunicorn worker and its health checks see it."""

import os
import signal
from collections.abc import Iterable
from typing import Protocol

from flask import Flask

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.node import EXTENSION
from flask_socketio_cluster.node import drain_s as drain_s_of_environment
from flask_socketio_cluster.transport.transport import Transport

# A question to leave that is older was meant for another time.
ASKED_S_MAX = 10.0
# By how much the clock of who asks may be ahead: less than a node takes to be started anew.
AHEAD_S_MAX = 1.0


class Part(Protocol):
    """What a node is made of: a bus, a transport, a delivery, or an application's own."""

    @property
    def loops(self) -> Iterable[Loop]:
        """They run from the node's `start` to its `stop`."""


class Node:
    """`parts` run from `start` to `stop`; the transport among them sends its clients elsewhere in `drain`, within about
    `drain_s`, by default DRAIN_S of the environment or 20. `bad_request`: the JSON that answers what is no HTTP.
    """

    def __init__(
        self,
        app: Flask,
        *parts: Part,
        drain_s: float | None = None,
        bad_request: bytes = b'{"code": "bad_request", "message": "The request could not be understood."}',
    ) -> None:
        self.bad_request = bad_request
        self.drain_s = drain_s_of_environment() if drain_s is None else drain_s
        self._parts = parts
        self.draining = False
        self._began_s = clock.monotonic_s()
        metrics.DRAINING.set(0)
        for part in parts:
            if isinstance(part, RoutedRedisManager):
                part.follow_leave(self._asked_to_leave)
        app.extensions[EXTENSION] = self

    def start(self) -> None:
        """Begin to look after sockets; requests are answered without it. A second call does nothing."""
        for part in self._parts:
            for loop in part.loops:
                loop.start()

    def stop(self) -> None:
        """End what `start` started."""
        for part in self._parts:
            for loop in part.loops:
                loop.stop()

    def drain(self) -> None:
        """Take no new work, send the clients elsewhere. Blocks for about `drain_s`."""
        self.draining = True
        metrics.DRAINING.set(1)
        for part in self._parts:
            if isinstance(part, Transport):
                part.drain(self.drain_s)

    def _asked_to_leave(self, at_s: float) -> None:
        """Leave as by SIGTERM. Not for what was asked before this process was there: it has done so already."""
        age_s = clock.unix_s() - at_s
        if -AHEAD_S_MAX < age_s < min(ASKED_S_MAX, clock.monotonic_s() - self._began_s):
            os.kill(os.getpid(), signal.SIGTERM)
