"""Users, the bank and the streams. What seals the books is no step of this: see `app.migrations.seal`."""

import time
from datetime import UTC, datetime

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact, insert_missing

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BALANCE_CENTS_MAX = 999_999_999_999_999
CASH_ACCOUNT_ID = -1
PARTITIONS = 16


def upgrade() -> None:
    _users()
    _bank()
    _streams()


def _users() -> None:
    create_table(
        "users",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("email", exact(254), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", exact(60), nullable=False),
        sa.Column("token_generation", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    create_table(
        "revocations",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("jti", exact(32), unique=True),
        sa.Column("generation", BIG),
        sa.Column("revoked_at", MOMENT, nullable=False, index=True),
        sa.Column("expires_at", MOMENT, nullable=False),
    )


def _bank() -> None:
    accounts = create_table(
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
    )
    cash = {"id": CASH_ACCOUNT_ID, "user_id": None, "name": "Caixa", "balance_cents": 0, "version": 0}
    insert_missing(accounts, [{**cash, "created_at": datetime.now(UTC).replace(tzinfo=None)}])
    create_table(
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
    )
    create_table(
        "entries",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("operation_id", BIG, sa.ForeignKey("operations.id"), nullable=False, index=True),
        sa.Column("account_id", BIG, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("amount_cents", BIG, nullable=False),
        sa.Column("balance_after_cents", BIG),
        sa.CheckConstraint("amount_cents <> 0", name="amount_not_zero"),
        sa.Index("ix_entries_account_id_id", "account_id", "id"),
        sqlite_autoincrement=True,
    )
    create_table(
        "idempotency_keys",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("key", exact(260), primary_key=True),
        sa.Column("fingerprint", exact(64), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
    )


def _streams() -> None:
    create_table(
        "user_streams",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, nullable=False),
    )
    create_table(
        "stream_events",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    create_table(
        "outbox",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("partition_id", sa.SmallInteger, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Index("ix_outbox_partition_id", "partition_id", "id"),
        sqlite_autoincrement=True,
    )
    partitions = create_table(
        "outbox_partitions", sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False)
    )
    insert_missing(partitions, [{"id": i} for i in range(PARTITIONS)])
    epoch = create_table(
        "stream_epoch",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", BIG, nullable=False),
    )
    insert_missing(epoch, [{"id": 1, "epoch": int(time.time())}])


def downgrade() -> None:
    drop_tables(
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
    )
