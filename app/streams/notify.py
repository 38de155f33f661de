"""Durable notifications from any process: history, seq and the promise, without a Redis at hand."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from app import clock, wire
from app.db import Database
from app.errors import Invalid, NotFound
from app.streams import stream
from app.streams.models import UserStream
from app.streams.stream import Append

USERS_PER_TRANSACTION = 100
KIND_CHARS_MAX = 40
MESSAGE_CHARS_MAX = 1000
DATA_BYTES_MAX = 16_000


def notify(db: Database, user_ids: Sequence[int], *, kind: str, message: str, data: dict[str, Any] | None = None) -> int:
    """Append one `notificacao` to the stream of each user; how many were told.

    `user_ids` in any order; a repeated id counts once. Committed USERS_PER_TRANSACTION users at a time.
    Raises Invalid for a text that is empty or too long, NotFound when a user does not exist (the users
    of earlier transactions have been told then).
    """
    payload = check(kind, message, data)
    ordered = sorted(set(user_ids))
    for start in range(0, len(ordered), USERS_PER_TRANSACTION):
        db.transact(_append, ordered[start : start + USERS_PER_TRANSACTION], payload)
    return len(ordered)


def check(kind: str, message: str, data: dict[str, Any] | None) -> dict[str, Any]:
    """The payload of such a notification. Raises Invalid."""
    if not 0 < len(kind) <= KIND_CHARS_MAX:
        raise Invalid(f"O tipo deve ter de 1 a {KIND_CHARS_MAX} caracteres.")
    if not 0 < len(message) <= MESSAGE_CHARS_MAX:
        raise Invalid(f"A mensagem deve ter de 1 a {MESSAGE_CHARS_MAX} caracteres.")
    try:
        size_bytes = len(wire.dumps(data or {}).encode())
    except (TypeError, ValueError, RecursionError):
        raise Invalid("Os dados não podem ser escritos como JSON.") from None
    if size_bytes > DATA_BYTES_MAX:
        raise Invalid(f"Os dados devem ter no máximo {DATA_BYTES_MAX} bytes.")
    return {"tipo": kind, "mensagem": message, "timestamp": clock.iso(clock.now()), "dados": data or {}}


def _append(connection: Connection, user_ids: Sequence[int], payload: dict[str, Any]) -> None:
    known = set(connection.execute(select(UserStream.user_id).where(UserStream.user_id.in_(user_ids))).scalars())
    if missing := [user_id for user_id in user_ids if user_id not in known]:
        raise NotFound(f"Usuário {missing[0]} não existe.")
    stream.append(connection, [Append(user_id, wire.NOTIFICACAO, payload) for user_id in user_ids])


def every_user(db: Database) -> Iterator[int]:
    """The ids of all users, ascending, read in pages."""
    last = 0
    while page := db.read(_users_after, last):
        yield from page
        last = page[-1]


def _users_after(connection: Connection, last: int) -> list[int]:
    statement = select(UserStream.user_id).where(UserStream.user_id > last).order_by(UserStream.user_id).limit(1000)
    return list(connection.execute(statement).scalars())
