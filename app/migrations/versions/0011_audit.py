"""Who did what: a chain of lines, and what waits to be added to it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact, insert_missing

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "audit",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        *_said(),
        sa.Column("hash", exact(64), nullable=False),
        sa.Index("ix_audit_user_id_id", "user_id", "id"),
    )
    create_table("audit_pending", sa.Column("id", BIG, primary_key=True), *_said(), sqlite_autoincrement=True)
    head = create_table(
        "audit_head",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.Column("hash", exact(64), nullable=False),
        sa.Column("operations_after", BIG, nullable=False),
        sa.Column("operations_looked_at", BIG, nullable=False),
    )
    newest = op.get_bind().execute(sa.text("SELECT COALESCE(MAX(id), 0) FROM operations")).scalar_one()
    first = {"operations_after": newest, "operations_looked_at": newest}
    insert_missing(head, [{"id": 1, "last_id": 0, "hash": "0" * 64, **first}])


def _said() -> list[sa.Column[Any]]:
    return [
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("user_id", BIG),
        sa.Column("kind", exact(40), nullable=False),
        sa.Column("operation_id", BIG, unique=True),
        sa.Column("detail", sa.String(500), nullable=False),
    ]


def downgrade() -> None:
    drop_tables("audit_head", "audit_pending", "audit")
