"""How each part of a local cluster is started."""

import os
import secrets
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local import nginx, redis
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Part
from deploy.local.readiness import http_status, redis_answers
from deploy.local.settings import LauncherSettings

ROOT = Path(__file__).parents[2]
SECRET_BYTES = 48
VAPID_KEY_BYTES = 32
VAPID_SUBJECT = "mailto:operacao@saldo-vivo.example"


def environment(settings: LauncherSettings, redis_url: str) -> dict[str, str]:
    """What the Python parts are told, beside what the launcher was told."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": os.environ.get("PUBLIC_URL") or settings.url,
        # Ctrl-C ends all nodes: there is nowhere to send clients to.
        "DRAIN_S": os.environ.get("DRAIN_S") or "0",
        # Whoever can reach the page from elsewhere must not read other people's codes.
        "LOCAL_OUTBOX": "" if os.environ.get("SMTP_URL") or settings.http_host != LOOPBACK else "1",
        "JWT_SECRET": os.environ.get("JWT_SECRET") or _kept_secret(settings.run_dir / "jwt_secret"),
        "BUS_KEYS": os.environ.get("BUS_KEYS") or _kept_secret(settings.run_dir / "bus_key"),
        "VAPID_PRIVATE_KEY": os.environ.get("VAPID_PRIVATE_KEY")
        or _kept_secret(settings.run_dir / "vapid_private_key", VAPID_KEY_BYTES),
        "VAPID_SUBJECT": os.environ.get("VAPID_SUBJECT") or VAPID_SUBJECT,
    }


def redis_part(run_dir: Path, port: int) -> Part:
    directory = run_dir / "redis"
    directory.mkdir(exist_ok=True)
    return Part(
        name="redis",
        command=redis.command(port, directory),
        env=os.environ,
        cwd=directory,
        port=port,
        ready=lambda: redis_answers(port),
    )


def prepare_part(env: Mapping[str, str]) -> Part:
    """Brings the schema to its newest state and makes the demo data, then ends."""
    return Part(name="prepare", command=[sys.executable, "-m", "deploy.local.prepare"], env=env, cwd=ROOT)


def web_part(name: str, port: int, env: Mapping[str, str]) -> Part:
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    return Part(
        name=name,
        command=[*gunicorn, "--bind", f"{LOOPBACK}:{port}", "app.wsgi:app"],
        env={**env, "NODE_ID": name},
        cwd=ROOT,
        port=port,
        ready=lambda: http_status(port, "/readyz") == 200,
    )


def worker_part(name: str, port: int, env: Mapping[str, str]) -> Part:
    """`port`: where its metrics are."""
    return Part(
        name=name,
        command=[sys.executable, "-m", "worker", "run"],
        env={**env, "NODE_ID": name, "WORKER_METRICS": f"{LOOPBACK}:{port}"},
        cwd=ROOT,
        port=port,
    )


def nginx_part(settings: LauncherSettings, web_ports: Mapping[str, int]) -> Part:
    directory = settings.run_dir / "nginx"
    nginx.configure(
        directory,
        host=settings.http_host,
        port=settings.http_port,
        nodes=web_ports,
        limits_dry_run=settings.limits_dry_run,
    )
    return Part(
        name="nginx",
        command=nginx.command(directory),
        env=os.environ,
        cwd=directory,
        port=settings.http_port,
        ready=lambda: http_status(settings.http_port, "/", settings.page_host) == 200,
        # Requests in flight are finished first.
        stop_signal=signal.SIGQUIT,
    )


def _kept_secret(path: Path, size_bytes: int = SECRET_BYTES) -> str:
    """The secret in `path`, made at the first call, so that it is the same from one run to the next."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(size_bytes))
    except FileExistsError:
        pass  # of an earlier run
    return path.read_text()
