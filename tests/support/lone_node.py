"""One web node or worker by itself, on a machine whose clock may be wrong."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.readiness import http_status, wait_until
from deploy.local.spawn import kill_group, spawn
from tests.support.cluster import ROOT, SETTINGS

START_TIMEOUT_S = 60.0


class WrongClock:
    """Processes that are started with its `env` take the time to be `ahead_s` seconds later than it is; the steady
    clocks of the machine stay as they are."""

    def __init__(self, folder: Path, ahead_s: int) -> None:
        self._file = folder / f"clock{ahead_s:+d}"
        self.jump(ahead_s)

    def jump(self, ahead_s: int) -> None:
        """Also for processes that run already."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{ahead_s:+d}")
        written.replace(self._file)

    @property
    def env(self) -> dict[str, str]:
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        return {
            "LD_PRELOAD": str(library),
            "PYTHONPATH": os.pathsep.join((str(Path(__file__).with_name("wrong_clock")), *_python_path())),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Files are as old as they are; gunicorn looks at one for signs of life.
            "NO_FAKE_STAT": "1",
        }


def _python_path() -> list[str]:
    found = os.environ.get("PYTHONPATH")
    return [found] if found else []


@dataclass(frozen=True)
class LoneNode:
    pid: int
    url: str
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")


@contextmanager
def lone_node(name: str, folder: Path, env: Mapping[str, str]) -> Iterator[LoneNode]:
    """A web node that is started and may not be ready yet (`wait_ready`)."""
    port, log_path = free_port(), folder / f"{name}.log"
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"{LOOPBACK}:{port}"]
    with _process([*command, "app.wsgi:app"], log_path, {**env, "NODE_ID": name, "DRAIN_S": "0"}) as pid:
        yield LoneNode(pid, f"http://{LOOPBACK}:{port}", log_path)


def wait_ready(node: LoneNode) -> None:
    port = int(node.url.rpartition(":")[2])
    wait_until(partial(_is_ready, port), START_TIMEOUT_S, f"{node.url} ready")


def _is_ready(port: int) -> bool:
    return http_status(port, "/readyz") == 200


@contextmanager
def lone_worker(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    with _process([sys.executable, "-m", "worker", "run"], folder / "worker.log", env):
        yield


@contextmanager
def _process(command: list[str], log_path: Path, env: Mapping[str, str]) -> Iterator[int]:
    inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    with log_path.open("ab") as log:
        process = spawn(command, env={**inherited, **env}, cwd=ROOT, output=log)
    try:
        yield process.pid
    finally:
        kill_group(process.pid)
        process.wait()
