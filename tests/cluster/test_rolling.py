"""Nodes and workers are replaced under load, by those of a newer program on a migrated database; the short run of
`make rolling`."""

import subprocess

import click
import pytest

from tests.cluster.rolling.run import Load, run
from tests.support.cluster import ROOT

# The revision before that of the newest migration: what a deployment of before runs on.
PREVIOUS = "ef46d16"
LOAD = Load(sockets=40, operations_per_s=15.0, drain_s=1.0, calm_s=1.0)


def is_known(revision: str) -> bool:
    return not subprocess.run(
        ["git", "cat-file", "-e", f"{revision}^{{commit}}"], cwd=ROOT, check=False, capture_output=True
    ).returncode


@pytest.mark.skipif(not is_known(PREVIOUS), reason="needs the history: this is no clone, or a shallow one")
def test_a_release_with_a_migration_fails_no_request_and_loses_no_event() -> None:
    report = run(LOAD, since=PREVIOUS, say=click.echo)

    click.echo(report)
    assert (report.failed, report.problems) == (0, [])
    assert report.operations > 0
    # Each node was replaced, so each socket was moved once at the least, and told so before.
    assert report.interruptions >= LOAD.sockets
    assert report.told_of_drain >= LOAD.sockets
