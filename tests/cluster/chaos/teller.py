"""Money requests, each under its own key and repeated with it until the outcome is known."""

import itertools
import random
import threading
import time
from typing import Any

import requests

from tests.cluster.chaos.listener import Login
from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Operation, Record

ANSWER_TIMEOUT_S = 12.0
OUTCOME_WITHIN_S = 90.0
AGAIN_AFTER_S = (0.1, 0.5)
NO_ANSWER = "no answer"

# Answers that leave the outcome open, or that a later attempt will not get.
_OPEN = {"banco_indisponivel", "resultado_desconhecido", "servico_indisponivel", "chave_em_andamento"}
_REFUSED = {"saldo_insuficiente"}


class Teller:
    """One person at the counter. Safe to use from one thread at a time."""

    def __init__(self, login: Login, link: ClientLink, record: Record, *, seed: str) -> None:
        self._login = login
        self._link = link
        self._record = record
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._session = requests.Session()
        self._pause = threading.Event()

    def deposit(self, cents: int) -> Operation | None:
        return self._operate("/deposito", {"correntista_id": self._login.account}, cents, self._login)

    def withdraw(self, cents: int) -> Operation | None:
        return self._operate("/saque", {"correntista_id": self._login.account}, cents, self._login)

    def pay(self, cents: int) -> Operation | None:
        body = {"correntista_id": self._login.account, "descricao": "Luz"}
        return self._operate("/pagamento", body, cents, self._login)

    def transfer(self, other: Login, cents: int, *, request_id: int | None = None) -> Operation | None:
        """`request_id`: of a request of the other's, which this pays."""
        body: dict[str, Any] = {
            "correntista_id_origem": self._login.account,
            "correntista_id_destino": other.account,
            "descricao": "Aluguel",
            "cobranca_id": request_id,
        }
        return self._operate("/transferencia", body, cents, self._login, other)

    def _operate(self, path: str, body: dict[str, Any], cents: int, *parties: Login) -> Operation | None:
        """The operation, or None when it was refused for lack of money (or its outcome stayed unknown)."""
        key = f"{self._login.user_id}-{next(self._numbers)}"
        body = {**body, "valor": f"{cents // 100}.{cents % 100:02}"}
        deadline = time.monotonic() + OUTCOME_WITHIN_S
        while True:
            begun = time.monotonic()
            answer = self._post(path, body, key)
            is_done = answer is not None and answer.status_code == 201
            self._record.answer("201" if is_done else self._code(answer) or NO_ANSWER, begun)
            if answer is not None and is_done:
                users = frozenset(party.user_id for party in parties)
                done = Operation(answer.json()["operacao_id"], key, self._login.user_id, users, time.monotonic())
                self._record.acknowledge(done)
                return done
            code = self._code(answer)
            if code in _REFUSED:
                self._record.refuse(self._login.user_id, key)
                return None
            if code is not None and code not in _OPEN:
                self._record.problem(f"{path} under key {key} was answered {code}")
                return None
            if time.monotonic() > deadline:
                self._record.problem(f"{path} under key {key} has no outcome after {OUTCOME_WITHIN_S:g} s")
                return None
            self._record.repeat()
            self._pause.wait(self._random.uniform(*AGAIN_AFTER_S))

    def _post(self, path: str, body: dict[str, Any], key: str) -> requests.Response | None:
        """None when no whole answer came."""
        headers = {"Authorization": f"Bearer {self._login.token}", "Idempotency-Key": key}
        try:
            return self._session.post(self._link.url + path, json=body, headers=headers, timeout=ANSWER_TIMEOUT_S)
        except requests.RequestException:
            return None

    @staticmethod
    def _code(answer: requests.Response | None) -> str | None:
        """Why it was not done; None when nobody said."""
        if answer is None:
            return None
        try:
            return str(answer.json()["codigo"])
        except (ValueError, KeyError):
            return f"status {answer.status_code} without a code: {answer.text[:200]!r}"
