"""Users, the bank and the streams."""

import time
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}
BALANCE_CENTS_MAX = 999_999_999_999_999
CASH_ACCOUNT_ID = -1
PARTITIONS = 16


def exact(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    _users()
    _bank()
    _streams()
    _seal("entries")
    _seal("operations")


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("email", exact(254), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", exact(60), nullable=False),
        sa.Column("token_generation", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
        **TABLE,
    )
    op.create_table(
        "revocations",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("jti", exact(32), unique=True),
        sa.Column("generation", BIG),
        sa.Column("revoked_at", MOMENT, nullable=False, index=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        **TABLE,
    )


def _bank() -> None:
    accounts = op.create_table(
        "accounts",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), index=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("balance_cents", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            f"balance_cents >= 0 AND balance_cents <= {BALANCE_CENTS_MAX}",
            name="balance_in_range",
        ),
        sqlite_autoincrement=True,
        **TABLE,
    )
    cash = {"id": CASH_ACCOUNT_ID, "user_id": None, "name": "Caixa", "balance_cents": 0, "version": 0}
    op.bulk_insert(accounts, [{**cash, "created_at": datetime.now(UTC).replace(tzinfo=None)}])
    op.create_table(
        "operations",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("amount_cents", BIG, nullable=False),
        sa.Column("description", sa.String(140), nullable=False),
        sa.Column("source_account_id", BIG, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("target_account_id", BIG, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sqlite_autoincrement=True,
        **TABLE,
    )
    op.create_table(
        "entries",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("operation_id", BIG, sa.ForeignKey("operations.id"), nullable=False, index=True),
        sa.Column("account_id", BIG, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("amount_cents", BIG, nullable=False),
        sa.Column("balance_after_cents", BIG),
        sa.CheckConstraint("amount_cents <> 0", name="amount_not_zero"),
        sa.Index("ix_entries_account_id_id", "account_id", "id"),
        sqlite_autoincrement=True,
        **TABLE,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("key", exact(260), primary_key=True),
        sa.Column("fingerprint", exact(64), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        **TABLE,
    )


def _streams() -> None:
    op.create_table(
        "user_streams",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, nullable=False),
        **TABLE,
    )
    op.create_table(
        "stream_events",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        **TABLE,
    )
    op.create_table(
        "outbox",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("partition_id", sa.SmallInteger, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Index("ix_outbox_partition_id", "partition_id", "id"),
        sqlite_autoincrement=True,
        **TABLE,
    )
    partitions = op.create_table(
        "outbox_partitions", sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False), **TABLE
    )
    op.bulk_insert(partitions, [{"id": i} for i in range(PARTITIONS)])
    epoch = op.create_table(
        "stream_epoch",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", BIG, nullable=False),
        **TABLE,
    )
    op.bulk_insert(epoch, [{"id": 1, "epoch": int(time.time())}])


def _seal(table: str) -> None:
    """The database itself refuses to change or delete a row."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = f"'{table} are never changed'"
    body = (
        f"BEGIN SELECT RAISE(ABORT, {refuse}); END"
        if sqlite
        else f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {refuse}"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} FOR EACH ROW {body}")


def downgrade() -> None:
    for table in (
        "stream_epoch",
        "outbox_partitions",
        "outbox",
        "stream_events",
        "user_streams",
        "idempotency_keys",
        "entries",
        "operations",
        "accounts",
        "revocations",
        "users",
    ):
        op.drop_table(table)
