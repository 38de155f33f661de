"""Who knows whom: one row for each direction, and what was asked by e-mail."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import EMAIL_CHARS_MAX


class Contact(Base):
    """What one person decided about another. Two people are connected when both rows consent and neither blocks.

    The flags are 0 or 1.
    """

    __tablename__ = "contacts"
    __table_args__ = (Index("ix_contacts_other_id", "other_id", "consents"),)

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    # The user agrees that the other sees whether the user is online, and chats with the user.
    consents: Mapped[int] = mapped_column(SmallInteger, default=0)
    # The user does not want to be asked by the other.
    refused: Mapped[int] = mapped_column(SmallInteger, default=0)
    listed: Mapped[int] = mapped_column(SmallInteger, default=0)
    favourite: Mapped[int] = mapped_column(SmallInteger, default=0)
    blocked: Mapped[int] = mapped_column(SmallInteger, default=0)
    # When the other was last told that the user asks.
    asked_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    # When the user last took the other out of the list: who is paid after that is in it again.
    removed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class EmailRequest(Base):
    """An e-mail address that a user asked, kept in the same way whether anybody has it.

    Only the user who typed the address is shown it. It goes when the other accepts, the user takes it back, or after
    30 days.
    """

    __tablename__ = "contact_emails"
    __table_args__ = (UniqueConstraint("user_id", "email"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    email: Mapped[str] = mapped_column(exact_text(EMAIL_CHARS_MAX))
    # Who was asked with it, in secret from the user until the answer; null when nobody was.
    other_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class PresenceChoice(Base):
    """Whether a user is shown to contacts; who has no row is. The flags are 0 or 1."""

    __tablename__ = "presence_choices"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    # Who is not shown sees nobody either.
    shown: Mapped[int] = mapped_column(SmallInteger)
    last_seen_shown: Mapped[int] = mapped_column(SmallInteger)


class LastSeen(Base):
    """When a user was last online."""

    __tablename__ = "last_seen"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcMoment)
