"""A worker claims rows of the outbox themselves, so they have no partitions."""

import sqlalchemy as sa
from alembic import op

from app.migrations.steps import create_table, drop_tables, insert_missing

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEX, COLUMN, PARTITIONS = "ix_outbox_partition_id", "partition_id", 16


def upgrade() -> None:
    op.drop_index(INDEX, "outbox", if_exists=True)
    if _has_column():
        op.drop_column("outbox", COLUMN)
    drop_tables("outbox_partitions")


def downgrade() -> None:
    partitions = create_table(
        "outbox_partitions", sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False)
    )
    insert_missing(partitions, [{"id": number} for number in range(PARTITIONS)])
    if not _has_column():
        op.add_column("outbox", sa.Column(COLUMN, sa.SmallInteger, nullable=False, server_default="0"))
    op.execute(f"UPDATE outbox SET {COLUMN} = user_id % {PARTITIONS}")  # noqa: S608  both are written above
    op.create_index(INDEX, "outbox", [COLUMN, "id"], if_not_exists=True)


def _has_column() -> bool:
    return COLUMN in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("outbox")}
