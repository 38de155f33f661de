"""The id of a request: one of ours where nobody gave a good one, of each greenlet by itself, and of nobody after it."""

import re

import gevent
import pytest
from flask_socketio_cluster import trace

OWN = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def _ended() -> None:
    trace.end()


def test_an_id_that_is_given_is_kept() -> None:
    trace.begin("0123456789abcdef" * 2)

    assert trace.current() == "0123456789abcdef" * 2


@pytest.mark.parametrize("given", [None, "", "short", "f" * 65, 'f" injected "ffffffff', "f" * 31 + "\n", "é" * 32])
def test_what_is_no_id_is_replaced(given: str | None) -> None:
    trace.begin(given)

    assert OWN.fullmatch(trace.current() or "")


def test_each_greenlet_has_its_own() -> None:
    trace.begin("a" * 32)

    assert gevent.spawn(trace.current).get() is None
    assert trace.current() == "a" * 32


def test_what_is_begun_within_ends_with_it_whatever_happens() -> None:
    trace.begin("a" * 32)

    def fail() -> None:
        with trace.begun():
            assert trace.current() != "a" * 32
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert trace.current() == "a" * 32
    trace.end()
    assert trace.current() is None
