"""A MariaDB whose disk can be filled up."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from deploy.local.readiness import wait_until
from deploy.local.spawn import kill_group, spawn
from tests.support.servers import START_TIMEOUT_S, DatabaseServer, ServerFailed

PIECES_BYTES = (1 << 20, 4096)


class ServerOnASmallDisk(DatabaseServer):
    """Whose binary log is on a file system of its own, which nobody else sees and which outlives the server."""

    def __init__(self, directory: Path, *, disk_bytes: int) -> None:
        super().__init__(directory)
        self._disk = directory / "disk"
        self._disk.mkdir()
        self._keeper = _mounted(self._disk, disk_bytes)

    def purge_binlogs(self) -> None:
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("FLUSH BINARY LOGS")
            cursor.execute("PURGE BINARY LOGS BEFORE NOW(6)")

    def fill_disk(self) -> None:
        for size in PIECES_BYTES:
            with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
                while filler.write(bytes(size)):
                    pass

    def free_disk(self) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        super().close()
        kill_group(self._keeper.pid)
        self._keeper.wait()

    @property
    def _filler(self) -> Path:
        return _seen_by(self._keeper, self._disk / "filler")

    def _command(self) -> list[str]:
        as_keeper = ["nsenter", f"--target={self._keeper.pid}", *_as_user("--preserve-credentials"), "--mount"]
        return [*as_keeper, *super()._command(), f"--log-bin={self._disk / 'binlog'}"]


def _mounted(disk: Path, disk_bytes: int) -> subprocess.Popen[bytes]:
    """A process that has a file system of its own at `disk`, for others to join."""
    mount = f"mount -t tmpfs -o size={disk_bytes} disk {disk} && touch {disk}/there && exec sleep infinity"
    alone = ["unshare", *_as_user("--map-root-user"), "--mount"]
    keeper = spawn([*alone, "sh", "-c", mount], output=subprocess.DEVNULL)
    there = _seen_by(keeper, disk / "there")
    wait_until(lambda: keeper.poll() is not None or there.exists(), START_TIMEOUT_S, "a small disk")
    if keeper.poll() is not None:
        raise ServerFailed("a file system of one's own could not be mounted")
    return keeper


def _seen_by(process: subprocess.Popen[bytes], path: Path) -> Path:
    return Path(f"/proc/{process.pid}/root{path}")


def _as_user(option: str) -> list[str]:
    """Whoever is not root needs a user namespace too."""
    return [] if os.geteuid() == 0 else ["--user", option]
