"""A node that hears nothing subscribes anew, and gives the new connection time."""

from typing import Any

import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.bus.canary import DEAF_S, EVERY_S, Canary, is_canary

from tests.support.metrics import counted


class Subscription:
    """One that is open and brings nothing."""

    connected = True

    def __init__(self) -> None:
        self.reconnected_at_s: list[float] = []
        self.now_s = 1000.0

    def add(self, channel: str) -> None:
        pass

    def reconnect(self) -> None:
        self.reconnected_at_s.append(self.now_s)


class Client:
    def __init__(self) -> None:
        self.published: list[bytes] = []

    def publish(self, channel: str, message: bytes) -> None:
        self.published.append(message)


def test_a_new_connection_is_not_dropped_before_it_could_bring_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    subscription: Any = Subscription()
    client: Any = Client()
    monkeypatch.setattr(clock, "monotonic_s", lambda: subscription.now_s)
    canary = Canary(client, subscription, channel="flask-socketio:node:web1")

    for _ in range(10):
        subscription.now_s += 1.0
        canary._publish()

    first, second = subscription.reconnected_at_s
    assert first == 1000.0 + DEAF_S + 1.0
    assert second - first > DEAF_S


@pytest.fixture
def subscription(monkeypatch: pytest.MonkeyPatch) -> Subscription:
    """Whose clock is the only one."""
    made = Subscription()
    monkeypatch.setattr(clock, "monotonic_s", lambda: made.now_s)
    return made


def canary_of(subscription: Any, client: Any) -> Canary:
    return Canary(client, subscription, channel="flask-socketio:node:web1")


def test_how_long_the_bus_takes_is_known_of_each_canary_also_of_a_late_one(subscription: Subscription) -> None:
    client = Client()
    canary = canary_of(subscription, client)
    before, count = counted("socketio_cluster_bus_seconds_sum"), counted("socketio_cluster_bus_seconds_count")
    for _ in range(2):
        canary._publish()
        subscription.now_s += EVERY_S

    first, second = client.published
    canary.came_back(first)  # after two seconds
    canary.came_back(second)  # after one

    assert counted("socketio_cluster_bus_seconds_count") == count + 2
    assert counted("socketio_cluster_bus_seconds_sum") - before == pytest.approx(3 * EVERY_S)


@pytest.mark.parametrize("forged", [b"1:", b"1:nan", b"1:-5", b"1:" + b"9" * 5000, "1:٣".encode()])
def test_a_canary_that_is_none_of_ours_counts_nothing(subscription: Subscription, forged: bytes) -> None:
    canary, count = canary_of(subscription, Client()), counted("socketio_cluster_bus_seconds_count")

    assert is_canary(forged)
    canary.came_back(forged)

    assert counted("socketio_cluster_bus_seconds_count") == count


def test_deaf_time_is_counted_once_from_the_last_that_was_heard(subscription: Subscription) -> None:
    canary, before = canary_of(subscription, Client()), counted("socketio_cluster_deaf_seconds_total")
    heard_s = subscription.now_s

    for _ in range(10):
        subscription.now_s += EVERY_S
        canary._publish()
    assert counted("socketio_cluster_deaf_seconds_total") - before == pytest.approx(subscription.now_s - heard_s)

    canary.heard()
    subscription.now_s += EVERY_S
    canary._publish()
    assert counted("socketio_cluster_deaf_seconds_total") - before == pytest.approx(10 * EVERY_S)
