"""What changes who may come in: one transaction with the end of sessions, and with what its person is told of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection

from app.db import Database

P = ParamSpec("P")
T = TypeVar("T")

# What else ends with a session, in the transaction that ends it.
Farewell = Callable[[Connection, Ended], None]


@dataclass(frozen=True, slots=True)
class SecurityNotice:
    """A durable notice of the kind `seguranca`."""

    user_id: int
    message: str
    data: dict[str, Any]


Warn = Callable[[Connection, SecurityNotice], None]


@dataclass
class Effects:
    """What a piece of work ends, and whom it tells what."""

    ended: list[Ended] = field(default_factory=list)
    notices: list[SecurityNotice] = field(default_factory=list)


class Security:
    """`farewell` and `warn` write in the transaction, `warn` last: it locks the user's stream. `ended` is told of each
    session that ended, and `committed` that somebody was warned; neither may wait or raise."""

    def __init__(
        self,
        db: Database,
        *,
        farewell: Farewell,
        warn: Warn,
        ended: Callable[[Ended], None],
        committed: Callable[[], None],
    ) -> None:
        self._db = db
        self._farewell = farewell
        self._warn = warn
        self._ended = ended
        self._committed = committed

    def transact(self, work: Callable[Concatenate[Connection, Effects, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `Database.transact`, on the connections of authentication; sockets of what ended close at once after."""
        result, effects = self._db.authentication.transact(self._work, work, args, kwargs)
        for ended in effects.ended:
            self._ended(ended)
        if effects.notices:
            self._committed()
        return result

    def _work(self, connection: Connection, work: Callable[..., T], args: Any, kwargs: Any) -> tuple[T, Effects]:
        effects = Effects()
        result = work(connection, effects, *args, **kwargs)
        for ended in effects.ended:
            self._farewell(connection, ended)
        for notice in effects.notices:
            self._warn(connection, notice)
        return result, effects
