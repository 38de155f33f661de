"""Does the ledger add up? Read-only checks over the whole database, for `python -m worker conciliar`."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Subquery, and_, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql import Select

from app.audit.events import detail_text, operation_detail
from app.audit.models import AuditHead, AuditLine, AuditPending
from app.bank.models import (
    CASH_ACCOUNT_ID,
    Account,
    DayTotals,
    Entry,
    OperationRow,
    Payee,
    PeopleEntry,
    StatementLine,
)
from app.streams.models import StreamEvent, StreamTrim, UserStream

FAULTS_SHOWN_MAX = 20
OPERATIONS_AT_ONCE = 1000

_Column = ColumnElement[int] | InstrumentedAttribute[int]


@dataclass(frozen=True)
class Check:
    """One rule: how many things were looked at and, in words, those that break it (FAULTS_SHOWN_MAX at most)."""

    name: str
    looked_at: int
    faults: list[str]


def run(connection: Connection) -> list[Check]:
    """All checks. Each is one statement, which sees one moment; but for the last, which goes through the operations
    some at a time."""
    return [
        _entries_sum_to_zero(connection),
        _entries_say_what_operations_say(connection),
        _balances_equal_entries(connection),
        _balance_after_is_continuous(connection),
        _copies_follow_the_entries(connection),
        _payees_follow_the_operations(connection),
        _people_entries_follow_the_entries(connection),
        _streams_have_no_gap(connection),
        _operations_were_written_down(connection),
    ]


def _count(connection: Connection, table: type) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _faults(connection: Connection, statement: Select[*tuple[Any, ...]], words: str) -> list[str]:
    return [words.format(*row) for row in connection.execute(statement.limit(FAULTS_SHOWN_MAX))]


def _entries_sum_to_zero(connection: Connection) -> Check:
    total = func.coalesce(func.sum(Entry.amount_cents), 0)
    statement = (
        select(OperationRow.id, total, func.count(Entry.id))
        .outerjoin(Entry, Entry.operation_id == OperationRow.id)
        .group_by(OperationRow.id)
        .having(or_(total != 0, func.count(Entry.id) != 2))
    )
    words = "operation {0}: {2} entries that sum to {1} centavos"
    return Check("entries sum to zero", _count(connection, OperationRow), _faults(connection, statement, words))


def _entries_say_what_operations_say(connection: Connection) -> Check:
    """Where the database could not be sealed (docs/adr/0009), a rewritten entry still contradicts its operation."""
    leaves = and_(Entry.account_id == OperationRow.source_account_id, Entry.amount_cents == -OperationRow.amount_cents)
    enters = and_(Entry.account_id == OperationRow.target_account_id, Entry.amount_cents == OperationRow.amount_cents)
    statement = (
        select(Entry.id, OperationRow.id)
        .join(OperationRow, OperationRow.id == Entry.operation_id)
        .where(not_(or_(leaves, enters)))
    )
    words = "entry {0} is no side of its operation {1}"
    return Check("entries say what operations say", _count(connection, Entry), _faults(connection, statement, words))


def _balances_equal_entries(connection: Connection) -> Check:
    total = func.coalesce(func.sum(Entry.amount_cents), 0)
    statement = (
        select(Account.id, Account.balance_cents, total)
        .outerjoin(Entry, Entry.account_id == Account.id)
        .where(Account.id != CASH_ACCOUNT_ID)
        .group_by(Account.id, Account.balance_cents)
        .having(total != Account.balance_cents)
    )
    words = "account {0}: balance {1}, entries sum to {2} centavos"
    return Check("balance equals entries", _count(connection, Account), _faults(connection, statement, words))


def _balance_after_is_continuous(connection: Connection) -> Check:
    before = func.coalesce(
        func.lag(Entry.balance_after_cents).over(partition_by=Entry.account_id, order_by=Entry.id), 0
    )
    rows = (
        select(
            Entry.id,
            Entry.account_id,
            Entry.balance_after_cents,
            (before + Entry.amount_cents).label("expected"),
        )
        .where(Entry.account_id != CASH_ACCOUNT_ID)
        .subquery()
    )
    statement = select(rows.c.id, rows.c.account_id, rows.c.balance_after_cents, rows.c.expected).where(
        or_(rows.c.balance_after_cents.is_(None), rows.c.balance_after_cents != rows.c.expected)
    )
    words = "entry {0} of account {1}: balance after it is {2}, expected {3} centavos"
    return Check("balance_after is continuous", _count(connection, Entry), _faults(connection, statement, words))


def _copies_follow_the_entries(connection: Connection) -> Check:
    """`statement_lines` and `day_totals` can be made again from the entries, and so must say the same."""
    entries, lines = (
        _by_account(Entry.account_id, Entry.amount_cents),
        _by_account(StatementLine.account_id, StatementLine.amount_cents),
    )
    days = _by_account(DayTotals.account_id, DayTotals.in_cents - DayTotals.out_cents)
    counted, copied = func.coalesce(entries.c.count, 0), func.coalesce(lines.c.count, 0)
    sums = [func.coalesce(each.c.sum, 0) for each in (entries, lines, days)]
    statement = (
        select(Account.id, counted, sums[0], copied, sums[1], sums[2])
        .outerjoin(entries, entries.c.id == Account.id)
        .outerjoin(lines, lines.c.id == Account.id)
        .outerjoin(days, days.c.id == Account.id)
        .where(Account.id != CASH_ACCOUNT_ID, or_(counted != copied, sums[0] != sums[1], sums[0] != sums[2]))
    )
    words = "account {0}: {1} entries of {2} centavos, {3} statement lines of {4}, sums of days {5}"
    return Check("copies follow the entries", _count(connection, StatementLine), _faults(connection, statement, words))


def _by_account(account_id: _Column, cents: _Column) -> Subquery:
    columns = account_id.label("id"), func.count().label("count"), func.sum(cents).label("sum")
    return select(*columns).group_by(account_id).subquery()


_Source, _Target = aliased(Account), aliased(Account)


def _payees_follow_the_operations(connection: Connection) -> Check:
    first, last = func.min(OperationRow.id), func.max(OperationRow.id)
    paid = (
        select(_Source.user_id.label("payer"), _Target.user_id.label("payee"), first.label("first"), last.label("last"))
        .select_from(OperationRow)
        .join(_Source, _Source.id == OperationRow.source_account_id)
        .join(_Target, _Target.id == OperationRow.target_account_id)
        .where(_Source.user_id != _Target.user_id)
        .group_by(_Source.user_id, _Target.user_id)
        .subquery()
    )
    statement = (
        select(paid.c.payer, paid.c.payee, paid.c.first, paid.c.last, Payee.first_operation_id, Payee.last_operation_id)
        .outerjoin(Payee, and_(Payee.payer_id == paid.c.payer, Payee.payee_id == paid.c.payee))
        .where(or_(Payee.payer_id.is_(None), Payee.last_operation_id != paid.c.last))
    )
    words = "user {0} paid user {1} from operation {2} to {3}, the copy says {4} to {5}"
    return Check("payees follow the operations", _count(connection, Payee), _faults(connection, statement, words))


def _people_entries_follow_the_entries(connection: Connection) -> Check:
    other = _Source.user_id + _Target.user_id - Account.user_id
    copied = and_(
        PeopleEntry.user_id == Account.user_id, PeopleEntry.other_id == other, PeopleEntry.entry_id == Entry.id
    )
    statement = (
        select(Entry.id, Account.user_id, other)
        .join(OperationRow, OperationRow.id == Entry.operation_id)
        .join(Account, Account.id == Entry.account_id)
        .join(_Source, _Source.id == OperationRow.source_account_id)
        .join(_Target, _Target.id == OperationRow.target_account_id)
        .outerjoin(PeopleEntry, copied)
        .where(_Source.user_id != _Target.user_id, PeopleEntry.entry_id.is_(None))
    )
    words = "entry {0} of user {1} is not among what went between them and user {2}"
    faults = _faults(connection, statement, words)
    return Check("people's entries follow the entries", _count(connection, PeopleEntry), faults)


def _streams_have_no_gap(connection: Connection) -> Check:
    """After the last event that was dropped for its age, a stream holds every one."""
    count, last = func.count(StreamEvent.seq), func.coalesce(func.max(StreamEvent.seq), 0)
    trimmed = func.coalesce(StreamTrim.trimmed_to, 0)
    statement = (
        select(UserStream.user_id, UserStream.seq, count, last, trimmed)
        .outerjoin(StreamTrim, StreamTrim.user_id == UserStream.user_id)
        .outerjoin(StreamEvent, and_(StreamEvent.user_id == UserStream.user_id, StreamEvent.seq > trimmed))
        .group_by(UserStream.user_id, UserStream.seq, StreamTrim.trimmed_to)
        .having(or_(count != UserStream.seq - trimmed, last != UserStream.seq))
    )
    words = "user {0}: stream is at {1} and holds {2} events up to {3} after those that were dropped, up to {4}"
    return Check("streams have no gap", _count(connection, UserStream), _faults(connection, statement, words))


def _operations_were_written_down(connection: Connection) -> Check:
    """Every operation has a line in the audit chain, or waits for one, and says what the line says."""
    after = connection.execute(select(AuditHead.operations_after)).scalar_one()
    last_id = connection.execute(select(func.max(OperationRow.id))).scalar_one() or 0
    looked_at, faults = 0, list[str]()
    while rows := connection.execute(_WRITTEN_DOWN.where(OperationRow.id > after, OperationRow.id <= last_id)).all():
        wrong = (row for row in rows if row.said != _should_say(row))
        faults.extend(map(_contradiction, islice(wrong, FAULTS_SHOWN_MAX - len(faults))))
        looked_at, after = looked_at + len(rows), rows[-1].id
    return Check("operations were written down", looked_at, faults)


_WRITTEN_DOWN = (
    select(
        OperationRow.id,
        OperationRow.kind,
        OperationRow.amount_cents,
        OperationRow.source_account_id,
        OperationRow.target_account_id,
        func.coalesce(AuditLine.detail, AuditPending.detail).label("said"),
    )
    .outerjoin(AuditLine, and_(AuditLine.operation_id == OperationRow.id, AuditLine.user_id == OperationRow.user_id))
    .outerjoin(
        AuditPending, and_(AuditPending.operation_id == OperationRow.id, AuditPending.user_id == OperationRow.user_id)
    )
    .order_by(OperationRow.id)
    .limit(OPERATIONS_AT_ONCE)
)


def _contradiction(row: Row[*tuple[Any, ...]]) -> str:
    return f"operation {row.id}: the audit says {row.said or 'nothing'}, the ledger {_should_say(row)}"


def _should_say(row: Row[*tuple[Any, ...]]) -> str:
    return detail_text(
        operation_detail(
            kind=row.kind,
            amount_cents=row.amount_cents,
            source_id=row.source_account_id,
            target_id=row.target_account_id,
        )
    )
