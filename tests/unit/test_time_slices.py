"""However many clients send at once, everything else of the node has its turn after a little of their work."""

import gevent
import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.transport.time_slices import SLICE_S, TimeSlices
from gevent.event import Event

WAIT_S = 10.0
CLIENTS = 50


def test_between_slices_of_the_clients_work_the_event_loop_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, slices, done, loop_ran_after = 0.0, TimeSlices(), 0, []
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s)

    def work() -> None:
        nonlocal now_s, done
        slices.wait_for_turn()
        now_s += SLICE_S / 2
        done += 1

    def watch() -> None:
        while done < CLIENTS:
            gevent.sleep(1e-6)  # the event loop wakes it
            loop_ran_after.append(done)

    clients = [gevent.spawn(work) for _ in range(CLIENTS)]
    gevent.joinall([*clients, gevent.spawn(watch)], timeout=WAIT_S, raise_error=True)

    steps = [after - before for before, after in zip([0, *loop_ran_after], loop_ran_after, strict=False)]
    assert max(steps) <= 3, "two messages fill a slice"


def test_turns_come_in_order_and_one_that_waits_holds_nobody_up() -> None:
    slices, let_go, order = TimeSlices(), Event(), []

    def work(number: int) -> None:
        slices.wait_for_turn()
        order.append(number)
        if number == 0:
            let_go.wait()

    clients = [gevent.spawn(work, number) for number in range(10)]
    gevent.joinall(clients[1:], timeout=WAIT_S, raise_error=True)

    assert order == list(range(10))
    let_go.set()
    clients[0].get(timeout=WAIT_S)
