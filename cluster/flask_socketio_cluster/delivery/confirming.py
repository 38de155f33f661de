"""The node's side of `Confirmations`: its clients are asked whether they have an event."""

import re

import gevent
from redis.exceptions import RedisError
from socketio import Server

from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.delivery.sockets import UserSocket

SIGNAL = "taken"

_QUESTION = re.compile(r"[A-Za-z0-9_-]{16}")


class Confirming:
    """`event`: what clients are asked by. They acknowledge it with the seq of the last event that they have."""

    def __init__(self, server: Server, bus: RoutedRedisManager, *, namespace: str, event: str) -> None:
        self._server = server
        self._bus = bus
        self._namespace = namespace
        self._event = event

    def ask(self, sockets: list[UserSocket], seq: int, question: str) -> None:
        """Returns without waiting."""
        if _QUESTION.fullmatch(question):
            for socket in sockets:
                gevent.spawn(self._ask, socket.sid, seq, question)

    def _ask(self, sid: str, seq: int, question: str) -> None:
        def answered(last: object = None, *_: object) -> None:
            if isinstance(last, int) and last >= seq:
                self._confirm(question)

        self._server.emit(self._event, {}, to=sid, namespace=self._namespace, callback=answered)

    def _confirm(self, question: str) -> None:
        try:
            self._bus.leave_answer(question)
        except RedisError:
            return  # then nobody knows, and the person is told once more
