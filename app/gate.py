"""A gate: so many at once, so many waiting in front, and everybody else is told at once to come again later."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app import metrics
from app.errors import ClientGone, Overloaded


class Gate:
    """At most `at_once_max` inside and `waiting_max` in front, first come first served. For greenlets and threads.

    Whoever gives up waiting, for whatever reason (`GreenletExit` or `gevent.Timeout` included), leaves the queue.
    `name`: in the metrics.
    """

    def __init__(self, name: str, *, at_once_max: int, waiting_max: int, retry_after_s: int = 1) -> None:
        assert at_once_max > 0
        self._waits = metrics.GATE_WAITING.labels(name)
        self._seconds = metrics.GATE_SECONDS.labels(name)
        self._refused = metrics.GATE_REFUSED.labels(name)
        self._free = at_once_max
        self._waiting_max = waiting_max
        self._retry_after_s = retry_after_s
        # A lock for each that waits, held until it is its turn.
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def enter(self, *, until: float, is_gone: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Wait for a turn until the monotonic moment `until`. Raises Overloaded, at once when the queue is full.

        `is_gone` is asked when the turn has come: who has hung up meanwhile costs nothing. Raises ClientGone then.
        """
        self._take(until)
        try:
            if is_gone():
                raise ClientGone
            yield
        finally:
            self._give()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _take(self, until: float) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self._waiting_max:
                self._refused.inc()
                raise Overloaded(retry_after_s=self._retry_after_s)
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        came, began_s = False, time.monotonic()
        self._waits.inc()
        try:
            came = turn.acquire(timeout=max(0.0, until - began_s))
        finally:
            self._waits.dec()
            if not came:
                self._leave(turn)
        self._seconds.observe(time.monotonic() - began_s)
        if not came:
            self._refused.inc()
            raise Overloaded(retry_after_s=self._retry_after_s)

    def _leave(self, turn: threading.Lock) -> None:
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self._give()  # its turn came while it gave up

    def _give(self) -> None:
        """The place goes to the first that waits, so that nobody who comes later takes it away."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
