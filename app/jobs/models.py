"""What the workers do from time to time, and how it went last."""

from datetime import datetime

from sqlalchemy import SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text

NAME_CHARS_MAX = 40
RESULT_CHARS_MAX = 200
WORKER_CHARS_MAX = 80


class JobRow(Base):
    """One job. A worker that runs it has claimed the row until `claimed_until`; then any other may take it."""

    __tablename__ = "jobs"

    name: Mapped[str] = mapped_column(exact_text(NAME_CHARS_MAX), primary_key=True)
    next_run_at: Mapped[datetime] = mapped_column(UtcMoment)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcMoment)
    claimed_by: Mapped[str | None] = mapped_column(exact_text(WORKER_CHARS_MAX))
    # Counts the claims, so that a worker whose lease has run out cannot speak for the one that came after it.
    claims: Mapped[int] = mapped_column(BigId, default=0)
    # How many runs have failed since the last one that did not.
    failures: Mapped[int] = mapped_column(BigId, default=0)
    last_started_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    last_ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    # 1 or 0; null before the first run has ended.
    last_ok: Mapped[int | None] = mapped_column(SmallInteger)
    last_result: Mapped[str] = mapped_column(String(RESULT_CHARS_MAX), default="")
