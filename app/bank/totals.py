"""Sums: of a statement's days, and of everything that a person's first screen shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, case, func, literal, select, true, union_all

from app import clock
from app.bank.models import Account, DayTotals, StatementLine
from app.bank.queries import NEIGHBOURS, Filters, first_beyond, found, matching

DAYS_MAX = 366
SUMMARY_DAYS = 30


@dataclass(frozen=True, slots=True)
class DayTotal:
    day: date
    in_cents: int
    out_cents: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of days, newest first, of what filters let through up to `last_entry_id` of the account.

    Older days follow `until_day`, or the entries before `before_id`; of the latter the first may still be of the
    last day here. Both None: there are no more.
    """

    days: list[DayTotal]
    last_entry_id: int
    until_day: date | None = None
    before_id: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What came and went in a month, the sum of all balances at the end of each of the last days, oldest first.

    Money between the person's own accounts neither came nor went. `last_entry_ids`: up to which entry each account
    is counted. `since`: when the first account was opened.
    """

    month: date
    in_cents: int
    out_cents: int
    closings: list[tuple[date, int]]
    last_entry_ids: dict[int, int]
    since: datetime | None


def of_days(connection: Connection, account_id: int, *, before_id: int | None = None, filters: Filters) -> Totals:
    """The sums of up to DAYS_MAX days, or of what lies in SEARCH_ROWS_MAX rows where the days' own sums do not do."""
    if before_id is None and filters.search is None and filters.whole_days:
        return _kept(connection, account_id, filters)
    return _counted(connection, account_id, before_id, filters)


def _kept(connection: Connection, account_id: int, filters: Filters) -> Totals:
    """From the days' own sums. One statement, so that the sums and the entry up to which they go are of one moment."""
    own = DayTotals.account_id == account_id
    newest = select(DayTotals.last_entry_id).where(own).order_by(DayTotals.day.desc()).limit(NEIGHBOURS).subquery()
    last = select(func.coalesce(func.max(newest.c.last_entry_id), 0)).scalar_subquery()
    came = DayTotals.in_cents if filters.credit is not False else literal(0)
    went = DayTotals.out_cents if filters.credit is not True else literal(0)
    where = [own, came + went > 0]
    if filters.since is not None:
        where.append(DayTotals.day >= clock.day_of(filters.since))
    if filters.until is not None:
        where.append(DayTotals.day < clock.day_of(filters.until))
    days = select(DayTotals.day, came.label("came"), went.label("went")).where(*where)
    days = days.order_by(DayTotals.day.desc()).limit(DAYS_MAX + 1)
    none = select(literal(1).label("one")).subquery()
    listed = days.subquery()
    rows = connection.execute(
        select(last, listed.c.day, listed.c.came, listed.c.went)
        .select_from(none.outerjoin(listed, true()))
        .order_by(listed.c.day.desc())
    ).all()
    found_days = [DayTotal(day, came, went) for _, day, came, went in rows if day is not None]
    shown = found_days[:DAYS_MAX]
    until_day = shown[-1].day - timedelta(days=1) if len(found_days) > DAYS_MAX else None
    return Totals(shown, rows[0][0], until_day=until_day)


def _counted(connection: Connection, account_id: int, before_id: int | None, filters: Filters) -> Totals:
    last = connection.execute(
        select(func.max(StatementLine.entry_id)).where(StatementLine.account_id == account_id)
    ).scalar_one()
    # What is committed from here on is none of these sums.
    before_id = min(before_id or (last or 0) + 1, (last or 0) + 1)
    where = matching(connection, account_id, before_id=before_id, filters=filters)
    if where is None:
        return Totals([], last or 0)
    beyond_id = first_beyond(connection, where)
    if beyond_id is not None:
        where.append(StatementLine.entry_id > beyond_id)
    if filters.search is not None:
        where += found(filters.search)
    amount = StatementLine.amount_cents
    came, went = func.sum(case((amount > 0, amount), else_=0)), func.sum(case((amount < 0, -amount), else_=0))
    rows = connection.execute(
        select(StatementLine.day, came, went)
        .where(*where)
        .group_by(StatementLine.day)
        .order_by(StatementLine.day.desc())
    )
    days = [DayTotal(day, int(came), int(went)) for day, came, went in rows]
    return Totals(days, last or 0, before_id=None if beyond_id is None else beyond_id + 1)


def summary(connection: Connection, user_id: int, today: date) -> Summary:
    """The person's month and last SUMMARY_DAYS days, from at most two months of days' sums of each account."""
    accounts = connection.execute(select(Account.id, Account.created_at).where(Account.user_id == user_id)).all()
    month, first = today.replace(day=1), today - timedelta(days=SUMMARY_DAYS)
    rows = _days_since(connection, [account.id for account in accounts], min(month, first))
    of_month = [row for row in rows if row.day >= month]
    return Summary(
        month,
        sum(row.in_cents - row.own_in_cents for row in of_month),
        sum(row.out_cents - row.own_out_cents for row in of_month),
        _closings(rows, [first + timedelta(days=n) for n in range(SUMMARY_DAYS + 1)]),
        {**{account.id: 0 for account in accounts}, **_last_entry_ids(rows)},
        min((account.created_at for account in accounts), default=None),
    )


def _days_since(connection: Connection, account_ids: Sequence[int], first: date) -> Sequence[Row[*tuple[Any, ...]]]:
    """Each account's days from `first` on and the nearest before it, ascending. One statement sees one moment."""
    columns = (
        DayTotals.account_id,
        DayTotals.day,
        DayTotals.in_cents,
        DayTotals.out_cents,
        DayTotals.own_in_cents,
        DayTotals.own_out_cents,
        DayTotals.closing_cents,
        DayTotals.last_entry_id,
    )
    parts = []
    for account_id in account_ids:
        own = select(*columns).where(DayTotals.account_id == account_id)
        earlier = own.where(DayTotals.day < first).order_by(DayTotals.day.desc()).limit(NEIGHBOURS).subquery()
        parts += [own.where(DayTotals.day >= first), select(earlier)]
    rows = connection.execute(union_all(*parts)).all() if parts else []
    return sorted(rows, key=lambda row: (row.account_id, row.day))


def _last_entry_ids(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, int]:
    by_account = groupby(rows, key=lambda row: row.account_id)
    return {account_id: max(row.last_entry_id for row in of_account) for account_id, of_account in by_account}


def _closings(rows: Sequence[Row[*tuple[Any, ...]]], days: Sequence[date]) -> list[tuple[date, int]]:
    """The sum of the accounts' last balances on or before each day; an account had nothing before its first."""
    sums = dict.fromkeys(days, 0)
    for _, of_account in groupby(rows, key=lambda row: row.account_id):
        changes = list(of_account)
        for day in days:
            while len(changes) > 1 and changes[1].day <= day:
                changes.pop(0)
            if changes[0].day <= day:
                sums[day] += changes[0].closing_cents
    return list(sums.items())
