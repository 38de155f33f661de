"""The tables of the durable event streams, as `flask_socketio_cluster.streams` asks for them."""

from datetime import datetime

from flask_socketio_cluster.trace import TRACE_CHARS_MAX
from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text


class UserStream(Base):
    """The head of one user's stream. Its row lock orders the commits of that user's events."""

    __tablename__ = "user_streams"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigId, default=0)
    # How many of the events tell of what others did, so that nobody has to count what is unread.
    notices: Mapped[int] = mapped_column(BigId, default=0)


class StreamEvent(Base):
    """One durable event. Never changed; dropped when it is old, but for a notice that is not read."""

    __tablename__ = "stream_events"
    __table_args__ = (Index("ix_stream_events_user_id_notices_seq", "user_id", "notices", "seq"),)

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(40))
    # JSON, ready for the wire, with `id` and `seq` in it.
    payload: Mapped[str] = mapped_column(Text)
    # What else is true now and follows the event: lines of a key, a tab and a Socket.IO packet (JSON has neither raw).
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    # How many of those the stream has up to this event and with it.
    notices: Mapped[int] = mapped_column(BigId)


class StreamTrim(Base):
    """The last event of a stream that was dropped for its age; no row where none was. Of those before it only unread
    notices are kept."""

    __tablename__ = "stream_trims"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    trimmed_to: Mapped[int] = mapped_column(BigId)


class OutboxRow(Base):
    """An event that no worker has relayed yet."""

    __tablename__ = "outbox"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId)
    seq: Mapped[int] = mapped_column(BigId)
    # The id of the request that appended it; null for one that an older node wrote.
    trace: Mapped[str | None] = mapped_column(exact_text(TRACE_CHARS_MAX))


class StreamEpoch(Base):
    """One row. The number changes when a backup is restored, and with it every client starts afresh."""

    __tablename__ = "stream_epoch"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigId)
