"""A running web node that may open no more files."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def no_more_files(master_pid: int) -> Iterator[None]:
    """The worker of this gunicorn, which has one, keeps what it has open."""
    (child,) = Path(f"/proc/{master_pid}/task/{master_pid}/children").read_text().split()
    pid = int(child)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
