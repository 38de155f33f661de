"""What workers do from time to time; schedules, and the record of each try."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "jobs",
        sa.Column("name", exact(40), primary_key=True),
        sa.Column("next_run_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT),
        sa.Column("claimed_by", exact(80)),
        sa.Column("claims", BIG, nullable=False),
        sa.Column("failures", BIG, nullable=False),
        sa.Column("last_started_at", MOMENT),
        sa.Column("last_ended_at", MOMENT),
        sa.Column("last_ok", sa.SmallInteger),
        sa.Column("last_result", sa.String(200), nullable=False),
    )
    create_table(
        "schedules",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source_account_id", BIG, nullable=False),
        sa.Column("target_account_id", BIG),
        sa.Column("amount_cents", BIG, nullable=False),
        sa.Column("description", sa.String(140), nullable=False),
        sa.Column("recurrence", sa.String(10), nullable=False),
        sa.Column("anchor_day", sa.Date, nullable=False),
        sa.Column("until_day", sa.Date),
        sa.Column("next_day", sa.Date),
        sa.Column("attempt", sa.SmallInteger, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("request_key", exact(260), nullable=False),
        sa.Column("request_fingerprint", exact(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("user_id", "request_key"),
        sa.Index("ix_schedules_due_at", "due_at"),
        sa.Index("ix_schedules_user_id_state", "user_id", "state"),
        sqlite_autoincrement=True,
    )
    create_table(
        "schedule_runs",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("schedule_id", BIG, sa.ForeignKey("schedules.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("attempt", sa.SmallInteger, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("operation_id", BIG),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("ran_at", MOMENT, nullable=False),
        sa.UniqueConstraint("schedule_id", "day", "attempt"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    drop_tables("schedule_runs", "schedules", "jobs")
