"""When this machine stood still: a promise of seconds is the product's, a pause of everything on the machine is not."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

NAP_S = 0.01
# Waking up by so much too late is usual on a busy machine, and no pause.
OVERSLEPT_S_MIN = 0.02

# Begin and end, of `time.monotonic`.
Span = tuple[float, float]


class Stalls:
    """A witness: takes short naps while it is `watching`, and remembers every one that it overslept.

    A pause of the whole machine, or of this process, is told as at most NAP_S shorter than it was. A server that
    works too slowly lets the witness sleep as usual, and is told nothing of.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._found: list[Span] = []
        self._due_at = float("inf")

    @contextmanager
    def watching(self) -> Iterator["Stalls"]:
        thread = threading.Thread(target=self._watch, name="stalls", daemon=True)
        self._due_at = time.monotonic() + NAP_S
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def spans(self) -> list[Span]:
        """Every pause so far, in order; one that is just over too, even if the witness has not woken up from it."""
        with self._lock:
            return self._found + self._overslept()

    def awake_s(self, begun: float, ended: float) -> float:
        """How much of that time the machine did not stand still."""
        return uncovered_s(begun, ended, self.spans())

    def since_s(self, begun: float) -> float:
        """The same until now."""
        return self.awake_s(begun, time.monotonic())

    def stood_still_s(self, begun: float) -> float:
        """How long the machine stood still since then."""
        now = time.monotonic()
        return now - begun - self.awake_s(begun, now)

    def _watch(self) -> None:
        while not self._over.is_set():
            time.sleep(NAP_S)
            with self._lock:
                self._found += self._overslept()
                self._due_at = time.monotonic() + NAP_S

    def _overslept(self) -> list[Span]:
        now = time.monotonic()
        return [(self._due_at, now)] if now > self._due_at + OVERSLEPT_S_MIN else []


def uncovered_s(begun: float, ended: float, spans: Iterable[Span]) -> float:
    """How much of the time from `begun` to `ended` is in none of `spans`, which may overlap."""
    left_s, at = 0.0, begun
    for since, until in sorted(spans):
        left_s += max(0.0, min(since, ended) - at)
        at = max(at, until)
    return left_s + max(0.0, ended - at)
