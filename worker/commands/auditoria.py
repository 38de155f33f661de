"""`python -m worker auditoria`: who did what."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Row

from app import clock
from app.audit import chain
from app.db import Database
from app.errors import AppError
from app.settings import Stores

_ROW = "{:<10}{:<21}{:>10}  {:<22}{:>10}  {}"

Lines = Sequence[Row[*tuple[Any, ...]]]


def lines(found: Lines) -> Iterator[str]:
    """One a line of the chain; moments by Brazil's clock."""
    yield _ROW.format("line", "when", "user", "what", "operation", "detail")
    for row in found:
        when = f"{row.at.astimezone(clock.ZONE):%Y-%m-%d %H:%M:%S}"
        detail = " ".join(f"{name}={value}" for name, value in json.loads(row.detail).items())
        yield _ROW.format(row.id, when, row.user_id or "-", row.kind, row.operation_id or "-", detail).rstrip()


def json_lines(found: Lines) -> Iterator[str]:
    for row in found:
        said = {"line": row.id, "at": clock.iso(row.at), "user_id": row.user_id, "kind": row.kind}
        rest = {"operation_id": row.operation_id, "detail": json.loads(row.detail), "hash": row.hash}
        yield json.dumps({**said, **rest}, ensure_ascii=False)


@click.command()
@click.option("--usuario", "user_id", type=click.IntRange(min=1), help="Of this user alone.")
@click.option("--de", "since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on, by Brazil's clock.")
@click.option("--ate", "until", type=click.DateTime(["%Y-%m-%d"]), help="Up to this day and with it.")
@click.option("--limite", "limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="The newest.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@click.pass_obj
def auditoria(
    stores: Stores, user_id: int | None, since: datetime | None, until: datetime | None, limit: int, as_json: bool
) -> None:
    """Show who did what, the newest last. `conciliar` verifies that nothing was changed or taken out."""
    db = Database(stores.database_url)
    try:
        found = db.read(
            chain.newest,
            user_id=user_id,
            since=clock.day_start(since.date()) if since else None,
            until=clock.day_end(until.date()) if until else None,
            limit=limit,
        )
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    for line in json_lines(found) if as_json else lines(found):
        click.echo(line)
