"""Requests that are repeated until their outcome is known."""

import random
import threading
import time
from typing import Any

import requests

from tests.cluster.chaos.listener import Login
from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Record

ANSWER_TIMEOUT_S = 12.0
OUTCOME_WITHIN_S = 90.0
AGAIN_AFTER_S = (0.1, 0.5)
# Nothing of what people ask for here is to be refused.
_REFUSALS = (403, 404, 422)


class Insistent:
    """One person who asks. Safe to use from one thread at a time."""

    def __init__(self, login: Login, link: ClientLink, record: Record, *, seed: str) -> None:
        self._login = login
        self._link = link
        self._record = record
        self._random = random.Random(seed)
        self._pause = threading.Event()

    def until_made(self, path: str, body: dict[str, Any], *, key: str | None = None) -> dict[str, Any] | None:
        """What the 201 says; None when the outcome stayed unknown or it was refused, which goes into the record."""
        deadline = time.monotonic() + OUTCOME_WITHIN_S
        while time.monotonic() < deadline:
            answer = self._post(path, body, key)
            if answer is not None and answer.status_code == 201:
                made: dict[str, Any] = answer.json()
                return made
            if answer is not None and answer.status_code in _REFUSALS:
                self._record.problem(f"{path} was answered {answer.text[:200]}")
                return None
            self._record.repeat()
            again_s = self._random.uniform(*AGAIN_AFTER_S)
            self._pause.wait(float(answer.headers.get("Retry-After", again_s)) if answer is not None else again_s)
        self._record.problem(f"{path} has no outcome after {OUTCOME_WITHIN_S:g} s")
        return None

    def _post(self, path: str, body: dict[str, Any], key: str | None) -> requests.Response | None:
        """None when no whole answer came."""
        headers = {"Authorization": f"Bearer {self._login.token}", **({"Idempotency-Key": key} if key else {})}
        try:
            return requests.post(self._link.url + path, json=body, headers=headers, timeout=ANSWER_TIMEOUT_S)
        except requests.RequestException:
            return None
