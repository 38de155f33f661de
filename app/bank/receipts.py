"""Receipts: an operation as its parties may see it, and the code that proves it to others."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select
from sqlalchemy.orm import aliased

from app import clock
from app.bank.models import Account, OperationRow, Receipt
from app.errors import NotFound, NotYourOperation
from app.users.models import User

# Without letters and digits that people mix up.
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_CHARS = 16
CODE_GROUP = 4


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """An operation for its receipt, which others are shown: the names are the persons' registered ones.

    The bank's own cash has no name here.
    """

    operation_id: int
    kind: str
    amount_cents: int
    description: str
    made_at: datetime
    source_id: int
    source_name: str | None
    target_id: int
    target_name: str | None
    code: str


_Source, _Target = aliased(Account), aliased(Account)
_SourceHolder, _TargetHolder = aliased(User), aliased(User)


def of_operation(connection: Connection, operation_id: int, user_id: int) -> ReceiptView:
    """The receipt of an operation that touched an account of the user; its code is made the first time.

    Lock: the operation's row. Raises NotFound, NotYourOperation.
    """
    row = connection.execute(_view().where(OperationRow.id == operation_id)).first()
    if row is None:
        raise NotFound
    if user_id not in (row.source_user_id, row.target_user_id):
        raise NotYourOperation
    return _to_view(row, row.code or _new_code(connection, operation_id))


def by_code(connection: Connection, code: str) -> ReceiptView:
    """What a code stands for; spaces, hyphens and case do not matter. Raises NotFound."""
    plain = code.upper().replace("-", "").replace(" ", "")
    row = connection.execute(_view().where(Receipt.code == plain)).first()
    if row is None:
        raise NotFound
    return _to_view(row, row.code)


def grouped(code: str) -> str:
    """`ABCDEFGHJKLMNPQR` → `ABCD-EFGH-JKLM-NPQR`."""
    return "-".join(code[start : start + CODE_GROUP] for start in range(0, len(code), CODE_GROUP))


def _new_code(connection: Connection, operation_id: int) -> str:
    connection.execute(select(OperationRow.id).where(OperationRow.id == operation_id).with_for_update())
    known = connection.execute(select(Receipt.code).where(Receipt.operation_id == operation_id)).scalar_one_or_none()
    if known is not None:
        return str(known)
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARS))
    connection.execute(insert(Receipt).values(operation_id=operation_id, code=code, created_at=clock.now()))
    return code


def _view() -> Select[*tuple[Any, ...]]:
    return (
        select(
            OperationRow.id,
            OperationRow.kind,
            OperationRow.amount_cents,
            OperationRow.description,
            OperationRow.created_at,
            _Source.id.label("source_id"),
            _SourceHolder.name.label("source_name"),
            _Source.user_id.label("source_user_id"),
            _Target.id.label("target_id"),
            _TargetHolder.name.label("target_name"),
            _Target.user_id.label("target_user_id"),
            Receipt.code,
        )
        .join(_Source, _Source.id == OperationRow.source_account_id)
        .join(_Target, _Target.id == OperationRow.target_account_id)
        .outerjoin(_SourceHolder, _SourceHolder.id == _Source.user_id)
        .outerjoin(_TargetHolder, _TargetHolder.id == _Target.user_id)
        .outerjoin(Receipt, Receipt.operation_id == OperationRow.id)
    )


def _to_view(row: Row[*tuple[Any, ...]], code: str) -> ReceiptView:
    return ReceiptView(
        operation_id=row.id,
        kind=row.kind,
        amount_cents=row.amount_cents,
        description=row.description,
        made_at=row.created_at,
        source_id=row.source_id,
        source_name=row.source_name,
        target_id=row.target_id,
        target_name=row.target_name,
        code=code,
    )
