"""Users and what ends their sessions early."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import EMAIL_CHARS_MAX, NAME_CHARS_MAX


class User(Base):
    __tablename__ = "users"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(exact_text(EMAIL_CHARS_MAX), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    password_hash: Mapped[str] = mapped_column(exact_text(60))
    # Tokens carry the generation they were issued in; raising it ends them all.
    token_generation: Mapped[int] = mapped_column(BigId, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class Revocation(Base):
    """One ended session, or every session of the user from before `generation` (`session_id` is null)."""

    __tablename__ = "revocations"
    __table_args__ = (Index("ix_revocations_revoked_at", "revoked_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    session_id: Mapped[str | None] = mapped_column(exact_text(32), unique=True)
    generation: Mapped[int | None] = mapped_column(BigId)
    revoked_at: Mapped[datetime] = mapped_column(UtcMoment)
    # When the last token that it ends would have expired by itself; then the row may go.
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
