"""Passkeys."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "passkeys",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("credential_id", exact(344), nullable=False),
        sa.Column("public_key", exact(1024), nullable=False),
        sa.Column("sign_count", BIG, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sa.Index("ix_passkeys_user_id", "user_id"),
        sqlite_autoincrement=True,
    )
    create_table(
        "used_challenges",
        sa.Column("id", exact(32), primary_key=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Index("ix_used_challenges_expires_at", "expires_at"),
    )


def downgrade() -> None:
    drop_tables("used_challenges", "passkeys")
