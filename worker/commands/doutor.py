"""`python -m worker doutor`: all checks, one after the other, and their report."""

import json
import sys
from collections.abc import Iterable, Iterator
from functools import partial

import click
from flask_socketio_cluster.doctor import Finding, Level, checked, front, nodes, patching, redis_server, versions

from app.db import Database
from app.settings import Stores
from worker.doctor import database, readiness, secrets

GUNICORN_CONF = "deploy/gunicorn.conf.py"
_MARKS = {Level.OK: "ok", Level.UNKNOWN: "?", Level.WARNING: "warning", Level.FAULT: "FAULT"}


def findings(
    stores: Stores, *, url: str | None, node_urls: tuple[str, ...], node_count: int, workers: int
) -> Iterator[Finding]:
    """`url`: of the proxy in front; without it, and without nodes, what does not run yet is checked."""
    yield from checked("versions", versions.check)
    yield from checked("patching order", partial(patching.check, GUNICORN_CONF))
    yield from checked("secrets", secrets.check)
    yield from checked("redis", partial(redis_server.check, stores.redis_url))
    db = Database(stores.database_url)
    try:
        counted = partial(database.check, db, nodes=max(node_count, len(node_urls)), workers=workers)
        yield from checked("database", counted)
    finally:
        db.dispose()
    for node_url in node_urls:
        yield from checked("node", partial(nodes.check, node_url))
        yield from checked("node", partial(readiness.check, node_url))
    if url is not None:
        yield from checked("front", partial(front.check, url, stores.redis_url, stores.signing()))


def lines(found: Iterable[Finding]) -> Iterator[str]:
    """A finding a line, and below it what to do."""
    for finding in found:
        yield f"{_MARKS[finding.level]:<9}{finding.subject:<24}{finding.text}"
        if finding.advice and finding.level is not Level.OK:
            yield f"{'':<33}→ {finding.advice}"


def json_array(found: Iterable[Finding]) -> str:
    return json.dumps(
        [
            {"subject": each.subject, "level": each.level.value, "text": each.text, "advice": each.advice}
            for each in found
        ],
        ensure_ascii=False,
        indent=2,
    )


@click.command()
@click.option("--url", help="The proxy in front, such as https://banco.example: tries real sessions through it.")
@click.option("--no", "node_urls", multiple=True, help="A web node itself, such as http://10.0.0.5:8000; repeatable.")
@click.option("--nos", "node_count", type=click.IntRange(min=1), default=3, show_default=True, help="Nodes planned.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Workers planned.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of findings.")
@click.pass_obj
def doutor(
    stores: Stores, url: str | None, node_urls: tuple[str, ...], node_count: int, workers: int, as_json: bool
) -> None:
    """Check a deployment, before and while it runs, and say what to do. Exit 1 when there is a fault.

    Changes nothing. Run it with the environment of a web node, where the nodes run, so that it sees what they see.
    """
    found = list(findings(stores, url=url, node_urls=node_urls, node_count=node_count, workers=workers))
    click.echo(json_array(found) if as_json else "\n".join(lines(found)))
    if any(finding.level is Level.FAULT for finding in found):
        sys.exit(1)
