"""The two kinds of devices: pages that resume, and plain clients that only know `autenticar`."""

import time
from typing import Any

from tests.cluster.chaos.listener import Listener
from tests.support.ordered_client import OrderedClient

ASK_AGAIN_S = 3.0


class Page(Listener):
    """Keeps `ultimo_seq` and `epoca`, drops what it has seen, asks for what is missing: each event is shown once."""

    says_it_in_handshake = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dropped = 0  # events that came again on the wire
        self.gaps = 0
        self._place: dict[str, int] = {}
        self._asked: tuple[int, float] = (-1, 0.0)

    @property
    def position(self) -> int:
        return self._place.get("ultimo_seq", -1) if self.authenticated.is_set() else -1

    def _handshake(self) -> dict[str, Any] | None:
        return {"token": self._token, **self._place} if self.says_it_in_handshake else None

    def _question(self) -> dict[str, Any] | None:
        return None if self.says_it_in_handshake else {"token": self._token, **self._place}

    def _begin(self, answer: dict[str, Any]) -> None:
        if not self._place:
            self._place = {"ultimo_seq": answer["seq"], "epoca": answer["epoca"]}
        elif not answer["recuperado"]:
            self._record.problem(f"lost: {self.name} at {self._place} was told to start afresh: {answer}")

    def _event(self, client: OrderedClient, event: dict[str, Any], fact: str) -> None:
        last = self._place["ultimo_seq"]
        if event["seq"] <= last:
            self.dropped += 1
        elif event["seq"] == last + 1:
            self._place["ultimo_seq"] = event["seq"]
            self._show(event, fact)
        elif self._asked[0] != last or time.monotonic() - self._asked[1] > ASK_AGAIN_S:
            self.gaps += 1
            self._asked = (last, time.monotonic())
            client.emit("sincronizar", {"desde": last})


class PlainClient(Listener):
    """Written for the guide alone: `autenticar` with a token, and every event is shown as it comes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last = 0

    @property
    def position(self) -> int:
        return self._last if self.authenticated.is_set() else -1

    def _handshake(self) -> dict[str, Any] | None:
        return None

    def _question(self) -> dict[str, Any] | None:
        return {"token": self._token}

    def _begin(self, answer: dict[str, Any]) -> None:
        self._last = answer["seq"]

    def _event(self, client: OrderedClient, event: dict[str, Any], fact: str) -> None:
        """While its connection lives it gets each event once and in order, without saying what it has."""
        if event["seq"] <= self._last:
            self._record.problem(f"duplicated: {self.name} got {event['seq']} again after {self._last}")
            return
        if event["seq"] > self._last + 1:
            self._record.problem(f"lost: {self.name} got {event['seq']} right after {self._last}")
        self._last = event["seq"]
        self._show(event, fact)
