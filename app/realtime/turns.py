"""Turns of a user: the sockets of one person ask one question at a time on a node, in the order they came."""

from collections.abc import Iterator
from contextlib import contextmanager

from gevent.lock import BoundedSemaphore


class Turns:
    def __init__(self) -> None:
        # The semaphore and how many hold or want it.
        self._of: dict[int, tuple[BoundedSemaphore, int]] = {}

    @contextmanager
    def of(self, user_id: int) -> Iterator[None]:
        """Wait for the user's turn and keep it. Each socket asks once at a time, so few can wait."""
        gate, count = self._of.get(user_id, (None, 0))
        gate = gate or BoundedSemaphore()
        self._of[user_id] = (gate, count + 1)
        try:
            with gate:
                yield
        finally:
            gate, count = self._of[user_id]
            if count == 1:
                del self._of[user_id]
            else:
                self._of[user_id] = (gate, count - 1)
