"""Mails that wait to be sent, codes for who forgot the password, the second factor."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _of_user() -> sa.Column[int]:
    return sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False)


def upgrade() -> None:
    create_table(
        "mails",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("recipient", exact(254), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Index("ix_mails_next_try_at", "next_try_at"),
        sa.Index("ix_mails_expires_at", "expires_at"),
        sqlite_autoincrement=True,
    )
    create_table(
        "password_recoveries",
        _of_user(),
        sa.Column("code_hash", exact(64), nullable=False),
        sa.Column("tries", sa.SmallInteger, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    create_table(
        "second_factors",
        _of_user(),
        sa.Column("secret", exact(32), nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("last_step", BIG, nullable=False),
        sa.Column("limit_cents", BIG, nullable=False),
    )
    create_table(
        "recovery_codes",
        _of_user(),
        sa.Column("code_hash", exact(64), primary_key=True),
    )


def downgrade() -> None:
    drop_tables("recovery_codes", "second_factors", "password_recoveries", "mails")
