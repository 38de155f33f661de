"""Time slices of a node: however many clients send at once, the event loop runs again after a little of their work."""

from collections import deque

import gevent
from gevent.event import Event

from flask_socketio_cluster import clock

# So long the clients' messages and handshakes may have the node before everything else has its turn.
SLICE_S = 0.003
# A pause of nothing would let the other greenlets run, but not let the event loop look what has arrived for them.
TURN_PAUSE_S = 1e-6


class TimeSlices:
    """Messages and handshakes begin one after the other, first come first served; one that waits for something holds
    nobody up."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._serving = False
        self._idle_from_s = 0.0

    def wait_for_turn(self) -> None:
        """Returns at once where no other began within the last SLICE_S."""
        now_s = clock.monotonic_s()
        if not self._serving and now_s >= self._idle_from_s:
            self._idle_from_s = now_s + SLICE_S
            return
        turn = Event()
        self._waiting.append(turn)
        if not self._serving:
            self._serving = True
            gevent.spawn(self._serve)
        turn.wait()

    def _serve(self) -> None:
        try:
            while self._waiting:
                until_s = clock.monotonic_s() + SLICE_S
                while self._waiting and clock.monotonic_s() < until_s:
                    self._waiting.popleft().set()
                    gevent.sleep(0)  # whose turn it is runs until it waits or is done
                gevent.sleep(TURN_PAUSE_S)
        finally:
            self._serving = False
