"""Messages and requests for money, each under its own id and repeated with it until the outcome is known."""

import itertools
import random
import threading
import time
from typing import Any

import requests

from tests.cluster.chaos.listener import Login
from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Message, Record

ANSWER_TIMEOUT_S = 12.0
OUTCOME_WITHIN_S = 90.0
AGAIN_AFTER_S = (0.1, 0.5)


class Writer:
    """One person who writes to others. Safe to use from one thread at a time."""

    def __init__(self, login: Login, link: ClientLink, record: Record, *, seed: str) -> None:
        self._login = login
        self._link = link
        self._record = record
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._pause = threading.Event()

    def write(self, other: Login) -> Message | None:
        return self._until_done(f"/conversas/{other.user_id}/mensagens", {"texto": "Oi 🫖"}, other)

    def ask(self, other: Login, cents: int) -> Message | None:
        """Ask the other for money."""
        money = {"valor": f"{cents // 100}.{cents % 100:02}", "correntista_id": self._login.account}
        return self._until_done("/cobrancas", {"usuario_id": other.user_id, "descricao": "Almoço", **money}, other)

    def _until_done(self, path: str, body: dict[str, Any], other: Login) -> Message | None:
        """None when the outcome stayed unknown, which goes into the record."""
        named = {**body, "id_cliente": f"{self._login.user_id}-{next(self._numbers)}"}
        deadline = time.monotonic() + OUTCOME_WITHIN_S
        while time.monotonic() < deadline:
            answer = self._post(path, named)
            if answer is not None and answer.status_code == 201:
                parties = frozenset((self._login.user_id, other.user_id))
                done = Message(answer.json()["mensagem_id"], parties, time.monotonic())
                self._record.acknowledge_message(done)
                return done
            if answer is not None and answer.status_code in (403, 404, 422):
                self._record.problem(f"{path} was answered {answer.text[:200]}")
                return None
            self._record.repeat()
            again_s = self._random.uniform(*AGAIN_AFTER_S)
            self._pause.wait(float(answer.headers.get("Retry-After", again_s)) if answer is not None else again_s)
        self._record.problem(f"{path} has no outcome after {OUTCOME_WITHIN_S:g} s")
        return None

    def _post(self, path: str, body: dict[str, Any]) -> requests.Response | None:
        """None when no whole answer came."""
        headers = {"Authorization": f"Bearer {self._login.token}"}
        try:
            return requests.post(self._link.url + path, json=body, headers=headers, timeout=ANSWER_TIMEOUT_S)
        except requests.RequestException:
            return None
