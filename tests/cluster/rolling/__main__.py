"""python -m tests.cluster.rolling [--since REVISION] [--sockets N] [--rate N] [--drain S]"""

import argparse
import sys

import click

from tests.cluster.rolling.run import Load, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.rolling")
    parser.add_argument("--since", help="the revision to come from, with a migration in between")
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0, help="operations a second")
    parser.add_argument("--drain", type=float, default=5.0, help="DRAIN_S of the nodes")
    options = parser.parse_args()
    load = Load(options.sockets, options.rate, options.drain, calm_s=3.0)
    report = run(load, since=options.since, say=click.echo)
    click.echo(f"\n{report}")
    return 1 if report.failed or report.problems else 0


sys.exit(main())
