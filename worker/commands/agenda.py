"""`python -m worker agenda`: when each job ran, and how it went."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from app import clock
from app.db import Database
from app.errors import AppError
from app.jobs import actions as jobs
from app.jobs.actions import Stand
from app.settings import Stores

_ROW = "{:<20}{:<21}{:>9}  {:<21}{}"


def lines(stands: Sequence[Stand]) -> Iterator[str]:
    """A job a line; moments by Brazil's clock."""
    yield _ROW.format("job", "last run", "took", "next run", "result")
    for stand in stands:
        next_run = f"by {stand.running_by}" if stand.running_by else _moment(stand.next_run_at)
        result = stand.result if stand.ok else f"FAILED: {stand.result}"
        yield _ROW.format(stand.name, _moment(stand.started_at), _took(stand), next_run, result).rstrip()


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(clock.ZONE):%Y-%m-%d %H:%M:%S}" if moment else "never"


def _took(stand: Stand) -> str:
    if stand.running_by:
        return "running"
    if stand.started_at is None or stand.ended_at is None or stand.ended_at < stand.started_at:
        return "-"
    return f"{(stand.ended_at - stand.started_at).total_seconds():.1f} s"


@click.command()
@click.pass_obj
def agenda(stores: Stores) -> None:
    """Show the jobs of the workers: when each ran last, how long, how it went, and when it runs next."""
    db = Database(stores.database_url)
    try:
        stands = db.read(jobs.stands)
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    for line in lines(stands):
        click.echo(line)
