"""A part of the cluster and one life of its process."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.spawn import kill_group, spawn

READ_BYTES_MAX = 64 * 1024


@dataclass(frozen=True)
class Part:
    """What to start and how to treat it."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    cwd: Path
    port: int | None = None
    ready: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM


class Life:
    """One run of a part's process, from its start to the removal of its last remains."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._process: subprocess.Popen[bytes] = spawn(part.command, env=part.env, cwd=part.cwd)
        self._started_at = time.monotonic()
        assert self._process.stdout is not None
        self.output: IO[bytes] = self._process.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._started_at

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def read(self) -> bytes | None:
        """What was printed since; b"" at the end of the output; None when there is nothing now."""
        try:
            return os.read(self.output.fileno(), READ_BYTES_MAX)
        except BlockingIOError:
            return None

    def ask_to_stop(self) -> None:
        if not self.has_ended():
            self._process.send_signal(self.part.stop_signal)

    def finish(self) -> int:
        """Kill the process, if it still runs, and all that it started. Returns its status as Popen gives it.

        gunicorn's worker outlives a killed gunicorn by a second and would keep the port and the sockets.
        """
        kill_group(self.pid)
        return self._process.wait()


def describe_end(status: int) -> str:
    """The end of a process in words."""
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"
