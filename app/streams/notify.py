"""Durable notifications from any process: history, seq and the promise, without a Redis at hand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, select

from app import clock, wire
from app.db import Database
from app.errors import Invalid, NotFound
from app.streams.models import UserStream
from app.streams.stream import streams

USERS_PER_TRANSACTION = 100
USERS_PER_QUESTION = 1000
KIND_CHARS_MAX = 40
MESSAGE_CHARS_MAX = 1000
DATA_BYTES_MAX = 16_000
# Says of an operation that the user did it; what is notified was done by somebody else.
RESERVED = "propria"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification for one user; `payload` comes from `check`."""

    user_id: int
    payload: dict[str, Any]


def notify(
    db: Database, user_ids: Iterable[int], *, kind: str, message: str, data: dict[str, Any] | None = None
) -> int:
    """Append one `notificacao` to the stream of each user; how many were told.

    `user_ids` in any order; a repeated id counts once. Raises Invalid for a text that is empty or too long,
    NotFound when a user does not exist; nobody is told then.
    """
    payload = check(kind, message, data)
    users = sorted(set(user_ids))
    require_users(db, users)
    return sum(send(db, (Notice(user_id, payload) for user_id in users)))


def send(db: Database, notices: Iterable[Notice]) -> Iterator[int]:
    """Append the notices in their order, some users at a time; yields how many were committed together."""
    batch: dict[int, Notice] = {}
    for notice in notices:
        if notice.user_id in batch or len(batch) == USERS_PER_TRANSACTION:
            yield _commit(db, batch)
            batch = {}
        batch[notice.user_id] = notice
    if batch:
        yield _commit(db, batch)


def _commit(db: Database, batch: dict[int, Notice]) -> int:
    appends = [Append(notice.user_id, wire.NOTIFICACAO, notice.payload) for notice in batch.values()]
    db.transact(streams.append, appends)
    return len(appends)


def tell(connection: Connection, user_id: int, *, kind: str, message: str, data: dict[str, Any]) -> None:
    """Append one `notificacao` in the caller's transaction, as `streams.append` does. Raises Invalid."""
    streams.append(connection, [Append(user_id, wire.NOTIFICACAO, check(kind, message, data))])


def require_users(db: Database, user_ids: Sequence[int]) -> None:
    """Raises NotFound naming the first user that does not exist."""
    for start in range(0, len(user_ids), USERS_PER_QUESTION):
        asked = user_ids[start : start + USERS_PER_QUESTION]
        known = db.read(_known, asked)
        for user_id in asked:
            if user_id not in known:
                raise NotFound(f"O usuário {user_id} não existe.")


def _known(connection: Connection, user_ids: Sequence[int]) -> set[int]:
    return set(connection.execute(select(UserStream.user_id).where(UserStream.user_id.in_(user_ids))).scalars())


def check(kind: str, message: str, data: dict[str, Any] | None) -> dict[str, Any]:
    """The payload of such a notification. Raises Invalid."""
    if not 0 < len(kind) <= KIND_CHARS_MAX:
        raise Invalid(f"O tipo deve ter de 1 a {KIND_CHARS_MAX} caracteres.")
    if not 0 < len(message) <= MESSAGE_CHARS_MAX:
        raise Invalid(f"A mensagem deve ter de 1 a {MESSAGE_CHARS_MAX} caracteres.")
    try:
        wire.dumps((kind, message)).encode()
        size_bytes = len(wire.dumps(data or {}).encode())
    except (TypeError, ValueError, RecursionError):
        raise Invalid("A notificação não pode ser escrita como JSON.") from None
    if RESERVED in (data or {}):
        raise Invalid(f"O campo {RESERVED} dos dados é do banco.")
    if size_bytes > DATA_BYTES_MAX:
        raise Invalid(f"Os dados devem ter no máximo {DATA_BYTES_MAX} bytes.")
    return {"tipo": kind, "mensagem": message, "timestamp": clock.iso(clock.now()), "dados": data or {}}


def every_user(db: Database) -> Iterator[int]:
    """The ids of all users, ascending, read in pages."""
    last = 0
    while page := db.read(_users_after, last):
        yield from page
        last = page[-1]


def _users_after(connection: Connection, last: int) -> list[int]:
    statement = (
        select(UserStream.user_id)
        .where(UserStream.user_id > last)
        .order_by(UserStream.user_id)
        .limit(USERS_PER_QUESTION)
    )
    return list(connection.execute(statement).scalars())
