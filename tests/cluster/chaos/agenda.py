"""Schedules, each made under its own key, which is repeated until the outcome is known."""

import itertools
from datetime import timedelta
from typing import Any

from app import clock
from tests.cluster.chaos.insistent import Insistent
from tests.cluster.chaos.listener import Login
from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Record, Schedule

WEEKS_MAX = 6
# Nothing is due by itself during a run, which may go on over midnight: the lab's operator moves every schedule back by
# so many days, as if all workers had been off since. Then each of its dates is long past, holidays and all.
FIRST_IN_DAYS = 7
MOVED_DAYS = 63


class Agenda:
    """What one person asks for on days to come. Safe to use from one thread at a time."""

    def __init__(self, login: Login, link: ClientLink, record: Record, *, seed: str) -> None:
        self._login = login
        self._record = record
        self._requests = Insistent(login, link, record, seed=seed)
        self._numbers = itertools.count(1)

    def transfer(self, other: Login, cents: int, *, weeks: int) -> Schedule | None:
        """Once in each of so many weeks."""
        accounts = {"correntista_id_origem": self._login.account, "correntista_id_destino": other.account}
        return self._make({"tipo": "transferencia", "descricao": "Aluguel", **accounts}, cents, weeks, other)

    def pay(self, cents: int, *, weeks: int) -> Schedule | None:
        body = {"tipo": "pagamento", "descricao": "Luz", "correntista_id": self._login.account}
        return self._make(body, cents, weeks, None)

    def _make(self, body: dict[str, Any], cents: int, weeks: int, other: Login | None) -> Schedule | None:
        """None when the outcome stayed unknown, which goes into the record."""
        first = clock.day_of(clock.now()) + timedelta(days=FIRST_IN_DAYS)
        days = [first + timedelta(weeks=number) for number in range(weeks)]
        repeated = {"recorrencia": "semanal", "ate": days[-1].isoformat()} if weeks > 1 else {}
        money = {"valor": f"{cents // 100}.{cents % 100:02}", "data": first.isoformat()}
        key = f"{self._login.user_id}-{next(self._numbers)}"
        made = self._requests.until_made("/agendamentos", {**body, **money, **repeated}, key=key)
        if made is None:
            return None
        schedule = Schedule(
            id=made["id"],
            user_id=self._login.user_id,
            parties=frozenset(party.user_id for party in (self._login, other) if party),
            source_account=self._login.account,
            target_account=other.account if other else None,
            cents=cents,
            days=tuple(day - timedelta(days=MOVED_DAYS) for day in days),
        )
        self._record.acknowledge_schedule(schedule)
        return schedule
