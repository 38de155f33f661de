"""A Socket.IO client, and the events that it heard, in their order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.ordered_client import OrderedClient

WAIT_S = 20.0


class Listener:
    """A client, and the events that it heard."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.client = OrderedClient()
        self._heard: list[tuple[str, Any]] = []
        self._news = threading.Condition()
        self.client.on("*", self._hear, namespace=namespace)

    def _hear(self, event: str, data: Any = None) -> None:
        with self._news:
            self._heard.append((event, data))
            self._news.notify_all()

    def wait(self, event: str, count: int = 1) -> list[Any]:
        """The payloads of the first `count` events of that name."""
        with self._news:
            assert self._news.wait_for(lambda: len(self._of(event)) >= count, WAIT_S), self._heard
            return self._of(event)[:count]

    def heard(self, event: str) -> list[Any]:
        """The payloads of the events of that name up to now."""
        with self._news:
            return self._of(event)

    def call(self, event: str, data: Any) -> Any:
        return self.client.call(event, data, namespace=self.namespace, timeout=WAIT_S)

    def answer(self, event: str, answer: Callable[[Any], Any]) -> None:
        self.client.on(event, answer, namespace=self.namespace)

    def _of(self, event: str) -> list[Any]:
        return [data for name, data in self._heard if name == event]


@contextmanager
def connected(
    url: str, namespace: str = "/", auth: Any = None, headers: dict[str, str] | None = None
) -> Iterator[Listener]:
    listener = Listener(namespace)
    listener.client.connect(
        url,
        headers=headers or {},
        namespaces=[namespace],
        auth=auth,
        transports=["websocket"],
        wait_timeout=WAIT_S,
    )
    try:
        yield listener
    finally:
        listener.client.disconnect()
