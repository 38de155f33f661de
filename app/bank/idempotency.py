"""Idempotency keys, in the transaction of the money itself: a key moves money once, whatever is repeated."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from app import clock, db, sql_errors, wire
from app.bank.models import IdempotencyKey
from app.errors import (
    AccountNotFound,
    AppError,
    BalanceLimit,
    InsufficientFunds,
    KeyInFlight,
    KeyReused,
    NotYourAccount,
)

KEPT_H = 48
PURGE_ROWS_MAX = 1000
IN_PROGRESS = 0
CREATED = 201
# The refusals that are answered again to who repeats the request, by their codes.
_KEPT = {kind.code: kind for kind in (AccountNotFound, NotYourAccount, InsufficientFunds, BalanceLimit)}

_CLAIM = insert(db.table(IdempotencyKey))
_FINISH = (
    update(db.table(IdempotencyKey))
    .where(IdempotencyKey.user_id == bindparam("of_user"), IdempotencyKey.key == bindparam("of_key"))
    .values(status=bindparam("status"), answer=bindparam("answer"))
)


def fingerprint(kind: str, fields: dict[str, Any]) -> str:
    """Same operation and same parsed fields, same text; 64 hex digits."""
    return hashlib.sha256(f"{kind}:{json.dumps(fields, sort_keys=True)}".encode()).hexdigest()


def begin(connection: Connection, *, user_id: int, key: str, asked: str) -> dict[str, Any] | None:
    """Claim the key for the request whose fingerprint is `asked`: None the first time, else the body that was answered
    first.

    Lock: the key's row, so a second request with a key in flight waits here for the first one's end.
    Raises KeyReused for another body, or the error that was answered first.
    """
    try:
        row = {"user_id": user_id, "key": key, "fingerprint": asked, "status": IN_PROGRESS, "answer": ""}
        connection.execute(_CLAIM, {**row, "created_at": clock.now()})
        return None
    except IntegrityError as error:
        if not sql_errors.is_duplicate(error):
            raise
    except OperationalError as error:
        if sql_errors.is_lock_wait(error):
            raise KeyInFlight from error
        raise
    return _replay(connection, user_id, key, asked)


def _replay(connection: Connection, user_id: int, key: str, asked: str) -> dict[str, Any]:
    row = connection.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.answer).where(
            IdempotencyKey.user_id == user_id, IdempotencyKey.key == key
        )
    ).first()
    if row is None or row.status == IN_PROGRESS:
        raise KeyInFlight
    if row.fingerprint != asked:
        raise KeyReused
    if row.status != CREATED:
        raise _KEPT.get(row.answer, AppError)
    body: dict[str, Any] = json.loads(row.answer)
    return body


def keep(connection: Connection, *, user_id: int, key: str, body: dict[str, Any]) -> None:
    """Keep the answer of an operation that was done."""
    _finish(connection, user_id, key, CREATED, wire.dumps(body))


def keep_refusal(connection: Connection, *, user_id: int, key: str, refusal: AppError) -> None:
    """Keep the answer of an operation that was refused and changed nothing."""
    assert refusal.code in _KEPT, "what is kept can be answered again"
    _finish(connection, user_id, key, refusal.status, refusal.code)


def _finish(connection: Connection, user_id: int, key: str, status: int, answer: str) -> None:
    connection.execute(_FINISH, {"of_user": user_id, "of_key": key, "status": status, "answer": answer})


def purge(connection: Connection) -> int:
    """Drop up to PURGE_ROWS_MAX keys older than KEPT_H hours; rows deleted."""
    old = connection.execute(
        select(IdempotencyKey.user_id, IdempotencyKey.key)
        .where(IdempotencyKey.created_at < clock.now() - timedelta(hours=KEPT_H))
        .limit(PURGE_ROWS_MAX)
    ).all()
    for row in old:
        connection.execute(
            delete(IdempotencyKey).where(IdempotencyKey.user_id == row.user_id, IdempotencyKey.key == row.key)
        )
    return len(old)
