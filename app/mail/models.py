"""Mails that wait to be sent."""

from datetime import datetime

from sqlalchemy import Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import EMAIL_CHARS_MAX

SUBJECT_CHARS_MAX = 200


class MailRow(Base):
    """One mail, until it was sent, or is too old to be. Under LOCAL_OUTBOX it is read here instead."""

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_next_try_at", "next_try_at"),
        Index("ix_mails_expires_at", "expires_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recipient: Mapped[str] = mapped_column(exact_text(EMAIL_CHARS_MAX))
    subject: Mapped[str] = mapped_column(String(SUBJECT_CHARS_MAX))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    next_try_at: Mapped[datetime] = mapped_column(UtcMoment)
    # What it says is not true any more then.
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
