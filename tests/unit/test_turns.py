"""Sockets of one person ask one question at a time; those of others do not wait for them."""

import gevent
from gevent.event import Event

from app.realtime.turns import Turns

ALICE, BOB = 1, 2
WAIT_S = 10.0


def test_questions_of_one_user_are_answered_one_after_the_other_in_their_order() -> None:
    turns, under_way, done = Turns(), 0, []

    def ask(number: int) -> None:
        nonlocal under_way
        with turns.of(ALICE):
            under_way += 1
            assert under_way == 1
            gevent.sleep(0)
            under_way -= 1
            done.append(number)

    gevent.joinall([gevent.spawn(ask, number) for number in range(20)], timeout=WAIT_S, raise_error=True)

    assert done == list(range(20))


def test_one_user_does_not_wait_for_another() -> None:
    turns, let_go = Turns(), Event()

    def hold() -> None:
        with turns.of(ALICE):
            let_go.wait()

    holding = gevent.spawn(hold)
    gevent.sleep(0)

    with gevent.Timeout(WAIT_S), turns.of(BOB):
        assert not holding.dead
    let_go.set()
    holding.get(timeout=WAIT_S)


def test_nothing_of_a_user_who_asks_nothing_is_kept() -> None:
    turns = Turns()
    for user in range(100):
        with turns.of(user):
            pass

    assert turns._of == {}
