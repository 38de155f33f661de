"""What many ask at the same time is asked once, and nobody gets an answer that is older than the question."""

from collections.abc import Sequence

import gevent
import pytest
from flask_socketio_cluster.errors import Overloaded
from flask_socketio_cluster.limits import batches
from flask_socketio_cluster.limits.batches import Batches
from gevent.event import Event
from gevent.lock import Semaphore

WAIT_S = 10.0


@pytest.fixture(autouse=True)
def _cooperative(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a node, where the standard library's locks are gevent's."""

    def lock() -> Semaphore:
        return Semaphore(1)

    monkeypatch.setattr("threading.Lock", lock)


class Database:
    """Answers with the number of the question, the first `open_from - 1` only when it is told to."""

    def __init__(self, open_from: int = 1) -> None:
        self.asked: list[list[str]] = []
        self._held = {number: Event() for number in range(1, open_from)}

    def ask(self, keys: Sequence[str]) -> dict[str, int]:
        self.asked.append(list(keys))
        number = len(self.asked)
        if number in self._held:
            assert self._held[number].wait(WAIT_S)
        if "bad" in keys:
            raise ValueError("no")
        return {key: number for key in keys if key != "unknown"}

    def answer(self, number: int) -> None:
        self._held[number].set()


def spawn(asking: Batches, *keys: str) -> list[gevent.Greenlet]:
    greenlets = [gevent.spawn(asking.get, key) for key in keys]
    gevent.sleep(0)
    return greenlets


def test_one_alone_is_asked_at_once() -> None:
    database = Database()

    assert Batches(database.ask).get("a") == 1
    assert database.asked == [["a"]]


def test_who_asks_while_a_question_is_under_way_is_in_the_next_one_with_all_others() -> None:
    database = Database(open_from=2)
    asking = Batches(database.ask)
    first = spawn(asking, "a")
    rest = spawn(asking, "a", "b", "c", "b")
    database.answer(1)

    assert [greenlet.get(timeout=WAIT_S) for greenlet in (*first, *rest)] == [1, 2, 2, 2, 2]
    assert database.asked == [["a"], ["a", "b", "c"]]


def test_a_failure_is_told_to_all_who_asked_and_to_nobody_else() -> None:
    database = Database(open_from=2)
    asking = Batches(database.ask)
    first, (bad, good) = spawn(asking, "a"), spawn(asking, "bad", "good")
    database.answer(1)

    assert first[0].get(timeout=WAIT_S) == 1
    for greenlet in (bad, good):
        with pytest.raises(ValueError, match="no"):
            greenlet.get(timeout=WAIT_S)
    assert bad.exception is not good.exception, "each is raised in a place of its own"
    assert asking.get("a") == 3


def test_a_key_without_an_answer_is_an_error_of_its_own() -> None:
    database = Database(open_from=2)
    asking = Batches(database.ask)
    spawn(asking, "a")
    unknown, known = spawn(asking, "unknown", "known")
    database.answer(1)

    assert known.get(timeout=WAIT_S) == 2
    with pytest.raises(KeyError):
        unknown.get(timeout=WAIT_S)


def test_who_is_interrupted_while_asking_for_all_takes_nobody_along() -> None:
    database = Database(open_from=3)
    asking = Batches(database.ask)
    (first,) = spawn(asking, "a")
    leader, other = spawn(asking, "b", "c")
    database.answer(1)
    first.get(timeout=WAIT_S)
    gevent.sleep(0)
    leader.kill()

    assert other.get(timeout=WAIT_S) == 3
    assert database.asked == [["a"], ["b", "c"], ["c"]]
    assert asking.get("d") == 4


def test_who_is_interrupted_before_its_turn_to_ask_for_all_is_passed_over() -> None:
    database = Database(open_from=2)
    asking = Batches(database.ask)
    (first,) = spawn(asking, "a")
    gone, other = spawn(asking, "b", "c")
    gone.kill()
    database.answer(1)

    assert (first.get(timeout=WAIT_S), other.get(timeout=WAIT_S)) == (1, 2)
    assert database.asked == [["a"], ["c"]]
    assert asking.get("d") == 3


def test_where_many_ask_a_question_waits_for_others_to_come_along(monkeypatch: pytest.MonkeyPatch) -> None:
    database, let_go, now_s = Database(), Event(), 1000.0
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: now_s)
    monkeypatch.setattr("time.sleep", lambda pause_s: let_go.wait(WAIT_S))
    asking = Batches(database.ask)
    for _ in range(batches.BUSY_KEYS - 1):
        asking.get("seldom")
    assert len(database.asked) == batches.BUSY_KEYS - 1
    together = spawn(asking, "a", "b")
    let_go.set()

    assert [greenlet.get(timeout=WAIT_S) for greenlet in together] == [batches.BUSY_KEYS] * 2
    assert database.asked[-1] == ["a", "b"]

    now_s += batches.BUSY_WITHIN_S
    let_go.clear()
    assert asking.get("alone") == batches.BUSY_KEYS + 1, "at once"


def test_who_is_interrupted_while_waiting_for_others_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    database, never = Database(), Event()
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: 1000.0)
    asking = Batches(database.ask)
    for _ in range(batches.BUSY_KEYS - 1):
        asking.get("seldom")
    monkeypatch.setattr("time.sleep", lambda pause_s: never.wait(WAIT_S))
    leader, other = spawn(asking, "a", "b")
    monkeypatch.setattr("time.sleep", lambda pause_s: None)
    leader.kill()

    assert other.get(timeout=WAIT_S) == batches.BUSY_KEYS
    assert database.asked[-1] == ["b"]


def test_there_is_a_bound_on_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WAITING_MAX", 2)
    database = Database(open_from=2)
    asking = Batches(database.ask)
    greenlets = spawn(asking, "a", "b", "c")
    with pytest.raises(Overloaded):
        asking.get("d")
    database.answer(1)

    assert [greenlet.get(timeout=WAIT_S) for greenlet in greenlets] == [1, 2, 2]


def test_one_question_has_a_bound_on_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "KEYS_MAX", 2)
    database = Database(open_from=2)
    asking = Batches(database.ask)
    greenlets = spawn(asking, "a", "b", "c", "d")
    database.answer(1)

    assert [greenlet.get(timeout=WAIT_S) for greenlet in greenlets] == [1, 2, 2, 3]
