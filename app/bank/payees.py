"""Whom a person has paid, and what went between two people: copies of the ledger, written in its transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, or_, select
from sqlalchemy.dialects.mysql import insert as mariadb_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from app import db
from app.bank import queries
from app.bank.models import Account, OperationRow, Payee, PeopleEntry

_PAYEES = db.table(Payee)


@dataclass(frozen=True, slots=True)
class Payment:
    """The last transfer of a person to another, `payee_id`."""

    payee_id: int
    operation_id: int
    amount_cents: int
    description: str
    source_account_id: int
    target_account_id: int
    moved_at: datetime


def _later(new: Any, later: Any) -> dict[str, Any]:
    """What a pair that is there already becomes. Two transfers may come here in another order than their numbers'."""
    return {name: later(_PAYEES.c[name], new[name]) for name in ("last_operation_id", "last_at")}


# Built once: making a statement costs more than running it.
_on_mariadb = mariadb_insert(_PAYEES)
_RECORD_ON_MARIADB = _on_mariadb.on_duplicate_key_update(_later(_on_mariadb.inserted, func.greatest))
_on_sqlite = sqlite_insert(_PAYEES)
_RECORD_ON_SQLITE = _on_sqlite.on_conflict_do_update(
    index_elements=[_PAYEES.c.payer_id, _PAYEES.c.payee_id], set_=_later(_on_sqlite.excluded, func.max)
)
_INSERT_ENTRIES = insert(db.table(PeopleEntry))


def record(
    connection: Connection,
    *,
    payer_id: int,
    payee_id: int,
    operation_id: int,
    moved_at: datetime,
    entries: Sequence[int],
) -> None:
    """A transfer between two people. `entries`: the payer's and the payee's.

    Locks the pair's row: after the accounts, before the streams.
    """
    row = {
        "payer_id": payer_id,
        "payee_id": payee_id,
        "first_operation_id": operation_id,
        "last_operation_id": operation_id,
        "last_at": moved_at,
    }
    sides = zip((payer_id, payee_id), (payee_id, payer_id), entries, strict=True)
    connection.execute(_RECORD_ON_SQLITE if connection.dialect.name == "sqlite" else _RECORD_ON_MARIADB, row)
    connection.execute(
        _INSERT_ENTRIES,
        [{"user_id": own, "other_id": other, "entry_id": entry_id} for own, other, entry_id in sides],
    )


def newest_payees(connection: Connection, payer_id: int, limit: int) -> list[Payment]:
    """The last payment to each of up to `limit` people, the latest first."""
    statement = _payments(payer_id).order_by(Payee.last_at.desc()).limit(limit)
    return [Payment(*row) for row in connection.execute(statement)]


def last_payments(connection: Connection, payer_id: int, payee_ids: Sequence[int]) -> dict[int, Payment]:
    """The last payment to each of these people who was ever paid."""
    statement = _payments(payer_id).where(Payee.payee_id.in_(payee_ids))
    return {row.payee_id: Payment(*row) for row in connection.execute(statement)} if payee_ids else {}


def _payments(payer_id: int) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            Payee.payee_id,
            OperationRow.id,
            OperationRow.amount_cents,
            OperationRow.description,
            OperationRow.source_account_id,
            OperationRow.target_account_id,
            OperationRow.created_at,
        )
        .join(OperationRow, OperationRow.id == Payee.last_operation_id)
        .where(Payee.payer_id == payer_id)
    )
    return statement


def dealt_with(connection: Connection, user_id: int, other_ids: Sequence[int]) -> set[int]:
    """Those of `other_ids` whom the user has paid or was paid by, and so has read the whole name of."""
    if not other_ids:
        return set()
    statement = select(Payee.payer_id, Payee.payee_id).where(
        or_(
            (Payee.payer_id == user_id) & Payee.payee_id.in_(other_ids),
            (Payee.payee_id == user_id) & Payee.payer_id.in_(other_ids),
        )
    )
    return {payer + payee - user_id for payer, payee in connection.execute(statement)}


def first_accounts(connection: Connection, user_ids: Sequence[int]) -> dict[int, int]:
    """The oldest account of each of these people, by user id."""
    statement = select(Account.user_id, func.min(Account.id)).where(Account.user_id.in_(user_ids))
    if not user_ids:
        return {}
    rows = connection.execute(statement.group_by(Account.user_id))
    return {user_id: account_id for user_id, account_id in rows if user_id is not None}


def between(connection: Connection, user_id: int, other_id: int, *, limit: int, before_id: int | None) -> queries.Page:
    """Up to `limit` movements of the user's accounts from or to accounts of the other, newest first."""
    statement = select(PeopleEntry.entry_id).where(PeopleEntry.user_id == user_id, PeopleEntry.other_id == other_id)
    if before_id is not None:
        statement = statement.where(PeopleEntry.entry_id < before_id)
    ids = connection.execute(statement.order_by(PeopleEntry.entry_id.desc()).limit(limit + 1)).scalars()
    return queries.page_of(connection, list(ids), limit)
