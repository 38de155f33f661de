"""A supervised loop goes on whatever its step does, says so once, and stops when it is told to."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from flask_socketio_cluster.loops import Loop
from gevent.event import Event

from tests.support import package_log
from tests.support.metrics import counted

WAIT_S = 10.0
LONG_S = 3600.0


class Steps:
    """A step that does what it is told, one thing a turn: raises an error, or returns a pause."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.turns = 0
        self._turned = Event()

    def __call__(self) -> float | None:
        self.turns += 1
        self._turned.set()
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is None or isinstance(outcome, float)
        return outcome

    def wait(self, turns: int) -> None:
        with gevent.Timeout(WAIT_S):
            while self.turns < turns:
                self._turned.clear()
                self._turned.wait()


@pytest.fixture
def started() -> Iterator[list[Loop]]:
    loops: list[Loop] = []
    yield loops
    for loop in loops:
        loop.stop()


def start(started: list[Loop], steps: Steps, **options: Any) -> Loop:
    loop = Loop("test", steps, **{"every_s": LONG_S, "retry_s": 0.001, **options})
    started.append(loop)
    loop.start()
    return loop


def test_building_a_loop_runs_nothing() -> None:
    steps = Steps()
    Loop("test", steps, every_s=0.001)
    gevent.sleep(0)

    assert steps.turns == 0


def test_no_error_ends_it(started: list[Loop]) -> None:
    steps = Steps(ValueError("x"), gevent.Timeout(1), KeyError("y"), 0.0)
    before = counted("socketio_cluster_loop_failures_total", loop="test")

    start(started, steps)

    steps.wait(5)
    assert counted("socketio_cluster_loop_failures_total", loop="test") == before + 3


def test_a_kind_of_failure_is_logged_once_until_a_turn_succeeds(started: list[Loop]) -> None:
    failures = (ValueError("one"), ValueError("two"), KeyError("other"), ValueError("three"))
    steps = Steps(*failures, 0.0, ValueError("again"), 0.0)
    with package_log.captured() as lines:
        start(started, steps, expected=(KeyError,))
        steps.wait(8)

    assert [(line.getMessage(), line.levelname) for line in lines] == [
        ("loop_failed", "ERROR"),
        ("loop_put_off", "WARNING"),
        ("loop_failed", "ERROR"),
    ]
    assert lines[0].exc_info is not None
    assert lines[0].exc_info[1] is failures[0], "an error that nobody expects has its traceback"


def test_waking_starts_the_next_turn_at_once(started: list[Loop]) -> None:
    steps = Steps()
    loop = start(started, steps)
    steps.wait(1)

    loop.wake()

    steps.wait(2)


def test_what_wakes_it_during_a_turn_is_not_forgotten(started: list[Loop]) -> None:
    steps = Steps()

    def step() -> None:
        if steps.turns == 0:
            loop.wake()
        steps()

    loop = Loop("test", step, every_s=LONG_S)
    started.append(loop)
    loop.start()

    steps.wait(2)


def test_the_pause_after_failures_grows_to_its_bound_and_waking_does_not_cut_it() -> None:
    loop = Loop("test", lambda: None, every_s=1, retry_s=0.25, retry_max_s=1.0)

    pauses = []
    for _ in range(5):
        loop._failed(ValueError())
        pauses.append(loop._retry_after_s())
    loop.recovered()
    loop._failed(ValueError())

    assert pauses == [0.25, 0.5, 1.0, 1.0, 1.0]
    assert loop._retry_after_s() == 0.25


def test_it_ends_when_it_is_stopped_also_within_a_turn_that_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch, started: list[Loop]
) -> None:
    monkeypatch.setattr("flask_socketio_cluster.loops.STOP_WAIT_S", 0.01)
    waiting, ended = Event(), Event()

    def step() -> None:
        try:
            waiting.set()
            Event().wait()
        finally:
            ended.set()

    loop = Loop("test", step, every_s=LONG_S)
    loop.start()
    assert waiting.wait(WAIT_S)

    loop.stop()

    assert ended.wait(WAIT_S)
