"""The launcher behind `make run` and the tests.

python -m deploy.local                   run a cluster in the foreground
python -m deploy.local worker COMMAND    `python -m worker COMMAND` with that cluster's settings
"""

import os
import resource
import sys

from deploy.local import parts, settings
from deploy.local.binaries import MissingBinary
from deploy.local.cluster import Cluster
from deploy.local.cluster_file import ClusterFile
from deploy.local.ports import is_free
from deploy.local.readiness import wait_until
from deploy.local.run_dir import RunDirInUse, locked
from deploy.local.supervisor import PartFailed

# How long the parts of a launcher that was killed may take to notice and go.
ORPHANS_TIMEOUT_S = 12.0
OPEN_FILES = 65_536
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"


class NoPort(Exception):
    """nginx could not listen where it should."""


def main(arguments: list[str]) -> None:
    wanted = settings.from_env()
    if arguments[:1] == ["worker"]:
        exec_worker(wanted, arguments[1:])
    if arguments:
        raise settings.BadSetting(f"unknown command {arguments[0]!r}; there is only `worker`")
    with locked(wanted.run_dir):
        free_the_port(wanted)
        raise_open_files_limit()
        Cluster(wanted).run()


def exec_worker(wanted: settings.LauncherSettings, arguments: list[str]) -> None:
    """Become a command of the worker's, on the database of the local cluster. Does not return."""
    wanted.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    redis_url = wanted.redis_url or ClusterFile(wanted.run_dir).redis_url() or DEFAULT_REDIS_URL
    os.chdir(parts.ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "worker", *arguments], parts.environment(wanted, redis_url))


def free_the_port(wanted: settings.LauncherSettings) -> None:
    """Make sure that nginx can listen. Raises NoPort."""
    left_behind = ClusterFile(wanted.run_dir)
    try:
        # The launcher before may have been killed; its nginx goes by itself then.
        patience_s = ORPHANS_TIMEOUT_S if left_behind.exists() else 0
        wait_until(lambda: is_free(wanted.http_port, wanted.http_host), patience_s, "the port")
    except TimeoutError:
        raise NoPort(f"port {wanted.http_port} is in use; HTTP_PORT names another") from None
    except OSError as error:
        address = f"{wanted.http_host}:{wanted.http_port}"
        raise NoPort(f"cannot listen on {address} ({error.strerror}); HTTP_HOST and HTTP_PORT move it") from None
    left_behind.remove()


def raise_open_files_limit() -> None:
    """Allow this process and its children many open sockets, as far as the machine does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (settings.BadSetting, RunDirInUse, NoPort, MissingBinary, PartFailed) as refusal:
        sys.exit(f"saldo-vivo: {refusal}")
    except KeyboardInterrupt:
        sys.exit(1)  # before anything was started
