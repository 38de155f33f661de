"""The tables of the durable streams. An application's own tables may stand in their place, with the same columns."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Insert,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    insert,
)
from sqlalchemy.dialects.mysql import DATETIME, LONGTEXT
from sqlalchemy.types import TypeEngine

from flask_socketio_cluster.trace import TRACE_CHARS_MAX

# SQLite gives row ids only to INTEGER keys; its integers are 64 bits wide anyway.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
_MOMENT = DateTime(timezone=True).with_variant(DATETIME(fsp=6), "mysql", "mariadb")
_TEXT = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
# Byte by byte: "Ana" and "ana" are two streams. So long that an index of MariaDB still takes it.
_KEY = String(190).with_variant(String(190, collation="utf8mb4_bin"), "mysql", "mariadb")


@dataclass(frozen=True)
class Tables:
    """Where streams are kept. The first column of `streams` is the key; it has the same name in all of them.

    `streams` (key, seq, notices): the head of each stream. Its row lock orders the commits of the stream's events.
    `events` (key, seq, event, payload, state, created_at, notices): never changed. `payload` is JSON, ready for the
    wire. `state` is lines of a key, a tab and a Socket.IO packet.
    `outbox` (id, key, seq, trace): events that no relay has published yet. Ids ascend and are never used again.
    `trace` is the id of the request that appended the event, or null.
    `epoch` (id, epoch): one row; the number changes when a backup is restored.
    `trims` (key, trimmed_to): the last event that was dropped of a stream, and all after it are kept. Of those before
    it only unread notices are.

    `notices` counts those events of a stream that count as unread (`Append.is_notice`), up to this one and with it.
    """

    streams: Table
    events: Table
    outbox: Table
    epoch: Table
    trims: Table

    @property
    def key_name(self) -> str:
        return self.streams.columns[0].name


def insert_missing(table: Table) -> Insert:
    """An INSERT that leaves a row of the same key as it is, also one that another transaction is just making."""
    statement = insert(table).prefix_with("OR IGNORE", dialect="sqlite")
    return statement.prefix_with("IGNORE", dialect="mysql").prefix_with("IGNORE", dialect="mariadb")


def define_tables(metadata: MetaData, *, prefix: str = "", key: TypeEngine[Any] = _KEY) -> Tables:
    """The five tables in `metadata`, each named `prefix` and more; `key` is the type of a stream's key, a text of up
    to 190 characters by default. `Streams.prepare` fills them once."""

    def key_column(**options: Any) -> Column[Any]:
        return Column("stream_key", key, **options)

    events = Table(
        f"{prefix}stream_events",
        metadata,
        key_column(primary_key=True, autoincrement=False),
        Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        Column("event", String(100), nullable=False),
        Column("payload", _TEXT, nullable=False),
        Column("state", _TEXT, nullable=False),
        Column("created_at", _MOMENT, nullable=False),
        Column("notices", _NUMBER, nullable=False),
    )
    outbox = Table(
        f"{prefix}outbox",
        metadata,
        Column("id", _NUMBER, primary_key=True),
        key_column(nullable=False),
        Column("seq", _NUMBER, nullable=False),
        Column("trace", String(TRACE_CHARS_MAX), nullable=True),
        sqlite_autoincrement=True,
    )
    return Tables(
        streams=Table(
            f"{prefix}streams",
            metadata,
            key_column(primary_key=True, autoincrement=False),
            Column("seq", _NUMBER, nullable=False),
            Column("notices", _NUMBER, nullable=False),
        ),
        events=events,
        outbox=outbox,
        epoch=Table(
            f"{prefix}stream_epoch",
            metadata,
            Column("id", SmallInteger, primary_key=True, autoincrement=False),
            Column("epoch", _NUMBER, nullable=False),
        ),
        trims=Table(
            f"{prefix}stream_trims",
            metadata,
            key_column(primary_key=True, autoincrement=False),
            Column("trimmed_to", _NUMBER, nullable=False),
        ),
    )
