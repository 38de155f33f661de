"""Messages and requests for money, each under its own id and repeated with it until the outcome is known."""

import itertools
import time
from typing import Any

from tests.cluster.chaos.insistent import Insistent
from tests.cluster.chaos.listener import Login
from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Message, Record


class Writer:
    """One person who writes to others. Safe to use from one thread at a time."""

    def __init__(self, login: Login, link: ClientLink, record: Record, *, seed: str) -> None:
        self._login = login
        self._record = record
        self._requests = Insistent(login, link, record, seed=seed)
        self._numbers = itertools.count(1)

    def write(self, other: Login) -> Message | None:
        return self._until_done(f"/conversas/{other.user_id}/mensagens", {"texto": "Oi 🫖"}, other)

    def ask(self, other: Login, cents: int) -> Message | None:
        """Ask the other for money."""
        money = {"valor": f"{cents // 100}.{cents % 100:02}", "correntista_id": self._login.account}
        return self._until_done("/cobrancas", {"usuario_id": other.user_id, "descricao": "Almoço", **money}, other)

    def _until_done(self, path: str, body: dict[str, Any], other: Login) -> Message | None:
        """None when the outcome stayed unknown, which goes into the record."""
        named = {**body, "id_cliente": f"{self._login.user_id}-{next(self._numbers)}"}
        made = self._requests.until_made(path, named)
        if made is None:
            return None
        parties = frozenset((self._login.user_id, other.user_id))
        done = Message(made["mensagem_id"], parties, time.monotonic())
        self._record.acknowledge_message(done)
        return done
