"""A whole cluster for the tests, started by the same launcher as `make run`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.readiness import http_status, wait_until
from deploy.local.spawn import spawn
from tests.support.ports import LOOPBACK, free_port

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 150.0
STOP_TIMEOUT_S = 30.0
RESTART_TIMEOUT_S = 30.0
LOG_TAIL_CHARS = 20_000

# Of the machine's environment; a test's cluster only knows what the test says.
SETTINGS = frozenset(
    {
        "CORS_ORIGINS",
        "DATABASE_URL",
        "HTTP_HOST",
        "HTTP_PORT",
        "JWT_SECRET",
        "JWT_KEYS",
        "SESSION_TTL_S",
        "BUS_KEYS",
        "LOG_EVENTS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "WORKER_METRICS",
        "RETENTION_DAYS",
        "DRAIN_S",
        "JWT_TTL_S",
        "LIMITS_DRY_RUN",
        "NODES",
        "NODE_ID",
        "PUBLIC_URL",
        "REDIS_URL",
        "RUN_DIR",
        "WORKERS",
        "VAPID_PRIVATE_KEY",
        "VAPID_SUBJECT",
        "PUSH_HOSTS",
        "SMTP_URL",
        "MAIL_FROM",
        "LOCAL_OUTBOX",
    }
)


class ClusterFailed(Exception):
    """The cluster did not start or did not end as it should; the text ends with the last lines of its log."""


@dataclass
class Cluster:
    """A cluster of its own in a folder of its own. Without a URL: SQLite, and a Redis that it brings itself.

    `env` adds to the environment of every part. `root`: where its program lies.
    """

    database_url: str | None = None
    redis_url: str | None = None
    nodes: int = 3
    workers: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    root: Path = ROOT
    run_dir: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="saldo-cluster-")))
    http_port: int = field(default_factory=free_port)
    _launcher: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The page's address, through nginx."""
        return str(self._state()["url"])

    @property
    def launcher_pid(self) -> int:
        return self._running().pid

    @property
    def log(self) -> str:
        """All that the launcher and its parts printed, of every start in this folder."""
        return self._log_path.read_text(errors="replace")

    def node_url(self, name: str) -> str:
        """A web node's address behind nginx's back, or where a worker's metrics are."""
        return f"http://{LOOPBACK}:{self.process(name)['port']}"

    def pid(self, name: str) -> int:
        return int(self.process(name)["pid"])

    def process(self, name: str) -> dict[str, Any]:
        """The entry of a part in cluster.json. Raises KeyError."""
        for entry in self.processes():
            if entry["name"] == name:
                return entry
        raise KeyError(name)

    def processes(self) -> list[dict[str, Any]]:
        """All entries of cluster.json."""
        return list(self._state()["processes"])

    def database(self) -> str:
        """The address of the database that the parts use."""
        return str(self._state()["database_url"])

    def redis(self) -> str:
        """The address of the Redis that the parts use."""
        return str(self._state()["redis_url"])

    def jwt_secret(self) -> str:
        """What the parts sign tokens with."""
        return (self.run_dir / "jwt_secret").read_text()

    def bus_key(self) -> str:
        """What the parts sign bus messages with."""
        return (self.run_dir / "bus_key").read_text()

    def start(self) -> None:
        """Start, and return when the page answers through nginx. Raises ClusterFailed."""
        assert self._launcher is None, "already started"
        self.run_dir.mkdir(exist_ok=True)
        left_behind = self._written()
        with self._log_path.open("ab") as log:
            self._launcher = spawn([sys.executable, "-m", "deploy.local"], env=self._env(), cwd=self.root, output=log)
        try:
            wait_until(lambda: self._has_ended() or self._answers(left_behind), START_TIMEOUT_S, "the cluster's start")
        except TimeoutError as late:
            self.kill_launcher()
            raise ClusterFailed(f"{late}\n{self._log_tail()}") from late
        if self._has_ended():
            self._launcher = None
            raise ClusterFailed(self._log_tail())

    def kill(self, name: str) -> int:
        """SIGKILL a part and return the process id that it had."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_restarted(self, name: str, old_pid: int) -> None:
        """Return when the part has another process than `old_pid`, which answers if it is one that can."""
        wait_until(lambda: self.pid(name) != old_pid, RESTART_TIMEOUT_S, f"another life of {name}")
        if name.startswith("web"):
            port = self.process(name)["port"]
            wait_until(lambda: http_status(port, "/readyz") == 200, RESTART_TIMEOUT_S, f"{name} ready")

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Stop as an operator does. Raises ClusterFailed unless the launcher ends well."""
        launcher = self._running()
        launcher.send_signal(signal_number)
        try:
            status = launcher.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as late:
            self.kill_launcher()
            raise ClusterFailed(f"{late}\n{self._log_tail()}") from late
        self._launcher = None
        if status != 0:
            raise ClusterFailed(f"the launcher ended with {status}\n{self._log_tail()}")

    def kill_launcher(self) -> None:
        """SIGKILL the launcher; its parts have to notice by themselves."""
        self._running().kill()
        self._running().wait()
        self._launcher = None

    def close(self, *, keep_log: bool) -> None:
        """Stop if need be, and remove the folder; with `keep_log` it stays and the log is printed."""
        try:
            if self._launcher is not None:
                self.stop()
        finally:
            if keep_log:
                sys.stderr.write(f"{self.run_dir} is kept; the cluster's log ends with\n{self._log_tail()}\n")
            else:
                shutil.rmtree(self.run_dir, ignore_errors=True)

    @property
    def _log_path(self) -> Path:
        return self.run_dir / "log"

    def _env(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        addresses = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return {
            **inherited,
            **{name: value for name, value in addresses.items() if value is not None},
            "RUN_DIR": str(self.run_dir),
            "HTTP_PORT": str(self.http_port),
            "NODES": str(self.nodes),
            "WORKERS": str(self.workers),
            # Browsers allow passkeys there, and not at an address.
            "PUBLIC_URL": f"http://localhost:{self.http_port}",
            **self.env,
        }

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.run_dir / "cluster.json").read_text())
        return state

    def _answers(self, left_behind: tuple[int, int] | None) -> bool:
        """`left_behind`: the cluster.json of a launcher that was killed, whose nginx may still be there."""
        return self._written() not in (None, left_behind) and http_status(self.http_port, "/") == 200

    def _written(self) -> tuple[int, int] | None:
        """Tells one cluster.json from the next; None where there is none."""
        try:
            found = (self.run_dir / "cluster.json").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _running(self) -> subprocess.Popen[bytes]:
        if self._launcher is None:
            raise RuntimeError("the cluster is not running")
        return self._launcher

    def _has_ended(self) -> bool:
        return self._running().poll() is not None

    def _log_tail(self) -> str:
        return self.log[-LOG_TAIL_CHARS:]


@contextmanager
def running_cluster(
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
    nodes: int = 3,
    workers: int = 1,
    env: Mapping[str, str] | None = None,
    root: Path = ROOT,
) -> Iterator[Cluster]:
    """A started cluster that is gone at the end; when the test failed its log is printed and kept."""
    cluster = Cluster(database_url, redis_url, nodes, workers, env or {}, root)
    failed = True
    try:
        cluster.start()
        yield cluster
        failed = False
    finally:
        cluster.close(keep_log=failed)
