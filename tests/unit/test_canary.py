"""A node that hears nothing subscribes anew, and gives the new connection time."""

from typing import Any

import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.bus.canary import DEAF_S, Canary


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
    def publish(self, channel: str, message: bytes) -> None:
        pass


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
