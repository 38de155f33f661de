"""`python -m worker notify`: durable notices for some users, or for all."""

import sys
from typing import TextIO

import click
from flask_socketio_cluster.bus.waker import wake_once

from app.audit.events import Kind, record
from app.db import Database
from app.errors import AppError, DatabaseDown, OutcomeUnknown
from app.settings import Stores
from app.streams import notify as notices
from app.streams.notify import Notice
from worker.commands import bulk


@click.command()
@click.option("--usuario", "users", type=click.IntRange(min=1), multiple=True, help="Whom to tell; may be repeated.")
@click.option("--todos", "everyone", is_flag=True, help="Tell every user.")
@click.option("--tipo", "kind", default="aviso", show_default=True, help="Kind of the notification.")
@click.option("--mensagem", "message", help="What the person reads.")
@click.option("--arquivo", "file", type=click.File("r", encoding="utf-8"), help="JSON lines; - is standard input.")
@click.pass_obj
def notify(
    stores: Stores,
    users: tuple[int, ...],
    everyone: bool,
    kind: str,
    message: str | None,
    file: TextIO | None,
) -> None:
    """Notify users durably: history, seq, and delivery whatever dies.

    Exactly one of --usuario, --todos and --arquivo. A line of the file is
    {"usuario": 7, "tipo": "aviso", "mensagem": "…", "dados": {…}}; all lines are checked before the first is sent.
    """
    if sum((bool(users), everyone, file is not None)) != 1:
        raise click.UsageError("give exactly one of --usuario, --todos and --arquivo")
    if (message is None) == (file is None):
        raise click.UsageError("--mensagem goes with --usuario or --todos")
    db = Database(stores.database_url)
    try:
        told = _send(db, stores, _notices(db, users=users, kind=kind, message=message, file=file))
    except (AppError, bulk.BadLine) as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    click.echo(f"notificações gravadas: {told}")


def _notices(
    db: Database, *, users: tuple[int, ...], kind: str, message: str | None, file: TextIO | None
) -> list[Notice]:
    """All of them, checked. Raises Invalid, NotFound, BadLine."""
    if file is not None:
        found = list(bulk.read_lines(file))
        notices.require_users(db, sorted({notice.user_id for notice in found}))
        return found
    payload = notices.check(kind, message or "", None)
    chosen = sorted(set(users)) or list(notices.every_user(db))
    notices.require_users(db, chosen)
    return [Notice(user_id, payload) for user_id in chosen]


def _send(db: Database, stores: Stores, found: list[Notice]) -> int:
    told = 0
    try:
        db.transact(record, Kind.USERS_NOTIFIED, detail={"notices": len(found)})
        with click.progressbar(length=len(found), label="notificando", file=sys.stderr) as bar:
            for count in notices.send(db, found):
                told += count
                bar.update(count)
                wake_once(stores.redis_url)
    except (DatabaseDown, OutcomeUnknown) as error:
        unsure = isinstance(error, OutcomeUnknown)
        rest = f"das {notices.USERS_PER_TRANSACTION} seguintes não se sabe" if unsure else "as outras não"
        text = f"o banco de dados saiu do ar: as primeiras {told} de {len(found)} foram gravadas, {rest}"
        raise click.ClickException(text) from None
    return told
