"""Logins that failed, written down by counts: whoever guesses must not fill the chain with a line for each guess."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from flask_socketio_cluster.loops import Loop
from sqlalchemy import Connection

from app.audit.events import Kind, record
from app.errors import DatabaseDown, OutcomeUnknown

EVERY_S = 10.0
# Users with a line of their own in one turn. All others, and addresses that nobody has, share one without a user.
USERS_MAX = 100

Transact = Callable[..., Any]


class FailedLogins:
    """Counts on this node; every EVERY_S each user concerned gets one line. What a node that ends has counted since the
    last turn is lost."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact
        self._counts: Counter[int | None] = Counter()
        unavailable = (DatabaseDown, OutcomeUnknown)
        self.loop = Loop(
            "failed_logins", self.write, every_s=EVERY_S, jitter=0.1, retry_s=EVERY_S, expected=unavailable
        )

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    def count(self, user_id: int | None) -> None:
        """Somebody did not get in; `user_id` is None where nobody has such an address."""
        is_new = user_id not in self._counts
        self._counts[None if is_new and len(self._counts) >= USERS_MAX else user_id] += 1

    def write(self) -> None:
        """Now. Raises DatabaseDown and keeps the counts, OutcomeUnknown and drops them."""
        counts, self._counts = self._counts, Counter()
        try:
            if counts:
                self._transact(_record_all, counts)
        except DatabaseDown:
            self._counts.update(counts)
            raise


def _record_all(connection: Connection, counts: Counter[int | None]) -> None:
    for user_id, count in counts.items():
        record(connection, Kind.LOGINS_FAILED, user_id=user_id, detail={"count": count})
