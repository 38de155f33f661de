"""Notices that were read one by one; devices that are told when no page is open."""

import sqlalchemy as sa
from alembic import op

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE, COLUMN = "read_cursors", "beyond"


def upgrade() -> None:
    if not _has_column():
        op.add_column(TABLE, sa.Column(COLUMN, sa.Text, nullable=True))
    create_table(
        "push_subscriptions",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("session_id", exact(32), nullable=False),
        sa.Column("endpoint", exact(1024), nullable=False),
        sa.Column("endpoint_hash", exact(64), nullable=False, unique=True),
        sa.Column("public_key", exact(88), nullable=False),
        sa.Column("auth_secret", exact(24), nullable=False),
        sa.Column("pushed_to", BIG, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("failures", sa.SmallInteger, nullable=False),
        sa.Index("ix_push_subscriptions_user_id", "user_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    drop_tables("push_subscriptions")
    if _has_column():
        op.drop_column(TABLE, COLUMN)


def _has_column() -> bool:
    return COLUMN in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(TABLE)}
