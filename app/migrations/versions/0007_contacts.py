"""Contacts; and what the bank keeps of who has paid whom, filled from the ledger."""

import sqlalchemy as sa
from alembic import op

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPERATIONS_AT_ONCE = 5000

_FLAGS = ("consents", "refused", "listed", "favourite", "blocked")

# Transfers between two people: after one operation and up to another.
_OPERATIONS = (
    "FROM operations o JOIN accounts source ON source.id = o.source_account_id "
    "JOIN accounts target ON target.id = o.target_account_id"
)
_BETWEEN_PEOPLE = "WHERE o.id > :after AND o.id <= :until AND source.user_id <> target.user_id"
_PAYEES = (
    "INSERT INTO payees (payer_id, payee_id, first_operation_id, last_operation_id, last_at) "
    "SELECT source.user_id, target.user_id, MIN(o.id), MAX(o.id), MAX(o.created_at) "
    f"{_OPERATIONS} {_BETWEEN_PEOPLE} GROUP BY source.user_id, target.user_id "
)
_ON_DUPLICATE = (
    "ON DUPLICATE KEY UPDATE last_operation_id = GREATEST(last_operation_id, VALUES(last_operation_id)), "
    "last_at = GREATEST(last_at, VALUES(last_at))"
)
_ON_CONFLICT = (
    "ON CONFLICT (payer_id, payee_id) DO UPDATE SET "
    "last_operation_id = MAX(last_operation_id, excluded.last_operation_id), last_at = MAX(last_at, excluded.last_at)"
)
_ENTRIES = (
    "INTO people_entries (user_id, other_id, entry_id) SELECT mine.user_id, "
    "CASE WHEN mine.user_id = source.user_id THEN target.user_id ELSE source.user_id END, e.id "
    f"{_OPERATIONS} JOIN entries e ON e.operation_id = o.id JOIN accounts mine ON mine.id = e.account_id "
    f"{_BETWEEN_PEOPLE}"
)


def upgrade() -> None:
    _create_contacts()
    _create_payees()
    _fill()


def _create_contacts() -> None:
    create_table(
        "contacts",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("other_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in _FLAGS),
        sa.Column("asked_at", MOMENT),
        sa.Column("removed_at", MOMENT),
        sa.Index("ix_contacts_other_id", "other_id", "consents"),
    )
    create_table(
        "contact_emails",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("other_id", BIG, sa.ForeignKey("users.id")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("user_id", "email"),
        sqlite_autoincrement=True,
    )


def _create_payees() -> None:
    create_table(
        "payees",
        sa.Column("payer_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("payee_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("first_operation_id", BIG, nullable=False),
        sa.Column("last_operation_id", BIG, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Index("ix_payees_payer_id", "payer_id", "last_at"),
    )
    create_table(
        "people_entries",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("other_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("entry_id", BIG, primary_key=True, autoincrement=False),
    )


def _fill() -> None:
    """Operations in the order of their ids, each lot whole. Each lot may be written again, so a second run begins at
    the first operation."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    payees = sa.text(_PAYEES + (_ON_CONFLICT if sqlite else _ON_DUPLICATE))
    entries = sa.text(f"INSERT {'OR IGNORE' if sqlite else 'IGNORE'} {_ENTRIES}")
    last = connection.execute(sa.text("SELECT COALESCE(MAX(id), 0) FROM operations")).scalar_one()
    for after in range(0, last, OPERATIONS_AT_ONCE):
        lot = {"after": after, "until": after + OPERATIONS_AT_ONCE}
        connection.execute(payees, lot)
        connection.execute(entries, lot)
        if not sqlite:
            op.execute("COMMIT")  # no lock is held over the whole history


def downgrade() -> None:
    drop_tables("people_entries", "payees", "contact_emails", "contacts")
