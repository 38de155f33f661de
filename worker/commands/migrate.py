"""`python -m worker migrate`."""

import click

from app.db import Database
from app.migrations import runner
from app.settings import Stores


@click.command()
@click.pass_obj
def migrate(stores: Stores) -> None:
    """Bring the database to the newest schema."""
    db = Database(stores.database_url)
    try:
        runner.upgrade(db)
    except runner.Busy as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
