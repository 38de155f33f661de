"""What a user has read, and how the user wants to be told. The notifications themselves are in the stream."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId


class ReadCursor(Base):
    """Every notification up to `seq` has been read, and single ones beyond it."""

    __tablename__ = "read_cursors"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigId)
    # How many notifications that is.
    notices: Mapped[int] = mapped_column(BigId)
    # The numbers of those beyond it, as `read_notices.to_text` writes them.
    beyond: Mapped[str | None] = mapped_column(Text)


class PreferencesRow(Base):
    __tablename__ = "preferences"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    # JSON of payloads.Preferences.
    document: Mapped[str] = mapped_column(Text)
