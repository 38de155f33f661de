"""Sockets of one person ask one question at a time; those of others do not wait for them."""

import gevent
import pytest
from flask_socketio_cluster.errors import Overloaded
from flask_socketio_cluster.limits.key_locks import AT_ONCE_MAX, KeyLocks
from gevent.event import Event

ALICE, BOB = 1, 2
WAIT_S = 10.0


def test_questions_of_one_user_are_answered_one_after_the_other_in_their_order() -> None:
    locks, under_way, done = KeyLocks(), 0, []

    def ask(number: int) -> None:
        nonlocal under_way
        with locks.hold(ALICE):
            under_way += 1
            assert under_way == 1
            gevent.sleep(0)
            under_way -= 1
            done.append(number)

    gevent.joinall([gevent.spawn(ask, number) for number in range(20)], timeout=WAIT_S, raise_error=True)

    assert done == list(range(20))


def test_one_user_does_not_wait_for_another() -> None:
    locks, let_go = KeyLocks(), Event()

    def hold() -> None:
        with locks.hold(ALICE):
            let_go.wait()

    holding = gevent.spawn(hold)
    gevent.sleep(0)

    with gevent.Timeout(WAIT_S), locks.hold(BOB):
        assert not holding.dead
    let_go.set()
    holding.get(timeout=WAIT_S)


def test_who_finds_too_many_waiting_is_refused_at_once_and_the_others_are_served() -> None:
    locks, let_go, served = KeyLocks(), Event(), []

    def hold(number: int) -> None:
        with locks.hold(ALICE):
            let_go.wait()
            served.append(number)

    holding = [gevent.spawn(hold, number) for number in range(AT_ONCE_MAX)]
    gevent.sleep(0)

    with pytest.raises(Overloaded), locks.hold(ALICE):
        pass
    let_go.set()
    gevent.joinall(holding, timeout=WAIT_S, raise_error=True)
    assert served == list(range(AT_ONCE_MAX))
    assert locks._locks == {}


def test_nothing_of_a_user_who_asks_nothing_is_kept() -> None:
    locks = KeyLocks()
    for user in range(100):
        with locks.hold(user):
            pass

    assert locks._locks == {}
