"""Revocations name sessions instead of single tokens; stored notifications name the person behind an account."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EVENTS_AT_ONCE = 1000

_EVENTS = sa.text(
    "SELECT user_id, seq, payload FROM stream_events "
    "WHERE event = 'notificacao' AND (user_id > :user_id OR (user_id = :user_id AND seq > :seq)) "
    "ORDER BY user_id, seq LIMIT :rows"
)
_HOLDERS = sa.text(
    "SELECT accounts.id, users.name FROM accounts JOIN users ON users.id = accounts.user_id WHERE accounts.id IN :ids"
).bindparams(sa.bindparam("ids", expanding=True))
_REWRITE = sa.text("UPDATE stream_events SET payload = :payload WHERE user_id = :user_id AND seq = :seq")


def upgrade() -> None:
    # The id of a token from before is the id of its session from now on, so what was revoked stays revoked.
    _rename("jti", "session_id")
    _name_holders()


def downgrade() -> None:
    _rename("session_id", "jti")


def _rename(old: str, new: str) -> None:
    connection = op.get_bind()
    if old not in {column["name"] for column in sa.inspect(connection).get_columns("revocations")}:
        return  # an earlier run got as far as this
    before, after = f"uq_revocations_{old}", f"uq_revocations_{new}"
    if connection.dialect.name != "sqlite":
        # One statement: done or not done, never half.
        op.execute(f"ALTER TABLE revocations RENAME COLUMN {old} TO {new}, RENAME INDEX {before} TO {after}")
        return
    with op.batch_alter_table("revocations") as table:
        table.drop_constraint(before, type_="unique")
        table.alter_column(old, new_column_name=new)
    with op.batch_alter_table("revocations") as table:
        table.create_unique_constraint(after, [new])


def _name_holders() -> None:
    """Anybody could choose the name that the other party of a transfer was shown; now it is the registered one."""
    connection = op.get_bind()
    place = {"user_id": 0, "seq": 0}
    while events := connection.execute(_EVENTS, {**place, "rows": EVENTS_AT_ONCE}).all():
        told = [(event, json.loads(event.payload)) for event in events]
        counterparts = {other for _, payload in told if (other := _counterpart(payload)) is not None}
        holders = {row.id: row.name for row in connection.execute(_HOLDERS, {"ids": sorted(counterparts)})}
        rewritten = [
            {"user_id": event.user_id, "seq": event.seq, "payload": _dumps(payload)}
            for event, payload in told
            if _renamed(payload, holders)
        ]
        if rewritten:
            connection.execute(_REWRITE, rewritten)
        if connection.dialect.name != "sqlite":
            op.execute("COMMIT")  # no lock is held over the whole history, and a second run begins with less to do
        place = {"user_id": events[-1].user_id, "seq": events[-1].seq}


def _counterpart(payload: dict[str, Any]) -> int | None:
    """The other person's account in the notification of a transfer. Between own accounts both sides are told."""
    rows = (payload.get("dados") or {}).get("movimentacoes") or []
    return rows[0].get("BeneficiarioID") if payload.get("tipo") == "transferencia" and len(rows) == 1 else None


def _renamed(payload: dict[str, Any], holders: dict[int, str]) -> bool:
    """Write the holder's name into the payload; whether that changed anything."""
    holder = holders.get(_counterpart(payload) or 0)
    if holder is None:
        return False
    row = payload["dados"]["movimentacoes"][0]
    shown = str(row["NomeBeneficiario"])
    if shown == holder:
        return False
    row["NomeBeneficiario"] = holder
    payload["mensagem"] = f"{str(payload['mensagem']).removesuffix(shown)}{holder}"
    return True


def _dumps(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
