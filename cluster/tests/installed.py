"""The built wheel in an environment of its own, and programs that run there."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.readiness import wait_until
from deploy.local.spawn import spawn
from tests.support.fetch import fetch
from tests.support.ports import LOOPBACK, free_port

CLUSTER = Path(__file__).parents[1]
EXAMPLES = CLUSTER / "examples"
# Made by deploy/setup.sh: what the package depends on, and nothing else.
PYTHON = CLUSTER.parent / ".venv-package" / "bin" / "python"

SCRIPT_TIMEOUT_S = 60.0
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0


def build_wheel(directory: Path) -> Path:
    """The wheel of the package as it is now."""
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory))
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(CLUSTER)], check=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


def install(wheel: Path) -> None:
    options = ("--quiet", "--no-index", "--no-deps", "--force-reinstall")
    subprocess.run([str(PYTHON), "-m", "pip", "install", *options, str(wheel)], check=True)


@dataclass(frozen=True)
class Program:
    """Programs that `python` runs in `directory`, where their files and log are, with the same settings. Their modules
    are in `sources`."""

    python: str
    directory: Path
    sources: Path
    settings: Mapping[str, str]

    def run(self, *command: str) -> str:
        """What it printed. Raises CalledProcessError."""
        done = subprocess.run(
            [self.python, *command],
            cwd=self.directory,
            env=self._environment(),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=SCRIPT_TIMEOUT_S,
        )
        return done.stdout

    @contextmanager
    def running(self, *command: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A program that runs until the end of the body."""
        with (self.directory / "log").open("ab") as log:
            process = spawn([self.python, *command], output=log, cwd=self.directory, env=self._environment(settings))
        try:
            yield process
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)

    @contextmanager
    def node(self, app: str, name: str) -> Iterator[str]:
        """A web node, as its documented command starts it; the address."""
        address = f"{LOOPBACK}:{free_port()}"
        command = ("-m", "gunicorn", "-c", "python:flask_socketio_cluster.node.gunicorn_conf", app)
        with self.running(*command, BIND=address, NODE_ID=name) as process:
            wait_until(
                lambda: process.poll() is not None or _answers(f"http://{address}"), START_TIMEOUT_S, "a node's start"
            )
            assert process.poll() is None, (self.directory / "log").read_text()
            yield f"http://{address}"

    def _environment(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.sources), **self.settings, **(settings or {})}


def _answers(url: str) -> bool:
    try:
        return fetch(url, "/").status < 500
    except OSError:
        return False
