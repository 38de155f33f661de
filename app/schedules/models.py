"""What people want done on a day to come, and what became of each try."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import DESCRIPTION_CHARS_MAX


class ScheduleRow(Base):
    """Account numbers are the bank's; a foreign key would lock accounts out of their order."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("user_id", "request_key"),
        Index("ix_schedules_due_at", "due_at"),
        Index("ix_schedules_user_id_state", "user_id", "state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(20))
    source_account_id: Mapped[int] = mapped_column(BigId)
    # Null for a payment.
    target_account_id: Mapped[int | None] = mapped_column(BigId)
    amount_cents: Mapped[int] = mapped_column(BigId)
    description: Mapped[str] = mapped_column(String(DESCRIPTION_CHARS_MAX))
    recurrence: Mapped[str] = mapped_column(String(10))
    # The first date, from which all others follow.
    anchor_day: Mapped[date] = mapped_column(Date)
    until_day: Mapped[date | None] = mapped_column(Date)
    # The date that is to be done next, the try that it waits for, and the moment of that; null when it is all over.
    next_day: Mapped[date | None] = mapped_column(Date)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    state: Mapped[str] = mapped_column(String(10))
    # Of the request that made it: a request that is repeated makes no second schedule.
    request_key: Mapped[str] = mapped_column(exact_text(260))
    request_fingerprint: Mapped[str] = mapped_column(exact_text(64))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class ScheduleRun(Base):
    """One try of one date. Written in the transaction of the money itself; never changed."""

    __tablename__ = "schedule_runs"
    __table_args__ = (
        UniqueConstraint("schedule_id", "day", "attempt"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(BigId, ForeignKey("schedules.id"))
    day: Mapped[date] = mapped_column(Date)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    outcome: Mapped[str] = mapped_column(String(10))
    # Null when nothing was moved.
    operation_id: Mapped[int | None] = mapped_column(BigId)
    # What the owner is told of it.
    text: Mapped[str] = mapped_column(String(300))
    ran_at: Mapped[datetime] = mapped_column(UtcMoment)
