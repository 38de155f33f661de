"""The ledger: lock accounts, move centavos between two of them, write both entries."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, bindparam, case, insert, update

from app import clock, db
from app.audit.events import Kind, operation_detail, record
from app.bank.accounts import AccountState, select_states, state
from app.bank.models import CASH_ACCOUNT_ID, Account, Entry, OperationRow


@dataclass(frozen=True, slots=True)
class Posting:
    """What an operation does. Source or target may be the bank's cash account."""

    kind: str
    user_id: int
    amount_cents: int
    description: str
    source_account_id: int
    target_account_id: int
    # Of a transfer that pays what somebody asked for in a conversation.
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written: entry ids by account id, and the customers' accounts as they are now."""

    operation_id: int
    created_at: datetime
    entry_ids: dict[int, int]
    accounts: dict[int, AccountState]


# Built once: making a statement costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_LOCK = select_states().where(Account.id.in_(_IDS)).order_by(Account.id).with_for_update()
_AMOUNT = bindparam("amount_cents", type_=BigInteger)
_MOVE = (
    update(db.table(Account))
    .where(Account.id.in_(_IDS))
    .values(
        balance_cents=Account.balance_cents
        + case((Account.id == bindparam("source_id", type_=BigInteger), -_AMOUNT), else_=_AMOUNT),
        version=Account.version + 1,
    )
)
_INSERT_OPERATION = insert(db.table(OperationRow))
_INSERT_ENTRIES = insert(db.table(Entry)).returning(Entry.account_id, Entry.id)


def lock(connection: Connection, account_ids: Sequence[int]) -> dict[int, AccountState]:
    """The customers' accounts among `account_ids`, locked in ascending id order until the transaction ends."""
    wanted = sorted(set(account_ids) - {CASH_ACCOUNT_ID})
    return {row.id: state(row) for row in connection.execute(_LOCK, {"ids": wanted})}


def post(connection: Connection, posting: Posting, locked: dict[int, AccountState]) -> Posted:
    """Move the amount. `locked` are the customers' accounts of the posting, checked by the caller.

    Each changed row is guarded once more by the database: a balance never leaves its range.
    """
    changes = {posting.source_account_id: -posting.amount_cents, posting.target_account_id: posting.amount_cents}
    accounts = {i: _after(account, changes[i]) for i, account in locked.items()}
    moved = connection.execute(
        _MOVE,
        {"ids": sorted(locked), "source_id": posting.source_account_id, "amount_cents": posting.amount_cents},
    )
    assert moved.rowcount == len(locked), "locked rows are there"
    created_at = clock.now()
    result = connection.execute(_INSERT_OPERATION, {**asdict(posting), "created_at": created_at})
    operation_id = db.new_id(result)
    _write_down(connection, posting, operation_id)
    return Posted(operation_id, created_at, _write_entries(connection, operation_id, changes, accounts), accounts)


def _write_down(connection: Connection, posting: Posting, operation_id: int) -> None:
    detail = operation_detail(
        kind=posting.kind,
        amount_cents=posting.amount_cents,
        source_id=posting.source_account_id,
        target_id=posting.target_account_id,
    )
    record(connection, Kind.OPERATION, user_id=posting.user_id, operation_id=operation_id, detail=detail)


def _after(account: AccountState, change_cents: int) -> AccountState:
    return replace(account, balance_cents=account.balance_cents + change_cents, version=account.version + 1)


def _write_entries(
    connection: Connection, operation_id: int, changes: dict[int, int], accounts: dict[int, AccountState]
) -> dict[int, int]:
    rows = [
        {
            "operation_id": operation_id,
            "account_id": account_id,
            "amount_cents": change,
            "balance_after_cents": accounts[account_id].balance_cents if account_id in accounts else None,
        }
        for account_id, change in changes.items()
    ]
    return {row.account_id: row.id for row in connection.execute(_INSERT_ENTRIES, rows)}
