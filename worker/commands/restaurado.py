"""`python -m worker restaurado`: after a backup was restored."""

import click
from sqlalchemy import Connection

from app.audit.events import Kind, record
from app.db import Database
from app.push import actions as push
from app.settings import Stores
from app.streams.stream import streams
from app.users import sessions


@click.command()
@click.pass_obj
def restaurado(stores: Stores) -> None:
    """After a backup was restored: a new epoch, with which every client starts afresh, and everybody logs in again."""
    db = Database(stores.database_url)
    click.echo(f"epoca: {db.transact(_change_epoch)}")
    db.dispose()


def _change_epoch(connection: Connection) -> int:
    epoch = streams.change_epoch(connection)
    sessions.end_everybodys(connection)
    push.forget_everybodys(connection)
    record(connection, Kind.BACKUP_RESTORED, detail={"epoch": epoch})
    return epoch
