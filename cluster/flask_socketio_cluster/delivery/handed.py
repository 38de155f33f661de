"""What is counted of each durable event that a socket is handed, at the price of some microseconds."""

import logging
from typing import Any

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.delivery.sockets import UserSocket
from flask_socketio_cluster.trace import EVENTS_LOG, Origin

# Names of events that are counted apart; without keys, whoever reaches Redis could make up any number of them.
EVENTS_MAX = 64
OTHERS = "others"


class Handed:
    """`way`: over the bus, or from the database."""

    def __init__(self, way: str) -> None:
        self._way = way
        self._by_event: dict[str, Any] = {}
        self._seconds = metrics.DELIVERY_SECONDS.labels(way)

    def count(self, socket: UserSocket, seq: int, packet: str, origin: Origin | None) -> None:
        """How long it took is counted where the socket was there when the event was appended: who comes later, or asks
        for it again, has waited for nothing."""
        start = packet.find('"') + 1
        event = packet[start : packet.find('"', start)]
        (self._by_event.get(event) or self._counter(event)).inc()
        if origin is not None and origin.at_s >= socket.since_s:
            self._seconds.observe(max(0.0, clock.unix_s() - origin.at_s))
        if EVENTS_LOG.isEnabledFor(logging.INFO):
            self._log(socket, seq, origin)

    def _counter(self, event: str) -> Any:
        if len(self._by_event) >= EVENTS_MAX:
            return metrics.EVENTS_SENT.labels(OTHERS, self._way)
        counter = self._by_event[event] = metrics.EVENTS_SENT.labels(event, self._way)
        return counter

    def _log(self, socket: UserSocket, seq: int, origin: Origin | None) -> None:
        key = socket.identity and socket.identity.key
        said = {"sid": socket.sid, "key": key, "seq": seq, "way": self._way}
        if origin is not None and origin.trace is not None:
            said["trace"] = origin.trace
        EVENTS_LOG.info("event_handed", extra=said)
