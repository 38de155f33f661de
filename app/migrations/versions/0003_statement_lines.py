"""What filters, searches and sums of statements read; notifications that are counted as they are written.

Repeatable from wherever it was stopped, also on MariaDB, which commits each change of the schema by itself. It needs no
trigger, and no right beyond those on tables.
"""

from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

from app import clock
from app.bank.statement_lines import line_text
from app.migrations.steps import BIG, MOMENT, create_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="utf8mb4_bin"), "mysql", "mariadb")
ROWS_AT_ONCE = 500

_ENTRIES = sa.text(
    "SELECT e.id, e.account_id, e.amount_cents, e.balance_after_cents, o.description, o.created_at, "
    "mine.user_id AS owner, other.user_id AS other_owner, other.name AS account_name, users.name AS holder_name "
    "FROM entries e JOIN operations o ON o.id = e.operation_id JOIN accounts mine ON mine.id = e.account_id "
    "JOIN accounts other ON other.id = "
    "CASE WHEN o.source_account_id = e.account_id THEN o.target_account_id ELSE o.source_account_id END "
    "LEFT JOIN users ON users.id = other.user_id "
    "WHERE e.id > :after ORDER BY e.id LIMIT :rows"
).columns(created_at=MOMENT)
_LINE = sa.text(
    "INSERT INTO statement_lines (account_id, entry_id, day, moved_at, credit, amount_cents, search_text) "
    "VALUES (:account_id, :entry_id, :day, :moved_at, :credit, :amount_cents, :search_text)"
).bindparams(sa.bindparam("day", type_=sa.Date), sa.bindparam("moved_at", type_=MOMENT))
_ADDED, _REPLACED = ("in_cents", "out_cents", "own_in_cents", "own_out_cents"), ("closing_cents", "last_entry_id")
_DAY = (
    "INSERT INTO day_totals (account_id, day, in_cents, out_cents, own_in_cents, own_out_cents, closing_cents, "
    "first_entry_id, last_entry_id) VALUES (:account_id, :day, :in_cents, :out_cents, :own_in_cents, :own_out_cents, "
    ":closing_cents, :entry_id, :entry_id) "
)
_ON_DUPLICATE = "ON DUPLICATE KEY UPDATE " + ", ".join(
    [f"{name} = {name} + VALUES({name})" for name in _ADDED] + [f"{name} = VALUES({name})" for name in _REPLACED]
)
_ON_CONFLICT = "ON CONFLICT (account_id, day) DO UPDATE SET " + ", ".join(
    [f"{name} = {name} + excluded.{name}" for name in _ADDED] + [f"{name} = excluded.{name}" for name in _REPLACED]
)
_EVENTS = sa.text(
    "SELECT user_id, seq FROM stream_events WHERE user_id > :user_id OR (user_id = :user_id AND seq > :seq) "
    "ORDER BY user_id, seq LIMIT :rows"
)
_NUMBER_EVENTS = sa.text(
    "UPDATE stream_events SET notices = seq WHERE (user_id > :user_id OR (user_id = :user_id AND seq > :seq)) "
    "AND (user_id < :last_user_id OR (user_id = :last_user_id AND seq <= :last_seq))"
)


def upgrade() -> None:
    _create_tables()
    for table in ("user_streams", "stream_events", "read_cursors"):
        _count_notices(table)
    _fill()


def _create_tables() -> None:
    create_table(
        "statement_lines",
        sa.Column("account_id", BIG, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("entry_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.Column("credit", sa.SmallInteger, nullable=False),
        sa.Column("amount_cents", BIG, nullable=False),
        sa.Column("search_text", EXACT, nullable=False),
        sa.Index("ix_statement_lines_credit", "account_id", "credit", "entry_id"),
    )
    create_table(
        "day_totals",
        sa.Column("account_id", BIG, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, primary_key=True),
        *(sa.Column(name, BIG, nullable=False) for name in (*_ADDED, "closing_cents")),
        sa.Column("first_entry_id", BIG, nullable=False),
        sa.Column("last_entry_id", BIG, nullable=False),
    )


def _count_notices(table: str) -> None:
    """Up to now every durable event was a notification, so the seq is their number."""
    connection = op.get_bind()
    number = f"UPDATE {table} SET notices = seq"  # noqa: S608  one of three names
    if connection.dialect.name == "sqlite":
        op.add_column(table, sa.Column("notices", BIG))
        op.execute(number)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("notices", existing_type=BIG, nullable=False)
        return
    if "notices" not in {column["name"] for column in sa.inspect(connection).get_columns(table)}:
        op.add_column(table, sa.Column("notices", BIG, nullable=False))
    if table != "stream_events":
        op.execute(number)
        return
    place = {"user_id": 0, "seq": 0}
    while events := connection.execute(_EVENTS, {**place, "rows": ROWS_AT_ONCE}).all():
        last = events[-1]
        connection.execute(_NUMBER_EVENTS, {**place, "last_user_id": last.user_id, "last_seq": last.seq})
        op.execute("COMMIT")
        place = {"user_id": last.user_id, "seq": last.seq}


def _fill() -> None:
    """Entries in the order of their ids, each lot whole: the highest one that is there says where to go on."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    add_day = sa.text(_DAY + (_ON_CONFLICT if sqlite else _ON_DUPLICATE)).bindparams(sa.bindparam("day", type_=sa.Date))
    after = connection.execute(sa.text("SELECT COALESCE(MAX(entry_id), 0) FROM statement_lines")).scalar_one()
    while entries := connection.execute(_ENTRIES, {"after": after, "rows": ROWS_AT_ONCE}).all():
        rows = [_row(entry) for entry in entries if entry.owner is not None]
        if rows:
            connection.execute(_LINE, rows)
            connection.execute(add_day, rows)
        if not sqlite:
            op.execute("COMMIT")
        after = entries[-1].id


def _row(entry: Any) -> dict[str, Any]:
    """The values of both tables. Of the other party its owner's registered name is shown, of an own account its own."""
    own = entry.other_owner == entry.owner
    came, went = max(entry.amount_cents, 0), max(-entry.amount_cents, 0)
    return {
        "account_id": entry.account_id,
        "entry_id": entry.id,
        "day": clock.day_of(entry.created_at.replace(tzinfo=UTC)),
        "moved_at": entry.created_at,
        "credit": int(entry.amount_cents > 0),
        "amount_cents": entry.amount_cents,
        "search_text": line_text(entry.description, entry.account_name if own else entry.holder_name),
        "in_cents": came,
        "out_cents": went,
        "own_in_cents": came if own else 0,
        "own_out_cents": went if own else 0,
        "closing_cents": entry.balance_after_cents,
    }


def downgrade() -> None:
    for table in ("read_cursors", "stream_events", "user_streams"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("notices")
    op.drop_table("day_totals")
    op.drop_table("statement_lines")
