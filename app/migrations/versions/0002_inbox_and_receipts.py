"""Read cursors and preferences of notifications; codes of receipts."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
TABLE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}


def upgrade() -> None:
    op.create_table(
        "read_cursors",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, nullable=False),
        **TABLE,
    )
    op.create_table(
        "preferences",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text, nullable=False),
        **TABLE,
    )
    code = sa.String(20).with_variant(sa.String(20, collation="utf8mb4_bin"), "mysql", "mariadb")
    op.create_table(
        "receipts",
        sa.Column("operation_id", BIG, sa.ForeignKey("operations.id"), primary_key=True, autoincrement=False),
        sa.Column("code", code, nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        **TABLE,
    )


def downgrade() -> None:
    for table in ("receipts", "preferences", "read_cursors"):
        op.drop_table(table)
