"""What an administrator tells everybody."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import ANNOUNCEMENT_CHARS_MAX


class BroadcastRow(Base):
    """One notice for every user, which a worker writes into their streams, some users at a time."""

    __tablename__ = "broadcasts"
    __table_args__ = (
        UniqueConstraint("user_id", "key_hash", name="uq_broadcasts_user_id_key_hash"),
        Index("ix_broadcasts_finished_at", "finished_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The administrator.
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # Of the Idempotency-Key.
    key_hash: Mapped[str] = mapped_column(exact_text(64))
    text: Mapped[str] = mapped_column(exact_text(ANNOUNCEMENT_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    # The last user that was told; the others have higher ids.
    told_to: Mapped[int] = mapped_column(BigId)
    # Null while there may be others.
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment)
