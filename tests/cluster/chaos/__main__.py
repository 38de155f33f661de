"""python -m tests.cluster.chaos [--minutes M] [--seed S]; MINUTES and SEED in the environment say the same."""

import argparse
import os
import secrets
import sys

import click

from tests.cluster.chaos import plan
from tests.cluster.chaos.run import run

MINUTES = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.chaos")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES") or MINUTES))
    parser.add_argument("--seed", default=os.environ.get("SEED") or secrets.token_hex(4))
    parser.add_argument("--short", action="store_true", help="the short run that is part of the tests")
    parser.add_argument("--only", default="", help="only faults with this in their name")
    options = parser.parse_args()
    click.echo(f"seed {options.seed}")
    if options.short:
        report = run(options.seed, plan.short(options.seed), say=click.echo)
    else:
        steps = plan.endless(options.seed, options.only)
        report = run(options.seed, steps, lasting_s=options.minutes * 60, say=click.echo)
    click.echo(f"\n{report}")
    return 1 if report.problems else 0


sys.exit(main())
