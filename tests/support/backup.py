"""`make backup` and `make restore`, as they run."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.cluster import ROOT

COMMAND_TIMEOUT_S = 120


def run_backup(*arguments: object, url: str, run_dir: Path) -> tuple[int, str]:
    """Exit status and what was said by `python -m deploy.backup …` on the database at `url`."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.backup", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "RUN_DIR": str(run_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout
