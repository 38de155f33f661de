"""Sessions with device, place and last use; all of a user's sessions end but one."""

import sqlalchemy as sa
from alembic import op

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE, COLUMN = "revocations", "kept_session_id"


def upgrade() -> None:
    if not _has_column():
        op.add_column(TABLE, sa.Column(COLUMN, exact(32), nullable=True))
    create_table(
        "sessions",
        sa.Column("id", exact(32), primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("generation", BIG, nullable=False),
        sa.Column("device", sa.String(60), nullable=False),
        sa.Column("address", exact(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Index("ix_sessions_user_id", "user_id"),
        sa.Index("ix_sessions_expires_at", "expires_at"),
    )


def downgrade() -> None:
    drop_tables("sessions")
    if _has_column():
        op.drop_column(TABLE, COLUMN)


def _has_column() -> bool:
    return COLUMN in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(TABLE)}
