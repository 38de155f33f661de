"""The statement's own tables, written in the transaction of the entries themselves."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.dialects.mysql import insert as mariadb_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from app import clock, db
from app.bank.models import DayTotals, StatementLine
from app.bank.queries import Movement
from app.search import folded

_TOTALS = db.table(DayTotals)
_ADDED = ("in_cents", "out_cents", "own_in_cents", "own_out_cents")
_REPLACED = ("closing_cents", "last_entry_id")


def _changes(new: Any) -> dict[str, Any]:
    """What a day that is there already becomes; `new` are the columns of the row that was to be inserted."""
    return {**{name: _TOTALS.c[name] + new[name] for name in _ADDED}, **{name: new[name] for name in _REPLACED}}


# Built once: making a statement costs more than running it.
_INSERT_LINES = insert(db.table(StatementLine))
_on_mariadb = mariadb_insert(_TOTALS)
_ADD_ON_MARIADB = _on_mariadb.on_duplicate_key_update(_changes(_on_mariadb.inserted))
_on_sqlite = sqlite_insert(_TOTALS)
_ADD_ON_SQLITE = _on_sqlite.on_conflict_do_update(
    index_elements=[_TOTALS.c.account_id, _TOTALS.c.day], set_=_changes(_on_sqlite.excluded)
)


def add(connection: Connection, movements: Sequence[Movement], *, between_own: bool) -> None:
    """Add one operation's movements, of different accounts. `between_own`: both accounts are one person's.

    The accounts are locked by the caller, which orders the rows of one account.
    """
    connection.execute(_INSERT_LINES, [_line(row) for row in movements])
    statement = _ADD_ON_SQLITE if connection.dialect.name == "sqlite" else _ADD_ON_MARIADB
    connection.execute(statement, [_totals(row, between_own) for row in movements])


def line_text(description: str, counterpart_name: str | None) -> str:
    """The folded text of a row, in which searches look."""
    return folded(f"{description} {counterpart_name or ''}")


def _line(row: Movement) -> dict[str, Any]:
    return {
        "account_id": row.account_id,
        "entry_id": row.id,
        "day": clock.day_of(row.moved_at),
        "moved_at": row.moved_at,
        "credit": int(row.amount_cents > 0),
        "amount_cents": row.amount_cents,
        "search_text": line_text(row.description, row.counterpart_name),
    }


def _totals(row: Movement, between_own: bool) -> dict[str, Any]:
    came, went = max(row.amount_cents, 0), max(-row.amount_cents, 0)
    return {
        "account_id": row.account_id,
        "day": clock.day_of(row.moved_at),
        "in_cents": came,
        "out_cents": went,
        "own_in_cents": came if between_own else 0,
        "own_out_cents": went if between_own else 0,
        "closing_cents": row.balance_after_cents,
        "first_entry_id": row.id,
        "last_entry_id": row.id,
    }
