"""Conversations, their messages, and what people report; who is shown to be online, and when they last were;
and up to where streams were dropped."""

import sqlalchemy as sa

from app.migrations.steps import BIG, MOMENT, create_table, drop_tables, exact

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="utf8mb4_bin"), "mysql", "mariadb")
    create_table(
        "chat_sides",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("other_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        *(sa.Column(name, BIG, nullable=False) for name in ("last_id", "sent", "unread", "read_to", "received_to")),
        sa.Index("ix_chat_sides_user_id_last_id", "user_id", "last_id"),
    )
    create_table(
        "chat_messages",
        sa.Column("id", BIG, primary_key=True),
        *(
            sa.Column(name, BIG, sa.ForeignKey("users.id"), nullable=False)
            for name in ("low_id", "high_id", "sender_id")
        ),
        sa.Column("nth", BIG, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("search_text", text, nullable=False),
        sa.Column("client_id", exact(64)),
        sa.Column("amount_cents", BIG),
        sa.Column("account_id", BIG),
        sa.Column("status", sa.String(20)),
        sa.Column("operation_id", BIG),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("edited_at", MOMENT),
        sa.Column("deleted_at", MOMENT),
        sa.Index("ix_chat_messages_conversation", "low_id", "high_id", "id"),
        sa.Index("ix_chat_messages_sender", "low_id", "high_id", "sender_id", "id"),
        sa.Index("ix_chat_messages_low_id", "low_id", "id"),
        sa.Index("ix_chat_messages_high_id", "high_id", "id"),
        sa.UniqueConstraint("sender_id", "client_id"),
        sqlite_autoincrement=True,
    )
    create_table(
        "chat_reports",
        sa.Column("id", BIG, primary_key=True),
        *(sa.Column(name, BIG, sa.ForeignKey("users.id"), nullable=False) for name in ("user_id", "other_id")),
        sa.Column("message_id", BIG),
        sa.Column("message_text", sa.Text, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    create_table(
        "presence_choices",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in ("shown", "last_seen_shown")),
    )
    create_table(
        "last_seen",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    create_table(
        "stream_trims",
        sa.Column("user_id", BIG, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
        sa.Column("trimmed_to", BIG, nullable=False),
    )


def downgrade() -> None:
    drop_tables("stream_trims", "last_seen", "presence_choices", "chat_reports", "chat_messages", "chat_sides")
