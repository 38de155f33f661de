"""Packets of a session that polls, until a poll carries them away."""

from collections import deque

from gevent.event import Event

# A stock Python client breaks off at a poll that brings more.
POLL_PACKETS_MAX = 16


class PollQueue:
    """The session keeps its bounds."""

    def __init__(self) -> None:
        self._packets: deque[str] = deque()
        self.size_bytes = 0
        # Set when a packet came, when the client took the last one, and at the end.
        self._news = Event()

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, packet: str) -> None:
        self._packets.append(packet)
        self.size_bytes += len(packet)
        self.wake()

    def take(self, count: int = POLL_PACKETS_MAX) -> list[str]:
        """At most `count` packets, in order."""
        packets = [self._packets.popleft() for _ in range(min(count, len(self._packets)))]
        self.size_bytes -= sum(map(len, packets))
        return packets

    def sleep(self) -> None:
        """From here on `wait` waits."""
        self._news.clear()

    def wake(self) -> None:
        """End a `wait`."""
        self._news.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until it is woken; False when it was not in time."""
        return bool(self._news.wait(timeout_s))
