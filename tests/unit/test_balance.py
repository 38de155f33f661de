"""A node that has far more sessions than the others gives some away, and no more than its excess."""

import pytest
from flask_socketio_cluster.node.balance import EVERY_S, FORGOTTEN_S, LOOKS, MOVED_MAX, SILENT_S, Shares


class Nodes:
    """Nodes that say how many sessions they have, and one of them that looks: "a"."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **sessions: int) -> None:
        self.sessions = sessions
        self.dead: set[str] = set()
        self.shares = Shares("a")
        self._now_s = 1000.0
        self._said: dict[str, str] = {}
        monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: self._now_s)

    def turn(self, after_s: float = EVERY_S) -> int:
        """A second later; how many sessions "a" gives away."""
        self._now_s += after_s
        living = {name: count for name, count in self.sessions.items() if name not in self.dead}
        self._said |= {name: f"{count}:{self._now_s}" for name, count in living.items()}
        return self.shares.to_move(self._said)

    def turns(self, count: int) -> list[int]:
        return [self.turn() for _ in range(count)]


def test_who_has_far_more_than_its_share_moves_clients_until_it_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(monkeypatch, a=900, b=0, c=0)
    seconds = 0
    assert nodes.turns(LOOKS - 1) == [0] * (LOOKS - 1)
    while moved := nodes.turn():
        assert moved <= MOVED_MAX
        nodes.sessions["a"] -= moved
        nodes.sessions["b"] += moved // 2
        nodes.sessions["c"] += moved - moved // 2
        seconds += 1

    assert 300 <= nodes.sessions["a"] <= 310
    assert seconds <= 60
    assert nodes.turns(5) == [0] * 5


def test_a_little_more_than_its_share_moves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Nodes(monkeypatch, a=350, b=300, c=280).turns(10) == [0] * 10
    assert Nodes(monkeypatch, a=49, b=0).turns(10) == [0] * 10


def test_an_excess_that_passes_moves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(monkeypatch, a=900, b=0)
    nodes.turns(LOOKS - 1)
    nodes.sessions["b"] = 900

    assert nodes.turns(5) == [0] * 5


def test_a_dead_node_has_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(monkeypatch, a=200, b=200, c=0)
    nodes.dead.add("c")
    nodes.turn()
    nodes.turn(after_s=SILENT_S + 1)

    assert nodes.turns(10) == [0] * 10


def test_a_node_that_went_long_ago_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(monkeypatch, a=200, b=200)
    nodes.turn()
    nodes.dead.add("b")
    nodes.turn(after_s=FORGOTTEN_S / 2)
    assert nodes.shares.forgotten() == []

    nodes.turn(after_s=FORGOTTEN_S)
    assert nodes.shares.forgotten() == ["b"]


@pytest.mark.parametrize("text", ["", "x:1", "-5:1", "1e9:1", ":"])
def test_what_is_no_count_counts_as_nothing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: 1000.0)
    shares = Shares("a")

    assert [shares.to_move({"a": f"5:{number}", "b": text + str(number)}) for number in range(5)] == [0] * 5
