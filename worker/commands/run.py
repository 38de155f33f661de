"""`python -m worker run`: the relay of the outbox, and the jobs."""

import os
import signal
from pathlib import Path

import click
import gevent
from flask_socketio_cluster.delivery import Confirmations
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.node.report import RELAY_METRICS, WORKER, Report
from flask_socketio_cluster.streams import DatabaseClock

from app import log, metrics, wire
from app.db import Database
from app.errors import DatabaseDown
from app.push import vapid
from app.push.services import PushServices
from app.settings import SettingsError, Stores
from app.streams.stream import streams
from app.telemetry import Spans
from worker import metrics_server, watch
from worker.job_runner import JobRunner
from worker.jobs import all_jobs
from worker.mail import MailJob
from worker.mail_sender import MailSender
from worker.push import PushJob
from worker.push_sender import PushSender
from worker.relay import relay, woken


@click.command()
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
