"""Who may open one more session on this node."""

import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from flask_socketio_cluster import metrics
from flask_socketio_cluster.transport.session import EngineSession

SESSIONS_MAX = 20_000
# Of the files that the process may open, what is kept for the stores, for requests, and for refusing sessions.
FILES_KEPT_MIN = 128
FILES_KEPT_SHARE = 0.25
# What one address may hold of all sessions. A whole office, or a mobile network, may be behind one.
ADDRESS_SHARE = 0.5
# Handshakes and sockets of one address that nobody has authenticated yet; they live for seconds.
PENDING_BY_ADDRESS_MAX = 2_000
# Handshakes that wait for the node, not for their client. Beyond, the next node takes a new one. More than one address
# may have.
HANDSHAKES_MAX = 4_000


def sessions_max() -> int:
    """As many as there are files for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return SESSIONS_MAX
    return min(SESSIONS_MAX, soft - max(FILES_KEPT_MIN, int(soft * FILES_KEPT_SHARE)))


class Admission:
    """Counts sessions, in all and by address. When the node is full, the oldest session that nobody has authenticated
    makes room for a new one."""

    def __init__(self, sessions_max: int, handshakes_max: int = HANDSHAKES_MAX) -> None:
        self._handshakes_max = handshakes_max
        self._sessions_max = sessions_max
        metrics.SESSIONS_MAX.set(sessions_max)
        self._address_max = max(1, int(sessions_max * ADDRESS_SHARE))
        self._addresses: dict[EngineSession, str] = {}
        self._by_address: Counter[str] = Counter()
        # In the order of their beginning; the values mean nothing.
        self._pending: dict[EngineSession, None] = {}
        self._pending_by_address: Counter[str] = Counter()
        self._handshakes = 0
        # Whether the node is leaving, and takes no new session.
        self.closed = False

    def is_busy(self) -> bool:
        """Whether as many handshakes are in progress as may be, or the node is leaving."""
        return self.closed or self._handshakes >= self._handshakes_max

    @contextmanager
    def waiting(self, address: str) -> Iterator[None]:
        """While a handshake of `address` waits for its turn, before `has_room` is asked for its session."""
        self._pending_by_address[address] += 1
        try:
            with self.connecting():
                yield
        finally:
            _less(self._pending_by_address, address)

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """While a client of a session is let into a namespace."""
        self._handshakes += 1
        metrics.HANDSHAKES_WAITING.inc()
        try:
            yield
        finally:
            self._handshakes -= 1
            metrics.HANDSHAKES_WAITING.dec()

    def may_wait(self, address: str) -> bool:
        """Whether `address` has less than its share."""
        has, pending = self._by_address[address], self._pending_by_address[address]
        return has < self._address_max and pending < PENDING_BY_ADDRESS_MAX

    def has_room(self, address: str) -> bool:
        """Whether a session of `address` may begin; may end an older session for it."""
        if not self.may_wait(address):
            return False
        if len(self._addresses) < self._sessions_max:
            return True
        oldest = next(iter(self._pending), None)
        if oldest is None:
            return False
        oldest.end("full")
        self.ended(oldest)
        return True

    def began(self, socket: EngineSession, address: str) -> None:
        self._addresses[socket] = address
        metrics.SESSIONS.inc()
        metrics.HANDSHAKES.inc()
        self._by_address[address] += 1
        self._pending[socket] = None
        self._pending_by_address[address] += 1

    def authenticated(self, socket: EngineSession) -> None:
        """It does not have to make room any more."""
        if socket in self._pending:
            del self._pending[socket]
            _less(self._pending_by_address, self._addresses[socket])

    def ended(self, socket: EngineSession) -> None:
        """A second call does nothing."""
        self.authenticated(socket)
        address = self._addresses.pop(socket, None)
        if address is not None:
            _less(self._by_address, address)
            metrics.SESSIONS.dec()


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]  # else every address that ever came would stay
