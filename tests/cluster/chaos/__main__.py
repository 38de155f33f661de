"""python -m tests.cluster.chaos [--minutes M] [--seed S]; MINUTES and SEED in the environment say the same."""

import argparse
import os
import secrets
import sys

import click

from tests.cluster.chaos import plan
from tests.cluster.chaos.faults import FAULTS_OF_SEVERAL
from tests.cluster.chaos.run import run
from tests.support.several_databases import KINDS

MINUTES = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.chaos")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES") or MINUTES))
    parser.add_argument("--seed", default=os.environ.get("SEED") or secrets.token_hex(4))
    parser.add_argument("--short", action="store_true", help="the short run that is part of the tests")
    parser.add_argument("--only", default="", help="only faults with this in their name")
    parser.add_argument("--ha", action="store_true", help="several databases and Redis: half on each kind of KINDS")
    options = parser.parse_args()
    click.echo(f"seed {options.seed}")
    reports = []
    if options.short:
        reports.append(run(options.seed, plan.short(options.seed), say=click.echo))
    for kind in KINDS if options.ha else ():
        click.echo(f"databases: {kind}")
        steps = plan.endless(options.seed, options.only, FAULTS_OF_SEVERAL)
        lasting_s = options.minutes * 60 / len(KINDS)
        reports.append(run(options.seed, steps, lasting_s=lasting_s, databases=kind, say=click.echo))
        click.echo(f"\n{reports[-1]}\n")
    if not options.ha and not options.short:
        steps = plan.endless(options.seed, options.only)
        reports.append(run(options.seed, steps, lasting_s=options.minutes * 60, say=click.echo))
    if not options.ha:
        click.echo(f"\n{reports[0]}")
    return 1 if any(report.problems for report in reports) else 0


sys.exit(main())
