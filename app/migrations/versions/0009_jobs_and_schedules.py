"""What workers do from time to time."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0009"
down_revision = "0006"
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


def downgrade() -> None:
    drop_tables("jobs")
