"""The folder that holds everything a local cluster makes: one cluster at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunDirInUse(Exception):
    """Another launcher holds the folder; the text names its process."""


@contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Hold `run_dir`, which is made if need be, for this process alone. Raises RunDirInUse.

    The kernel lets go of the lock with the process, however that ends.
    """
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(run_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunDirInUse(f"{run_dir} is in use by process {lock.read() or 'unknown'}; RUN_DIR moves it") from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
