"""Nothing is lost, whatever dies: the short run of the chaos suite. SEED replays one; see docs/reliability.md."""

import os
import secrets

import click

from tests.cluster.chaos import plan
from tests.cluster.chaos.run import run


def test_whatever_dies_every_event_reaches_every_screen_once_and_no_centavo_is_lost() -> None:
    seed = os.environ.get("SEED") or secrets.token_hex(4)
    click.echo(f"SEED={seed}")

    report = run(seed, plan.short(seed), say=click.echo)

    click.echo(report)
    assert report.problems == []
    assert report.events > 0
