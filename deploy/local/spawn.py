"""Starting a child that outlives neither a crash of its parent nor a Ctrl-C meant for the parent."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

# prctl(2): the signal that the kernel sends to this process when the thread that started it ends.
PR_SET_PDEATHSIG = 1

# Looked up before any fork: a child between fork and exec must not load libraries.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, both outputs into `output`.

    Ctrl-C in a terminal reaches its foreground session only, so that the caller decides what stops and in
    which order. Call it from a thread that lives as long as the child should: on Linux the child gets SIGTERM
    when that thread ends, however it ends.
    """
    return subprocess.Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )


def kill_group(pid: int, signal_number: int = signal.SIGKILL) -> None:
    """Signal everything that the child `pid` of `spawn` left in its session."""
    try:
        os.killpg(pid, signal_number)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
