"""A queue in front of what is scarce: in order, bounded, and nobody's place is lost."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from app.errors import Overloaded
from app.gate import Gate
from tests.support.metrics import counted

LONG_S = 60.0


class Visitors:
    """Threads that enter in the order in which they were sent, and stay until they are let go."""

    def __init__(self, gate: Gate) -> None:
        self.entered: list[str] = []
        self._gate = gate
        self._pool = ThreadPoolExecutor(16)
        self._go: dict[str, Event] = {}
        self._visits: dict[str, Future[None]] = {}

    def send(self, name: str) -> None:
        """Returns when the visitor is inside or in the queue."""
        waiting, self._go[name] = self._gate.waiting, Event()
        self._visits[name] = self._pool.submit(self._visit, name)
        until(lambda: name in self.entered or self._gate.waiting > waiting)

    def let_go(self, name: str) -> None:
        """Returns when the visitor has left."""
        self._go[name].set()
        self._visits[name].result(LONG_S)

    def close(self) -> None:
        for go in self._go.values():
            go.set()
        self._pool.shutdown()

    def _visit(self, name: str) -> None:
        with self._gate.enter(until=time.monotonic() + LONG_S):
            self.entered.append(name)
            self._go[name].wait(LONG_S)


def until(came: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_S
    while not came():
        assert time.monotonic() < deadline
        time.sleep(0)


@pytest.fixture
def gate() -> Gate:
    return Gate("trial", at_once_max=2, waiting_max=2, retry_after_s=7)


@pytest.fixture
def visitors(gate: Gate) -> Iterator[Visitors]:
    made = Visitors(gate)
    yield made
    made.close()


def enter(gate: Gate, *, wait_s: float = LONG_S) -> None:
    with gate.enter(until=time.monotonic() + wait_s):
        pass


def test_they_enter_in_the_order_in_which_they_came(visitors: Visitors) -> None:
    for name in "abcd":
        visitors.send(name)
    assert visitors.entered == ["a", "b"]

    visitors.let_go("b")
    until(lambda: len(visitors.entered) == 3)
    visitors.let_go("a")
    until(lambda: len(visitors.entered) == 4)

    assert visitors.entered == ["a", "b", "c", "d"]


def test_who_finds_the_queue_full_is_told_at_once_when_to_come_again(gate: Gate, visitors: Visitors) -> None:
    for name in "abcd":
        visitors.send(name)

    with pytest.raises(Overloaded) as refused:
        enter(gate)

    assert (refused.value.status, refused.value.retry_after_s) == (503, 7)


def test_who_waits_too_long_leaves_the_queue(gate: Gate, visitors: Visitors) -> None:
    for name in "ab":
        visitors.send(name)

    for _ in range(3):
        with pytest.raises(Overloaded):
            enter(gate, wait_s=0.01)

    assert gate.waiting == 0
    visitors.let_go("a")
    enter(gate)


def test_whatever_happens_inside_the_place_is_given_back(gate: Gate) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), gate.enter(until=time.monotonic()):
            1 / 0  # noqa: B018
    enter(gate)


def counts() -> tuple[float, float, float]:
    """Who has waited, who waits, who was refused."""
    return (
        counted("saldo_vivo_gate_seconds_count", gate="trial"),
        counted("saldo_vivo_gate_waiting", gate="trial"),
        counted("saldo_vivo_gate_refused_total", gate="trial"),
    )


def test_who_waits_who_has_waited_and_who_was_refused_is_counted(gate: Gate, visitors: Visitors) -> None:
    waited, waiting, refused = counts()
    for name in "abcd":
        visitors.send(name)
    with pytest.raises(Overloaded):
        enter(gate)
    assert counts() == (waited, waiting + 2, refused + 1)

    for name in "abcd":
        visitors.let_go(name)
    assert counts() == (waited + 2, waiting, refused + 1)


IN_A_NODE = """
    from gevent import monkey
    monkey.patch_all()
    import time
    import gevent
    from app.gate import Gate

    gate, entered = Gate("trial", at_once_max=1, waiting_max=3), []

    def visit(name):
        with gate.enter(until=time.monotonic() + 60):
            entered.append(name)
            gevent.sleep(0)

    def keep(done):
        with gate.enter(until=time.monotonic() + 60):
            done.wait()

    done = gevent.event.Event()
    keeper = gevent.spawn(keep, done)
    waiting = [gevent.spawn(visit, name) for name in "abc"]
    gevent.sleep(0.01)
    assert gate.waiting == 3, gate.waiting
    waiting[0].kill()
    assert gate.waiting == 2, gate.waiting
    waiting[1].kill(block=False)  # its turn and its end come together
    done.set()
    gevent.joinall([keeper, *waiting])
    assert entered == ["c"], entered
    gevent.spawn(visit, "d").get()
    assert entered == ["c", "d"], entered
"""


def test_a_greenlet_that_is_ended_leaves_the_queue_and_passes_its_turn_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(IN_A_NODE)], check=False, capture_output=True, text=True, timeout=LONG_S
    )

    assert done.returncode == 0, done.stderr
