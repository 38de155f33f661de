"""Read cursors and preferences of notifications; codes of receipts."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "read_cursors",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, nullable=False),
    )
    create_table(
        "preferences",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    create_table(
        "receipts",
        sa.Column("operation_id", BIG, sa.ForeignKey("operations.id"), primary_key=True, autoincrement=False),
        sa.Column("code", exact(20), nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    drop_tables("receipts", "preferences", "read_cursors")
