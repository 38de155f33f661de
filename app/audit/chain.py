"""The chain of audit lines: add to it, verify it, read it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from app import clock, db
from app.audit.models import HASH_CHARS, AuditHead, AuditLine, AuditPending

# Before the first line.
NO_HASH = "0" * HASH_CHARS
ADDED_AT_ONCE = 1000
VERIFIED_AT_ONCE = 1000
FAULTS_SHOWN_MAX = 20

_HEAD = select(AuditHead.last_id, AuditHead.hash)
_LINES = select(
    AuditLine.id,
    AuditLine.at,
    AuditLine.user_id,
    AuditLine.kind,
    AuditLine.operation_id,
    AuditLine.detail,
    AuditLine.hash,
)


@dataclass(frozen=True)
class Verified:
    """How many lines were looked at, the hash of the last one, and in words what does not fit (FAULTS_SHOWN_MAX)."""

    lines: int
    hash: str
    faults: list[str]


def append(connection: Connection) -> int:
    """Give what waits its place, ADDED_AT_ONCE lines at the most; how many they were.

    One at a time: the head's lock makes a second appender wait, and it then goes on behind the first. What commits late
    comes into the chain late.
    """
    last_id, last_hash = connection.execute(_HEAD.with_for_update()).one()
    pending = connection.execute(select(AuditPending.__table__).order_by(AuditPending.id).limit(ADDED_AT_ONCE)).all()
    if not pending:
        return 0
    lines = []
    for number, row in enumerate(pending, start=last_id + 1):
        line = _said(row)
        last_hash = _hash(last_hash, number, **line)
        lines.append({"id": number, **line, "hash": last_hash})
    connection.execute(insert(db.table(AuditLine)), lines)
    connection.execute(delete(AuditPending).where(AuditPending.id.in_([row.id for row in pending])))
    connection.execute(update(AuditHead).values(last_id=lines[-1]["id"], hash=last_hash))
    return len(lines)


def _hash(
    before: str, number: int, *, at: datetime, user_id: int | None, kind: str, operation_id: int | None, detail: str
) -> str:
    """SHA-256 in hexadecimal digits, over the hash of the line before and the line itself as a JSON array."""
    said = json.dumps([number, clock.iso(at), user_id, kind, operation_id, detail], ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{said}".encode()).hexdigest()


def verify(connection: Connection) -> Verified:
    """From the first line to the head, some lines at a time. What is added meanwhile is left for the next time."""
    last_id, head_hash = connection.execute(_HEAD).one()
    faults: list[str] = []
    number, before = 0, NO_HASH
    for row in _all_lines(connection, last_id):
        fault = _fault(row, number, before)
        if fault and len(faults) < FAULTS_SHOWN_MAX:
            faults.append(fault)
        number, before = row.id, row.hash
    if (number, before) != (last_id, head_hash):
        faults.append(f"the chain ends with line {number}, and should with line {last_id} and the hash {head_hash}")
    return Verified(number, before, faults)


def _fault(row: Row[*tuple[Any, ...]], number: int, before: str) -> str | None:
    """Of a line that comes after that with the number and the hash."""
    if row.id != number + 1:
        return f"lines {number + 1} to {row.id - 1} are missing"
    if _hash(before, row.id, **_said(row)) != row.hash:
        return f"line {row.id} does not follow from what it says and from the line before it"
    return None


def _said(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "at": row.at,
        "user_id": row.user_id,
        "kind": row.kind,
        "operation_id": row.operation_id,
        "detail": row.detail,
    }


def _all_lines(connection: Connection, last_id: int) -> Iterator[Row[*tuple[Any, ...]]]:
    after = 0
    page = _LINES.order_by(AuditLine.id).limit(VERIFIED_AT_ONCE)
    while rows := connection.execute(page.where(AuditLine.id > after, AuditLine.id <= last_id)).all():
        yield from rows
        after = rows[-1].id


def newest(
    connection: Connection,
    *,
    user_id: int | None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[Row[*tuple[Any, ...]]]:
    """The newest lines of a user, or of everybody and of operators, in their order; `until` is the first moment after
    them."""
    lines = _LINES.order_by(AuditLine.id.desc()).limit(limit)
    if user_id is not None:
        lines = lines.where(AuditLine.user_id == user_id)
    if since is not None:
        lines = lines.where(AuditLine.at >= since)
    if until is not None:
        lines = lines.where(AuditLine.at < until)
    return list(reversed(connection.execute(lines).all()))
