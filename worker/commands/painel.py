"""`python -m worker painel`: the cluster, live."""

import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress

import click
from flask_socketio_cluster.node.report import EVERY_S, Reports
from redis.exceptions import RedisError
from rich import box
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from app.panel import figures
from app.panel.figures import SECOND, JobStand, Node, Panel, Worker, panel
from app.settings import Stores

NODES_SHOWN_MAX = 40
# Where it is worth a look.
LAG_MS, CANARY_S, OUTBOX_S, OVERDUE_S, FULL_PERCENT = 1000.0, 5.0, 5.0, 300.0, 90

_PRINTABLE = re.compile(r"[^a-z0-9_-]")


def show(reports: Reports) -> None:
    """Until Ctrl-C. Raises RedisError where Redis is not there at the beginning; later it says so and goes on."""
    before, looked_s = reports.read(), time.monotonic()
    shown = view(panel(before))
    with suppress(KeyboardInterrupt), Live(shown, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(EVERY_S)
            try:
                now, now_s = reports.read(), time.monotonic()
            except RedisError as error:
                live.update(Group(_marked(f"Redis does not answer: {type(error).__name__}", True), shown), refresh=True)
                continue
            shown = view(panel(now, before, now_s - looked_s))
            live.update(shown, refresh=True)
            before, looked_s = now, now_s


def view(seen: Panel) -> Group:
    """What is not as it should be is red."""
    here = [node for node in seen.nodes if not node.is_gone]
    title = Text(
        f"{len(here)} nodes, {sum(n.sockets for n in here)} sockets, {sum(n.users for n in here)} users by node, "
        f"{sum(n.events for n in here):g} events and {sum(n.requests for n in here):g} requests "
        f"{'a second' if seen.per == SECOND else 'in all'}"
    )
    return Group(title, _nodes(seen.nodes), _delivery(seen.nodes), _workers(seen.workers), _jobs(seen.jobs))


def _nodes(nodes: Sequence[Node]) -> Table:
    table = _table("node", "sockets", "users", "full", "cpu", "requests", "5xx", "queue", "canary")
    for node in nodes[:NODES_SHOWN_MAX]:
        share = 100 * node.sessions / node.sessions_max if node.sessions_max else 0.0
        table.add_row(
            _name(node),
            str(node.sockets),
            str(node.users),
            _marked(f"{share:.0f} %", share > FULL_PERCENT),
            _cpu(node),
            f"{node.requests:g}",
            _marked(f"{node.failed:g}", node.failed > 0),
            str(node.waiting),
            _marked(f"{node.canary_s:g} s", node.canary_s > CANARY_S),
        )
    return table


def _delivery(nodes: Sequence[Node]) -> Table:
    table = _table("node", "events", "db", "p50", "p99", "new", "refused", "limited", "slow")
    for node in nodes[:NODES_SHOWN_MAX]:
        table.add_row(
            _name(node),
            f"{node.events:g}",
            f"{node.from_database:g}",
            _ms(node.p50_ms),
            _ms(node.p99_ms),
            f"{node.handshakes:g}",
            _marked(f"{node.refused:g}", node.refused > 0),
            f"{node.limited:g}",
            f"{node.slow:g}",
        )
    return table


def _workers(workers: Sequence[Worker]) -> Table:
    table = _table("worker", "cpu", "outbox", "oldest", "relayed", "p99", "set aside", "loop failures")
    for worker in workers[:NODES_SHOWN_MAX]:
        table.add_row(
            _name(worker),
            _cpu(worker),
            str(worker.outbox_rows),
            _marked(f"{worker.outbox_oldest_s:g} s", worker.outbox_oldest_s > OUTBOX_S),
            f"{worker.relayed:g}",
            _ms(worker.relay_p99_ms),
            _marked(str(worker.set_aside), worker.set_aside > 0),
            _marked(f"{worker.loop_failures:g}", worker.loop_failures > 0),
        )
    return table


def _jobs(jobs: Sequence[JobStand]) -> Table:
    table = _table("job", "last run", "overdue")
    for job in jobs:
        table.add_row(
            Text(_PRINTABLE.sub("?", job.name)[:40]),
            _marked("ok" if job.ok else "failed", not job.ok),
            _marked(f"{job.overdue_s:g} s", job.overdue_s > OVERDUE_S),
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _name(process: Node | Worker) -> Text:
    state = " gone" if process.is_gone else " leaves" if isinstance(process, Node) and process.is_leaving else ""
    return _marked(f"{process.name}{state}", process.is_gone)


def _cpu(process: Node | Worker) -> str:
    return "-" if process.cpu_percent is None else f"{process.cpu_percent:.0f} %"


def _ms(value: float | None) -> Text:
    return Text("-") if value is None else _marked(f"{value:g} ms", value > LAG_MS)


def _marked(text: str, is_bad: bool) -> Text:
    return Text(text, style="bold red" if is_bad else "")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what is there now, as JSON, and end.")
@click.pass_obj
def painel(stores: Stores, as_json: bool) -> None:
    """Watch the cluster live: nodes and workers, sockets, rates, lag, outbox, limits, jobs. Ctrl-C ends it."""
    reports = Reports(stores.redis_url, keys=stores.signing())
    try:
        if as_json:
            click.echo(json.dumps(figures.snapshot(reports.read()), ensure_ascii=False))
        else:
            show(reports)
    except RedisError as error:
        raise click.ClickException(f"Redis: {error}") from None
