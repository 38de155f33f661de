"""What is written down of who did what, in the transaction in which it was done."""

import json
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert

from app import clock, db
from app.audit.models import DETAIL_CHARS_MAX, AuditPending


class Kind(StrEnum):
    REGISTERED = "registered"
    LOGIN = "login"
    LOGINS_FAILED = "logins_failed"
    LOGOUT = "logout"
    LOGOUT_EVERYWHERE = "logout_everywhere"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a kind, no password
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a kind, no password
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    SECOND_FACTOR_LIMIT = "second_factor_limit"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    # Its count did not go on.
    PASSKEY_COPIED = "passkey_copied"
    OPERATION = "operation"
    # Not by who did it, but later by a worker (`app.bank.late_lines`).
    OPERATION_LATE = "operation_late"
    SCHEDULE_MADE = "schedule_made"
    SCHEDULE_CHANGED = "schedule_changed"
    SCHEDULE_CANCELLED = "schedule_cancelled"
    # By an administrator, from the panel (`user_id`), or by an operator, from the command line.
    ADMIN_NODE_DRAINED = "admin_node_drained"
    ADMIN_SESSIONS_ENDED = "admin_sessions_ended"
    ADMIN_BROADCAST = "admin_broadcast"
    # By an operator, from the command line.
    USERS_NOTIFIED = "users_notified"
    BACKUP_RESTORED = "backup_restored"
    ADMIN_MADE = "admin_made"
    ADMIN_UNMADE = "admin_unmade"


_INSERT = insert(db.table(AuditPending))


def record(
    connection: Connection,
    kind: Kind,
    *,
    user_id: int | None = None,
    operation_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """`user_id`: who did it, or to whom it was done. `detail` has ids, numbers and names of ours: never a text that a
    person wrote, a password or a token. The line is in the chain as soon as a worker adds it (`chain.append`)."""
    text = detail_text(detail)
    assert len(text) <= DETAIL_CHARS_MAX, "a line is short"
    values = {"at": clock.now(), "user_id": user_id, "kind": kind.value, "operation_id": operation_id, "detail": text}
    connection.execute(_INSERT, values)


def operation_detail(*, kind: str, amount_cents: int, source_id: int, target_id: int) -> dict[str, Any]:
    """What a line says of an operation, beside its id and who did it; `conciliar` compares it with the ledger."""
    return {"kind": kind, "cents": amount_cents, "from": source_id, "to": target_id}


def detail_text(detail: dict[str, Any] | None) -> str:
    """Always the same for the same."""
    return json.dumps(detail or {}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
