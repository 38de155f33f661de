"""Administrators, and what they tell everybody."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "administrators",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("since", MOMENT, nullable=False),
    )
    create_table(
        "broadcasts",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("key_hash", exact(64), nullable=False),
        sa.Column("text", exact(500), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("told_to", BIG, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.UniqueConstraint("user_id", "key_hash", name="uq_broadcasts_user_id_key_hash"),
        sa.Index("ix_broadcasts_finished_at", "finished_at"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    drop_tables("broadcasts", "administrators")
