"""Statements: the entries of accounts as movements, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, or_, select
from sqlalchemy.orm import aliased

from app.bank.models import Account, Entry, OperationRow
from app.users.models import User

PAGE_ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of an account as its owner sees it. `amount_cents` is negative when it left the account."""

    id: int
    account_id: int
    account_name: str
    kind: str
    description: str
    moved_at: datetime
    amount_cents: int
    balance_after_cents: int
    counterpart_id: int | None
    counterpart_name: str | None
    operation_id: int


@dataclass(frozen=True)
class Filters:
    """`since` and `until` are inclusive and exclusive; `credit` None means both kinds."""

    since: datetime | None = None
    until: datetime | None = None
    credit: bool | None = None
    text: str | None = None


def movements(
    connection: Connection,
    account_ids: Sequence[int],
    *,
    limit: int,
    before_id: int | None = None,
    filters: Filters | None = None,
) -> list[Movement]:
    """Up to `limit` (≤ PAGE_ROWS_MAX) movements of these accounts, newest first, older than entry `before_id`."""
    assert 0 < limit <= PAGE_ROWS_MAX
    statement = _base().where(Entry.account_id.in_(account_ids)).order_by(Entry.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(Entry.id < before_id)
    return [Movement(*row) for row in connection.execute(_filtered(statement, filters or Filters()))]


_Other, _OtherHolder = aliased(Account), aliased(User)
# As `accounts.counterpart_name` says it: a person's own name for an account is nobody else's to read.
_COUNTERPART_NAME = case((_Other.user_id == Account.user_id, _Other.name), else_=_OtherHolder.name)


def _base() -> Select[*tuple[Any, ...]]:
    other_id = case(
        (OperationRow.source_account_id == Entry.account_id, OperationRow.target_account_id),
        else_=OperationRow.source_account_id,
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            Entry.id,
            Entry.account_id,
            Account.name,
            OperationRow.kind,
            OperationRow.description,
            OperationRow.created_at,
            Entry.amount_cents,
            Entry.balance_after_cents,
            _Other.id,
            _COUNTERPART_NAME,
            OperationRow.id,
        )
        .join(OperationRow, OperationRow.id == Entry.operation_id)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(_Other, and_(_Other.id == other_id, _Other.user_id.is_not(None)))
        .outerjoin(_OtherHolder, _OtherHolder.id == _Other.user_id)
    )
    return statement


def _filtered(statement: Select[*tuple[Any, ...]], filters: Filters) -> Select[*tuple[Any, ...]]:
    if filters.since is not None:
        statement = statement.where(OperationRow.created_at >= filters.since)
    if filters.until is not None:
        statement = statement.where(OperationRow.created_at < filters.until)
    if filters.credit is not None:
        statement = statement.where(Entry.amount_cents > 0 if filters.credit else Entry.amount_cents < 0)
    if filters.text:
        statement = statement.where(
            or_(
                OperationRow.description.icontains(filters.text, autoescape=True),
                _COUNTERPART_NAME.icontains(filters.text, autoescape=True),
            )
        )
    return statement
