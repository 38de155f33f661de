"""`python -m worker`: run a worker, send notifications, check the books, keep the schema."""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterable  # noqa: E402
from datetime import datetime  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TextIO  # noqa: E402

import click  # noqa: E402
import gevent  # noqa: E402
from flask_socketio_cluster.bus.waker import wake_once  # noqa: E402
from flask_socketio_cluster.delivery import Confirmations  # noqa: E402
from flask_socketio_cluster.doctor import Level  # noqa: E402
from flask_socketio_cluster.loops import Loop  # noqa: E402
from flask_socketio_cluster.node.report import RELAY_METRICS, WORKER, Report, Reports  # noqa: E402
from flask_socketio_cluster.streams import DatabaseClock  # noqa: E402
from redis.exceptions import RedisError  # noqa: E402
from sqlalchemy import Connection  # noqa: E402

from app import clock, log, metrics, wire  # noqa: E402
from app.audit import chain  # noqa: E402
from app.audit.events import Kind, record  # noqa: E402
from app.bank.reconciliation import Check  # noqa: E402
from app.db import Database  # noqa: E402
from app.errors import AppError, DatabaseDown, OutcomeUnknown  # noqa: E402
from app.jobs import actions as job_actions  # noqa: E402
from app.migrations import runner  # noqa: E402
from app.panel import figures  # noqa: E402
from app.push import actions as push  # noqa: E402
from app.push import vapid  # noqa: E402
from app.push.services import PushServices  # noqa: E402
from app.settings import SettingsError, Stores  # noqa: E402
from app.streams import notify as notices  # noqa: E402
from app.streams.notify import Notice  # noqa: E402
from app.streams.stream import streams  # noqa: E402
from app.telemetry import Spans  # noqa: E402
from app.users import actions as user_actions  # noqa: E402
from app.users import sessions  # noqa: E402
from worker import agenda, audit, bulk, demo, metrics_server, painel, watch  # noqa: E402
from worker.administration import administrador, drenar, encerrar_sessoes  # noqa: E402
from worker.doctor import command as doctor  # noqa: E402
from worker.job_runner import JobRunner  # noqa: E402
from worker.jobs import CHECK_TIMEOUT_S, all_checks, all_jobs  # noqa: E402
from worker.mail import MailJob  # noqa: E402
from worker.mail_sender import MailSender  # noqa: E402
from worker.push import PushJob  # noqa: E402
from worker.push_sender import PushSender  # noqa: E402
from worker.relay import relay, woken  # noqa: E402
from worker.token_keys import chaves  # noqa: E402


@click.group()
@click.pass_context
def cli(context: click.Context) -> None:
    """Saldo Vivo's worker and its tools. Where the stores are: DATABASE_URL and REDIS_URL."""
    try:
        context.obj = Stores.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@cli.command()
@click.option("--alive", type=click.Path(path_type=Path), help="A file to touch every second, for a health check.")
@click.pass_obj
def run(stores: Stores, alive: Path | None) -> None:
    """Relay the outbox and run the jobs that are due, until SIGTERM or Ctrl-C."""
    name = os.environ.get("NODE_ID") or "worker"
    log.configure(node_id=name, events=stores.log_events)
    db = Database(stores.database_url)
    relaying = relay(db, stores.redis_url, keys=stores.signing(), alive=alive, spans=_spans(stores, name))
    jobs = JobRunner(
        db,
        all_jobs(
            db,
            retention_days=stores.retention_days,
            committed=relaying.loop.wake,
            pushing=_pushing(db, stores),
            mailing=_mailing(db, stores),
        ),
    )
    database_clock = DatabaseClock(db.probes.read, unavailable=(DatabaseDown,))
    report = Report(
        stores.redis_url,
        name=name,
        role=WORKER,
        counted=(*RELAY_METRICS, metrics.JOB_OK, metrics.JOB_OVERDUE, metrics.PUSHES),
        keys=stores.signing(),
    )
    woken_by = woken(relaying, stores.redis_url)
    beside: tuple[Loop | JobRunner, ...] = (database_clock.loop, woken_by.loop, jobs, *watch.loops(db), *report.loops)
    if stores.worker_metrics is not None:
        _serve_metrics(stores.worker_metrics)
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, relaying.loop.stop)
    for loop in beside:
        loop.start()
    relaying.loop.run()
    for loop in beside:
        loop.stop()
    db.dispose()


def _spans(stores: Stores, name: str) -> Spans | None:
    try:
        return Spans(role=WORKER, node_id=name) if stores.otel_exporter_otlp_endpoint else None
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _serve_metrics(address: str) -> None:
    try:
        metrics_server.serve(address)
    except OSError as error:
        raise click.ClickException(f"WORKER_METRICS: cannot listen on {address}: {error.strerror}") from None


def _pushing(db: Database, stores: Stores) -> PushJob | None:
    key = vapid.from_settings(stores)
    if key is None:
        return None
    pages = Confirmations(stores.redis_url, streams, room_of=wire.room_of, keys=stores.signing())
    return PushJob(db, PushSender(key, PushServices(stores.push_hosts)), taken=pages.taken)


def _mailing(db: Database, stores: Stores) -> MailJob | None:
    server = stores.smtp_server()
    return MailJob(db, MailSender(server, stores.mail_from)) if server else None


@cli.command()
@click.option("--usuario", "users", type=click.IntRange(min=1), multiple=True, help="Whom to tell; may be repeated.")
@click.option("--todos", "everyone", is_flag=True, help="Tell every user.")
@click.option("--tipo", "kind", default="aviso", show_default=True, help="Kind of the notification.")
@click.option("--mensagem", "message", help="What the person reads.")
@click.option("--arquivo", "file", type=click.File("r", encoding="utf-8"), help="JSON lines; - is standard input.")
@click.pass_obj
def notify(
    stores: Stores,
    users: tuple[int, ...],
    everyone: bool,
    kind: str,
    message: str | None,
    file: TextIO | None,
) -> None:
    """Notify users durably: history, seq, and delivery whatever dies.

    Exactly one of --usuario, --todos and --arquivo. A line of the file is
    {"usuario": 7, "tipo": "aviso", "mensagem": "…", "dados": {…}}; all lines are checked before the first is sent.
    """
    if sum((bool(users), everyone, file is not None)) != 1:
        raise click.UsageError("give exactly one of --usuario, --todos and --arquivo")
    if (message is None) == (file is None):
        raise click.UsageError("--mensagem goes with --usuario or --todos")
    db = Database(stores.database_url)
    try:
        told = _send(db, stores, _notices(db, users=users, kind=kind, message=message, file=file))
    except (AppError, bulk.BadLine) as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    click.echo(f"notificações gravadas: {told}")


def _notices(
    db: Database, *, users: tuple[int, ...], kind: str, message: str | None, file: TextIO | None
) -> list[Notice]:
    """All of them, checked. Raises Invalid, NotFound, BadLine."""
    if file is not None:
        found = list(bulk.read_lines(file))
        notices.require_users(db, sorted({notice.user_id for notice in found}))
        return found
    payload = notices.check(kind, message or "", None)
    chosen = sorted(set(users)) or list(notices.every_user(db))
    notices.require_users(db, chosen)
    return [Notice(user_id, payload) for user_id in chosen]


def _send(db: Database, stores: Stores, found: list[Notice]) -> int:
    told = 0
    try:
        db.transact(record, Kind.USERS_NOTIFIED, detail={"notices": len(found)})
        with click.progressbar(length=len(found), label="notificando", file=sys.stderr) as bar:
            for count in notices.send(db, found):
                told += count
                bar.update(count)
                wake_once(stores.redis_url)
    except (DatabaseDown, OutcomeUnknown) as error:
        unsure = isinstance(error, OutcomeUnknown)
        rest = f"das {notices.USERS_PER_TRANSACTION} seguintes não se sabe" if unsure else "as outras não"
        text = f"o banco de dados saiu do ar: as primeiras {told} de {len(found)} foram gravadas, {rest}"
        raise click.ClickException(text) from None
    return told


@cli.command()
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


@cli.command("auditoria")
@click.option("--usuario", "user_id", type=click.IntRange(min=1), help="Of this user alone.")
@click.option("--de", "since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on, by Brazil's clock.")
@click.option("--ate", "until", type=click.DateTime(["%Y-%m-%d"]), help="Up to this day and with it.")
@click.option("--limite", "limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="The newest.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@click.pass_obj
def show_audit(
    stores: Stores, user_id: int | None, since: datetime | None, until: datetime | None, limit: int, as_json: bool
) -> None:
    """Show who did what, the newest last. `conciliar` verifies that nothing was changed or taken out."""
    db = Database(stores.database_url)
    try:
        found = db.read(
            chain.newest,
            user_id=user_id,
            since=clock.day_start(since.date()) if since else None,
            until=clock.day_end(until.date()) if until else None,
            limit=limit,
        )
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    for line in audit.json_lines(found) if as_json else audit.lines(found):
        click.echo(line)


@cli.command("agenda")
@click.pass_obj
def show_jobs(stores: Stores) -> None:
    """Show the jobs of the workers: when each ran last, how long, how it went, and when it runs next."""
    db = Database(stores.database_url)
    try:
        stands = db.read(job_actions.stands)
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    for line in agenda.lines(stands):
        click.echo(line)


@cli.command("painel")
@click.option("--json", "as_json", is_flag=True, help="Print what is there now, as JSON, and end.")
@click.pass_obj
def show_panel(stores: Stores, as_json: bool) -> None:
    """Watch the cluster live: nodes and workers, sockets, rates, lag, outbox, limits, jobs. Ctrl-C ends it."""
    reports = Reports(stores.redis_url, keys=stores.signing())
    try:
        if as_json:
            click.echo(json.dumps(figures.snapshot(reports.read()), ensure_ascii=False))
        else:
            painel.show(reports)
    except RedisError as error:
        raise click.ClickException(f"Redis: {error}") from None


def _print_table(checks: Iterable[Check]) -> None:
    click.echo(f"{'check':<30}{'looked at':>12}{'faults':>9}")
    for check in checks:
        click.echo(f"{check.name:<30}{check.looked_at:>12}{len(check.faults):>9}")
        for fault in check.faults:
            click.echo(f"  {fault}")


@cli.command()
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
    found = list(doctor.findings(stores, url=url, node_urls=node_urls, node_count=node_count, workers=workers))
    click.echo(doctor.as_json(found) if as_json else "\n".join(doctor.lines(found)))
    if any(finding.level is Level.FAULT for finding in found):
        sys.exit(1)


@cli.command()
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


@cli.command("demo")
@click.pass_obj
def create_demo(stores: Stores) -> None:
    """Put the demo data into a database that has no users. Not for production."""
    db = Database(stores.database_url)
    click.echo("demo data created" if demo.create(db) else "there are users already; nothing done")
    db.dispose()


@cli.command()
@click.pass_obj
def restaurado(stores: Stores) -> None:
    """After a backup was restored: a new epoch, with which every client starts afresh, and everybody logs in again."""
    db = Database(stores.database_url)
    click.echo(f"epoca: {db.transact(_change_epoch)}")
    db.dispose()


def _change_epoch(connection: Connection) -> int:
    epoch = streams.change_epoch(connection)
    sessions.end_everybodys(connection)
    push.forget_everybodys(connection)
    record(connection, Kind.BACKUP_RESTORED, detail={"epoch": epoch})
    return epoch


for command in (chaves, administrador, drenar, encerrar_sessoes):
    cli.add_command(command)


if __name__ == "__main__":
    cli(prog_name="python -m worker")
