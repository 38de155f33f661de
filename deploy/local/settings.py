"""What the launcher itself is told by the environment. The parts read theirs themselves."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import LOOPBACK

EVERYWHERE = "0.0.0.0"
NODES_MAX = 32
WORKERS_MAX = 16


class BadSetting(Exception):
    """One line that names the variable and says what it needs."""


@dataclass(frozen=True)
class LauncherSettings:
    """How large the cluster is and where it lives.

    `redis_url` is None when the launcher is to start a Redis of its own.
    """

    run_dir: Path
    http_host: str
    http_port: int
    nodes: int
    workers: int
    database_url: str
    redis_url: str | None
    # The nodes read it themselves; this is for nginx.
    limits_dry_run: bool

    @property
    def page_host(self) -> str:
        """Where nginx is reached from this machine."""
        return LOOPBACK if self.http_host == EVERYWHERE else self.http_host

    @property
    def url(self) -> str:
        """The page's address, for a browser on this machine."""
        return f"http://{self.page_host}:{self.http_port}"


def from_env(env: Mapping[str, str] = os.environ) -> LauncherSettings:
    """Raises BadSetting."""
    run_dir = Path(env.get("RUN_DIR") or ".run").resolve()
    database_url = env.get("DATABASE_URL") or f"sqlite:///{run_dir / 'saldo-vivo.db'}"
    workers = _number(env, "WORKERS", default=1, least=0, most=WORKERS_MAX)
    if workers > 1 and database_url.startswith("sqlite"):
        raise BadSetting("WORKERS: SQLite takes one worker; DATABASE_URL names another database")
    return LauncherSettings(
        run_dir=run_dir,
        http_host=env.get("HTTP_HOST") or LOOPBACK,
        http_port=_number(env, "HTTP_PORT", default=8080, least=1, most=65535),
        nodes=_number(env, "NODES", default=3, least=1, most=NODES_MAX),
        workers=workers,
        database_url=database_url,
        redis_url=env.get("REDIS_URL") or None,
        limits_dry_run=_switch(env, "LIMITS_DRY_RUN"),
    )


def _number(env: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise BadSetting(f"{name}: {text!r} is not a whole number from {least} to {most}")
    return int(text)


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name) or "off"
    if text not in ("on", "off"):
        raise BadSetting(f"{name}: {text!r} is neither on nor off")
    return text == "on"
