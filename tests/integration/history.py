"""Long histories, written as the bank writes them, thousands of rows at a time, so that the books add up."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, update

from app import db
from app.bank import ledger, payloads, statement_lines
from app.bank.models import CASH_ACCOUNT_ID, Account, Entry, OperationRow
from app.bank.queries import Movement
from tests.integration.customers import Customer

ROWS_AT_ONCE = 1000


def add_history(
    customer: Customer,
    count: int,
    *,
    account: int | None = None,
    until: datetime | None = None,
    minutes_apart: float = 1,
    description: str = "Depósito",
) -> None:
    """`count` deposits of R$ 1,00, evenly spread, the last of them at `until`."""
    target = account or customer.account
    end = until or datetime(2026, 11, 20, 15, tzinfo=UTC)
    moments = [end - timedelta(minutes=minutes_apart * (count - 1 - n)) for n in range(count)]
    for start in range(0, count, ROWS_AT_ONCE):
        customer.db.transact(_write, customer, target, moments[start : start + ROWS_AT_ONCE], description)


def _write(connection: Connection, customer: Customer, account: int, moments: list[datetime], description: str) -> None:
    before = ledger.lock(connection, [account])[account].balance_cents
    operation = {"kind": payloads.DEPOSIT, "user_id": customer.id, "amount_cents": 100, "description": description}
    sides = {"source_account_id": CASH_ACCOUNT_ID, "target_account_id": account}
    operations = [{**operation, **sides, "created_at": moment} for moment in moments]
    added = connection.execute(insert(db.table(OperationRow)).returning(OperationRow.id), operations).scalars().all()
    entries = [
        {"operation_id": i, "account_id": account, "amount_cents": 100, "balance_after_cents": before + 100 * n}
        for n, i in enumerate(sorted(added), 1)
    ]
    paid = [{"operation_id": i, "account_id": CASH_ACCOUNT_ID, "amount_cents": -100} for i in added]
    connection.execute(insert(db.table(Entry)), [{**side, "balance_after_cents": None} for side in paid])
    changed = {"balance_cents": before + 100 * len(added), "version": Account.version + len(added)}
    connection.execute(update(db.table(Account)).where(Account.id == account).values(**changed))
    statement = insert(db.table(Entry)).returning(Entry.id, Entry.operation_id, Entry.balance_after_cents)
    written = connection.execute(statement, entries).all()
    times = dict(zip(sorted(added), moments, strict=True))
    rows = [
        Movement(
            id=row.id,
            account_id=account,
            account_name=customer.name,
            kind=payloads.DEPOSIT,
            description=description,
            moved_at=times[row.operation_id],
            amount_cents=100,
            balance_after_cents=row.balance_after_cents,
            counterpart_id=None,
            counterpart_name=None,
            operation_id=row.operation_id,
        )
        for row in sorted(written, key=lambda row: int(row.id))
    ]
    statement_lines.add(connection, rows, between_own=False)
