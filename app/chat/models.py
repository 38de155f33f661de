"""Conversations of two people each: one row for each side, and the messages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text

CLIENT_ID_CHARS_MAX = 64
TEXT_CHARS_MAX = 2000
REASON_CHARS_MAX = 500


class ChatSide(Base):
    """What one person has of a conversation with another. Its lock, on both sides, orders the messages."""

    __tablename__ = "chat_sides"
    __table_args__ = (Index("ix_chat_sides_user_id_last_id", "user_id", "last_id"),)

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    # The newest message, whoever wrote it; 0 before the first.
    last_id: Mapped[int] = mapped_column(BigId, default=0)
    # How many messages the user wrote, and how many of the other's are unread.
    sent: Mapped[int] = mapped_column(BigId, default=0)
    unread: Mapped[int] = mapped_column(BigId, default=0)
    # Up to which message the user has read, and some device of the user has shown or kept.
    read_to: Mapped[int] = mapped_column(BigId, default=0)
    received_to: Mapped[int] = mapped_column(BigId, default=0)


class ChatMessage(Base):
    """One message. `id` grows with the order of the commits of its conversation, whose sides are locked first."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        Index("ix_chat_messages_conversation", "low_id", "high_id", "id"),
        Index("ix_chat_messages_sender", "low_id", "high_id", "sender_id", "id"),
        Index("ix_chat_messages_low_id", "low_id", "id"),
        Index("ix_chat_messages_high_id", "high_id", "id"),
        UniqueConstraint("sender_id", "client_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The two people, the smaller id first.
    low_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    high_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    sender_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    # How many messages the sender has in this conversation up to this one, so that nothing unread is ever counted.
    nth: Mapped[int] = mapped_column(BigId)
    # `messages.TEXT`, `TRANSFER` or `REQUEST`.
    kind: Mapped[str] = mapped_column(String(20))
    # Empty once it was deleted.
    text: Mapped[str] = mapped_column(Text)
    # The same as searches find it.
    search_text: Mapped[str] = mapped_column(Text().with_variant(Text(collation="utf8mb4_bin"), "mysql", "mariadb"))
    # The client's own name for it, by which a repeated request is known. Null for a transfer.
    client_id: Mapped[str | None] = mapped_column(exact_text(CLIENT_ID_CHARS_MAX))
    amount_cents: Mapped[int | None] = mapped_column(BigId)
    # Of a request: the sender's account that is to be paid, and `requests.OPEN` and so on.
    # No foreign key: its lock on the account would wait for transfers, which wait for the sides.
    account_id: Mapped[int | None] = mapped_column(BigId)
    status: Mapped[str | None] = mapped_column(String(20))
    # The transfer that it tells of, or that paid the request.
    operation_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    edited_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class ChatReport(Base):
    """What somebody says that another did wrong, for people of the bank to read. The text is kept as it was."""

    __tablename__ = "chat_reports"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    message_id: Mapped[int | None] = mapped_column(BigId)
    message_text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(REASON_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
