"""What is past its time is dropped, also after a turn that failed in a way that nobody expects."""

import gevent
import pytest
from gevent.event import Event

from app.bank import idempotency
from app.db import Database
from worker import housekeeping

WAIT_S = 10.0


def test_housekeeping_goes_on_after_an_unexpected_error(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    purge, outcomes, done = idempotency.purge, [ValueError("nobody expects it")], Event()

    def fail_once(*args: object) -> int:
        if outcomes:
            raise outcomes.pop()
        done.set()
        return purge(*args)  # type: ignore[arg-type]  # what `transact` gives it

    monkeypatch.setattr(idempotency, "purge", fail_once)
    loop = housekeeping.loop(sqlite)
    loop.start()
    try:
        with gevent.Timeout(WAIT_S):
            done.wait()
    finally:
        loop.stop()
