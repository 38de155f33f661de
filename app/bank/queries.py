"""Statements: the entries of accounts as movements, newest first. What a page costs does not grow with the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, union_all
from sqlalchemy.orm import aliased

from app import clock
from app.bank.models import Account, DayTotals, Entry, OperationRow, StatementLine
from app.search import Search
from app.users.models import User

PAGE_ROWS_MAX = 200
# A text is looked for in this many rows at a time; the answer says where it goes on.
SEARCH_ROWS_MAX = 10_000
# Clocks of nodes differ by less than a day. So the entries of two neighbouring days may lie among each other by id,
# and those of days further apart never do.
NEIGHBOURS = 2

_MICROSECOND = timedelta(microseconds=1)


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
    search: Search | None = None

    @property
    def whole_days(self) -> bool:
        """Whether the period begins and ends with a day."""
        return all(m is None or m == clock.day_start(clock.day_of(m)) for m in (self.since, self.until))


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Page:
    """`before_id` of the page that follows; None after the oldest row."""

    rows: list[Movement]
    next_before_id: int | None


def newest(connection: Connection, account_ids: Sequence[int], *, limit: int, before_id: int | None = None) -> Page:
    """Up to `limit` (≤ PAGE_ROWS_MAX) movements of these accounts, newest first, older than entry `before_id`.

    Each account is asked for its own newest, by index, and the best of those are taken.
    """
    assert 0 < limit <= PAGE_ROWS_MAX
    if not account_ids:
        return Page([], None)
    each = []
    for account_id in account_ids:
        statement = select(Entry.id).where(Entry.account_id == account_id)
        if before_id is not None:
            statement = statement.where(Entry.id < before_id)
        own = statement.order_by(Entry.id.desc()).limit(limit + 1).subquery()
        each.append(select(own.c.id))
    ids = sorted(connection.execute(union_all(*each)).scalars(), reverse=True)
    return page_of(connection, ids, limit)


def statement(
    connection: Connection, account_id: int, *, limit: int, before_id: int | None = None, filters: Filters = NO_FILTERS
) -> Page:
    """Up to `limit` (≤ PAGE_ROWS_MAX) movements of one account, newest first, older than entry `before_id`.

    With a text in the filters it looks at SEARCH_ROWS_MAX rows, so the page may be short, or empty, and still not
    be the last one.
    """
    assert 0 < limit <= PAGE_ROWS_MAX
    where = matching(connection, account_id, before_id=before_id, filters=filters)
    if where is None:
        return Page([], None)
    beyond_id = first_beyond(connection, where) if filters.search else None
    lines = select(StatementLine.entry_id).where(*where)
    if filters.search:
        lines = lines.where(*found(filters.search))
    if beyond_id is not None:
        lines = lines.where(StatementLine.entry_id > beyond_id)
    ids = list(connection.execute(lines.order_by(StatementLine.entry_id.desc()).limit(limit + 1)).scalars())
    return page_of(connection, ids, limit, beyond_id)


def first_moment(connection: Connection, account_id: int) -> datetime | None:
    """When the account first moved."""
    return connection.execute(
        select(StatementLine.moved_at)
        .where(StatementLine.account_id == account_id)
        .order_by(StatementLine.entry_id)
        .limit(1)
    ).scalar_one_or_none()


def matching(
    connection: Connection, account_id: int, *, before_id: int | None, filters: Filters
) -> list[ColumnElement[bool]] | None:
    """All conditions but the search, each of which an index answers; None when nothing can match."""
    where: list[ColumnElement[bool]] = [StatementLine.account_id == account_id]
    if before_id is not None:
        where.append(StatementLine.entry_id < before_id)
    if filters.credit is not None:
        where.append(StatementLine.credit == int(filters.credit))
    if filters.since is not None:
        first = _edge(connection, account_id, since=filters.since)
        if first is None:
            return None
        where += [StatementLine.entry_id >= first, StatementLine.moved_at >= filters.since]
    if filters.until is not None:
        last = _edge(connection, account_id, until=filters.until)
        if last is None:
            return None
        where += [StatementLine.entry_id <= last, StatementLine.moved_at < filters.until]
    return where


def _edge(
    connection: Connection, account_id: int, *, since: datetime | None = None, until: datetime | None = None
) -> int | None:
    """An entry before which, or after which, none lies in the period; None when the account has none on that side."""
    days = select(DayTotals.first_entry_id, DayTotals.last_entry_id).where(DayTotals.account_id == account_id)
    if since is not None:
        days = days.where(DayTotals.day >= clock.day_of(since)).order_by(DayTotals.day)
    if until is not None:
        days = days.where(DayTotals.day <= clock.day_of(until - _MICROSECOND)).order_by(DayTotals.day.desc())
    nearest = connection.execute(days.limit(NEIGHBOURS)).all()
    if not nearest:
        return None
    return int(min(row.first_entry_id for row in nearest) if since else max(row.last_entry_id for row in nearest))


def first_beyond(connection: Connection, where: Sequence[ColumnElement[bool]]) -> int | None:
    """The newest entry that is beyond what a search looks at; None when it reaches the oldest."""
    return connection.execute(
        select(StatementLine.entry_id)
        .where(*where)
        .order_by(StatementLine.entry_id.desc())
        .offset(SEARCH_ROWS_MAX)
        .limit(1)
    ).scalar_one_or_none()


def found(search: Search) -> list[ColumnElement[bool]]:
    """The condition that a row's text or amount fits."""
    text = func.instr(StatementLine.search_text, search.text) > 0
    wanted, amount = search.amount, StatementLine.amount_cents
    if wanted is None:
        return [text]
    came = and_(amount >= wanted.low, amount < wanted.high)
    went = and_(amount <= -wanted.low, amount > -wanted.high)
    either = {True: came, False: went, None: or_(came, went)}
    return [or_(text, either[wanted.credit])]


def page_of(connection: Connection, ids: Sequence[int], limit: int, beyond_id: int | None = None) -> Page:
    """The movements of the first `limit` of these entries; one more of them says that it goes on."""
    shown = ids[:limit]
    statement = _base().where(Entry.id.in_(shown)).order_by(Entry.id.desc())
    rows = [Movement(*row) for row in connection.execute(statement)] if shown else []
    if len(ids) > limit:
        return Page(rows, shown[-1])
    return Page(rows, None if beyond_id is None else beyond_id + 1)


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
