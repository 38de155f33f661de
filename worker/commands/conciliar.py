"""`python -m worker conciliar`: whether the books add up and the audit chain holds."""

import sys
from collections.abc import Iterable

import click

from app.bank.reconciliation import Check
from app.db import Database
from app.errors import AppError
from app.settings import Stores
from app.users import actions as user_actions
from worker.jobs import CHECK_TIMEOUT_S, all_checks


@click.command()
@click.pass_obj
def conciliar(stores: Stores) -> None:
    """Check that the ledger adds up; exit 1 naming what does not. The bank goes on working meanwhile.

    Names of people that pose as the bank or hide something are found too; they make no fault of the ledger, so exit 0.
    """
    db = Database(stores.database_url, statement_timeout_s=CHECK_TIMEOUT_S)
    try:
        checks, end_of_audit = all_checks(db)
        looked_at, unfit = db.read(user_actions.look_at_names)
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    reasons = [f"user {user_id}: o nome {problem}" for user_id, problem in unfit.items()]
    _print_table([*checks, Check("names are fit to be shown", looked_at, reasons)])
    click.echo(end_of_audit)
    if any(check.faults for check in checks):
        sys.exit(1)


def _print_table(checks: Iterable[Check]) -> None:
    click.echo(f"{'check':<30}{'looked at':>12}{'faults':>9}")
    for check in checks:
        click.echo(f"{check.name:<30}{check.looked_at:>12}{len(check.faults):>9}")
        for fault in check.faults:
            click.echo(f"  {fault}")
