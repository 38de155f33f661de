"""Supervised loops: a step that is run again and again, and that no error ends."""

import logging
import random
from collections.abc import Callable

import gevent
from gevent import Greenlet
from gevent.event import Event

from flask_socketio_cluster import metrics

# How long `stop` waits for a step that is under way.
STOP_WAIT_S = 1.0

_log = logging.getLogger(__name__)

# One turn. Returns the seconds until the next one, or None for the loop's usual pause.
Step = Callable[[], float | None]


class Loop:
    """Runs `step` every `every_s` seconds, and at once after `wake`, until `stop`.

    What a step raises is logged, one line for each kind of failure until a step succeeds (or says `recovered`), and
    counted; the next turn comes after `retry_s`, which doubles up to `retry_max_s` while it goes on failing.
    `expected`: errors that an operator knows by their name; any other is logged with its traceback.
    Pauses vary by `jitter` (a share of them), so that many processes do not all come at once.
    """

    def __init__(
        self,
        name: str,
        step: Step,
        *,
        every_s: float,
        jitter: float = 0.0,
        retry_s: float = 0.5,
        retry_max_s: float | None = None,
        expected: tuple[type[BaseException], ...] = (),
    ) -> None:
        self.name = name
        self._step = step
        self._every_s = every_s
        self._jitter = jitter
        self._retry_s = retry_s
        self._retry_max_s = retry_max_s or retry_s
        self._expected = expected
        self._woken = Event()
        self._stopping = Event()
        self._failures = 0
        self._logged: set[str] = set()
        self._greenlet: Greenlet | None = None

    def start(self) -> None:
        """Run in a greenlet of its own."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self.run)

    def stop(self) -> None:
        """Run no further turn. A step of a started loop that is under way is ended after STOP_WAIT_S."""
        self._stopping.set()
        self._woken.set()
        greenlet, self._greenlet = self._greenlet, None
        if greenlet is not None and greenlet is not gevent.getcurrent():
            greenlet.join(STOP_WAIT_S)
            greenlet.kill()

    def wake(self) -> None:
        """Run the next turn now. During a step: once more after it. A pause after a failure is not cut short."""
        self._woken.set()

    def recovered(self) -> None:
        """What failed works again: the next failure is logged anew. For steps that go on for long."""
        self._failures = 0
        self._logged.clear()

    def run(self) -> None:
        """In this greenlet, until `stop`."""
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                pause_s = self._step()
            except (Exception, gevent.Timeout) as error:
                self._failed(error)
                self._stopping.wait(self._varied(self._retry_after_s()))
                continue
            self.recovered()
            self._woken.wait(self._varied(self._every_s if pause_s is None else pause_s))

    def _failed(self, error: BaseException) -> None:
        metrics.LOOP_FAILURES.labels(self.name).inc()
        self._failures += 1
        kind = type(error).__name__
        if kind in self._logged:
            return
        self._logged.add(kind)
        if isinstance(error, self._expected):
            _log.warning("loop_put_off", extra={"loop": self.name, "error": repr(error)})
        else:
            _log.error("loop_failed", extra={"loop": self.name}, exc_info=error)

    def _retry_after_s(self) -> float:
        return float(min(self._retry_s * 2 ** min(self._failures - 1, 16), self._retry_max_s))

    def _varied(self, pause_s: float) -> float:
        return pause_s * random.uniform(1 - self._jitter, 1 + self._jitter) if self._jitter else pause_s
