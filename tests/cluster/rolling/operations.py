"""So many operations a second, by many people, and what came of each."""

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import requests

from tests.support.people import Registered

TIMEOUT_S = 30.0
THREADS = 10
REFUSALS_KEPT = 20
VALUE = "1.00"
# So much that no transfer is ever refused.
FIRST_DEPOSIT = "100000.00"


class Operations:
    """Deposits and transfers at `per_s` a second, spread evenly, from `start` until `stop`. None is tried again."""

    def __init__(self, url: str, people: Sequence[Registered], *, per_s: float) -> None:
        self._url = url
        self._people = people
        self._pause_s = THREADS / per_s
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(THREADS)]
        self._lock = threading.Lock()
        # By status, or the name of the error.
        self.outcomes: Counter[str] = Counter()
        self.refusals: list[str] = []
        self.took_s: list[float] = []

    def endow(self) -> None:
        """Give everybody money, before anybody listens."""
        with requests.Session() as session:
            for person in self._people:
                self._post(session, person, "/deposito", {"correntista_id": person.account, "valor": FIRST_DEPOSIT})

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when none is under way any more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> int:
        return self.outcomes.total() - self.outcomes["201"]

    def _work(self, number: int) -> None:
        with requests.Session() as session:
            due = time.monotonic() + self._pause_s * number / THREADS
            while not self._over.wait(max(0.0, due - time.monotonic())):
                self._one(session)
                due += self._pause_s

    def _one(self, session: requests.Session) -> None:
        payer, payee = random.sample(self._people, 2)
        if random.random() < 0.5:
            path, of = "/deposito", {"correntista_id": payer.account}
        else:
            path, of = (
                "/transferencia",
                {
                    "correntista_id_origem": payer.account,
                    "correntista_id_destino": payee.account,
                },
            )
        begun = time.monotonic()
        try:
            answer = self._post(session, payer, path, {**of, "valor": VALUE})
            outcome, text = str(answer.status_code), answer.text.strip()
        except requests.RequestException as error:
            outcome, text = type(error).__name__, str(error)
        with self._lock:
            self.outcomes[outcome] += 1
            self.took_s.append(time.monotonic() - begun)
            if outcome != "201" and len(self.refusals) < REFUSALS_KEPT:
                self.refusals.append(f"{path} {outcome}: {text[:200]}")

    def _post(
        self, session: requests.Session, person: Registered, path: str, body: dict[str, Any]
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": secrets.token_hex(8)}
        return session.post(self._url + path, json=body, headers=headers, timeout=TIMEOUT_S)
