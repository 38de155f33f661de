"""One at a time for each key, in the order they came."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from gevent.lock import BoundedSemaphore

from flask_socketio_cluster.errors import Overloaded

# Who holds a key, and who waits for it.
AT_ONCE_MAX = 100


class KeyLocks:
    """A lock for each key, which costs nothing while nobody holds it."""

    def __init__(self) -> None:
        # The semaphore and how many hold or want it.
        self._locks: dict[Hashable, tuple[BoundedSemaphore, int]] = {}

    @contextmanager
    def hold(self, key: Hashable) -> Iterator[None]:
        """Wait for the key's turn and keep it. Raises Overloaded when AT_ONCE_MAX are there already."""
        lock, count = self._locks.get(key, (None, 0))
        if count >= AT_ONCE_MAX:
            raise Overloaded
        lock = lock or BoundedSemaphore()
        self._locks[key] = (lock, count + 1)
        try:
            with lock:
                yield
        finally:
            lock, count = self._locks[key]
            if count == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, count - 1)
