"""Who did what: a chain of lines of which none can be changed, and what waits to be added to it."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text

KIND_CHARS_MAX = 40
DETAIL_CHARS_MAX = 500
HASH_CHARS = 64


class AuditLine(Base):
    """`id` counts from 1 without a gap. `hash` follows from the line and from the hash of the line before it.

    Never changed or deleted: triggers refuse it, where they can be made (docs/adr/0009).
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_user_id_id", "user_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcMoment)
    # Null for what nobody in particular did, or an operator.
    user_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(exact_text(KIND_CHARS_MAX))
    operation_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    # JSON: numbers and names of ours, nothing that a person wrote.
    detail: Mapped[str] = mapped_column(String(DETAIL_CHARS_MAX))
    hash: Mapped[str] = mapped_column(exact_text(HASH_CHARS))


class AuditPending(Base):
    """What was written in the transaction of the fact itself and has no place in the chain yet."""

    __tablename__ = "audit_pending"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment)
    user_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(exact_text(KIND_CHARS_MAX))
    operation_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    detail: Mapped[str] = mapped_column(String(DETAIL_CHARS_MAX))


class AuditHead(Base):
    """One row: the last line of the chain. Whoever adds to the chain holds its lock."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(exact_text(HASH_CHARS))
    # Operations up to this one are older than the chain.
    operations_after: Mapped[int] = mapped_column(BigId)
    # Up to this one it was looked whether each has its line (`late.add`).
    operations_looked_at: Mapped[int] = mapped_column(BigId)
