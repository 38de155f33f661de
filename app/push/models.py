"""The devices on which a person wants to be told while no page is open."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.push.services import ENDPOINT_CHARS_MAX


class PushSubscription(Base):
    """What a browser gave to one session, and how far its push service has taken the user's stream."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index("ix_push_subscriptions_user_id", "user_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    # It ends with the session.
    session_id: Mapped[str] = mapped_column(exact_text(32))
    endpoint: Mapped[str] = mapped_column(exact_text(ENDPOINT_CHARS_MAX))
    # SHA-256, hexadecimal: MariaDB makes no unique key of a text as long as an endpoint.
    endpoint_hash: Mapped[str] = mapped_column(exact_text(64), unique=True)
    # The browser's P-256 point and its secret, base64url without padding, as RFC 8291 encrypts for them.
    public_key: Mapped[str] = mapped_column(exact_text(88))
    auth_secret: Mapped[str] = mapped_column(exact_text(24))
    # Every event up to this seq was pushed, or needed no push.
    pushed_to: Mapped[int] = mapped_column(BigId)
    # A worker that takes the row up puts this off, and so does a push service that asks for time.
    not_before: Mapped[datetime] = mapped_column(UtcMoment)
    # In a row.
    failures: Mapped[int] = mapped_column(SmallInteger)
