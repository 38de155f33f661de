"""Audit lines of operations that have none: those of a node of the release before, which knew no audit.

Beside new nodes an old one may run for as long as a release takes. Its operations are written down here, as late; so
is an operation that somebody put into the ledger by hand, which an auditor sees by that.
"""

from datetime import timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app import clock
from app.audit.events import Kind, operation_detail, record
from app.audit.models import AuditHead, AuditLine, AuditPending
from app.bank.models import OperationRow

LOOKED_AT_ONCE = 1000
# Longer than any transaction takes: what is older is committed or never will be.
SETTLED = timedelta(seconds=60)

_LOOKED_AT = select(AuditHead.operations_looked_at)
_OPERATIONS = (
    select(
        OperationRow.id,
        OperationRow.user_id,
        OperationRow.kind,
        OperationRow.amount_cents,
        OperationRow.source_account_id,
        OperationRow.target_account_id,
        OperationRow.created_at,
        AuditLine.id.label("line"),
        AuditPending.id.label("pending"),
    )
    .outerjoin(AuditLine, AuditLine.operation_id == OperationRow.id)
    .outerjoin(AuditPending, AuditPending.operation_id == OperationRow.id)
    .order_by(OperationRow.id)
    .limit(LOOKED_AT_ONCE)
)


def add(connection: Connection) -> int:
    """Look at LOOKED_AT_ONCE operations at the most, each once, and write down those without a line; how many were
    looked at. Locks the head of the chain."""
    looked_at = connection.execute(_LOOKED_AT.with_for_update()).scalar_one()
    found = connection.execute(_OPERATIONS.where(OperationRow.id > looked_at)).all()
    settled_before = clock.now() - SETTLED
    # By their ids alone: clocks of nodes differ, and a lower id may have a later moment.
    rows = list(takewhile(lambda row: row.created_at < settled_before, found))
    for row in rows:
        if row.line is None and row.pending is None:
            _write_down(connection, row)
    if rows:
        connection.execute(update(AuditHead).values(operations_looked_at=rows[-1].id))
    return len(rows)


def _write_down(connection: Connection, row: Row[*tuple[Any, ...]]) -> None:
    detail = operation_detail(
        kind=row.kind,
        amount_cents=row.amount_cents,
        source_id=row.source_account_id,
        target_id=row.target_account_id,
    )
    record(connection, Kind.OPERATION_LATE, user_id=row.user_id, operation_id=row.id, detail=detail)
