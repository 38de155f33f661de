"""MariaDB, by its own tools: mariadb-dump, mariadb and mariadb-binlog."""

import gzip
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import pymysql
from sqlalchemy.engine import URL

from app import database_hosts
from app.database_hosts import Host, Hosts
from deploy.backup.failure import BackupFailed
from deploy.local.binaries import on_path

CONNECT_TIMEOUT_S = 5
# How a whole dump ends.
_END = b"-- Dump completed"
_END_BYTES = 200
# Where the binary log stood at the dump's moment.
_POSITION = re.compile(r"CHANGE MASTER TO MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+)")
_HEAD_BYTES = 64_000


def save(url: str, file: Path) -> None:
    """All tables at one moment, compressed. The seals of the books are no part of it: `migrate` makes them again.

    The user may need more than the program's own: RELOAD and BINLOG MONITOR, for the place in the binary log. Without
    them there is a backup all the same, from which no later moment can be restored. Raises BackupFailed.
    """
    address = _written(url)
    with _login(address) as login:
        place = ["--master-data=2"] if _may_know_the_place(address) else []
        command = [
            _tool("mariadb-dump"),
            login,
            "--single-transaction",
            "--quick",
            "--hex-blob",
            "--skip-triggers",
            "--no-tablespaces",
            "--default-character-set=utf8mb4",
            *place,
            str(address.database),
        ]
        with gzip.open(file, "wb") as compressed:
            end = _run_into(command, compressed)
    if _END not in end:
        raise BackupFailed("mariadb-dump ended before the end of the dump")


@dataclass(frozen=True)
class Later:
    """A moment after the backup's, in UTC, and the binary logs since then, in their order."""

    binlogs: Sequence[Path]
    until: datetime


def restore(url: str, file: Path, later: Later | None) -> None:
    """Drop every table and load those of the dump; then do again what happened until `later`, for which the user needs
    BINLOG REPLAY besides. Raises BackupFailed, before anything is changed where the files are not what they must be or
    somebody else is connected."""
    _require_whole(file)
    start = _start(file, later) if later else None
    address = _written(url)
    with closing(_connection(address)) as connection:
        _require_alone(connection, address)
        _drop_all(connection, address)
    with _login(address) as login:
        client = [_tool("mariadb"), login, str(address.database)]
        with gzip.open(file, "rb") as dump:
            _run_from(client, dump)
        if later is not None and start is not None:
            _repeat(client, start, later, str(address.database))


def _start(file: Path, later: Later) -> int:
    """The place in the first binary log. Raises BackupFailed."""
    with gzip.open(file, "rb") as dump:
        found = _POSITION.search(dump.read(_HEAD_BYTES).decode(errors="replace"))
    if found is None:
        raise BackupFailed(f"{file} does not say where the binary log stood: its user lacked RELOAD or BINLOG MONITOR")
    if later.binlogs[0].name != found[1]:
        raise BackupFailed(f"the first binary log must be {found[1]}, where the backup was made")
    return int(found[2])


def _repeat(client: Sequence[str], start: int, later: Later, database: str) -> None:
    command = [
        _tool("mariadb-binlog"),
        f"--start-position={start}",
        f"--stop-datetime={later.until:%Y-%m-%d %H:%M:%S}",
        f"--database={database}",
        *map(str, later.binlogs),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TZ": "UTC"}) as reading:
        assert reading.stdout
        _run_from(client, reading.stdout)
    if reading.returncode:
        raise BackupFailed(f"mariadb-binlog ended with {reading.returncode}; the database is between two moments")


def _tool(name: str) -> str:
    found = on_path(name)
    if found is None:
        raise BackupFailed(f"{name} is not installed; on Debian: apt-get install mariadb-client")
    return found


@contextmanager
def _login(address: URL) -> Iterator[str]:
    """The option with which MariaDB's tools find host, user and password: in a file, which other users cannot read."""
    with tempfile.NamedTemporaryFile("w", prefix="saldo-", suffix=".cnf") as file:
        options = {"host": address.host, "port": address.port or 3306, "user": address.username}
        password = (address.password or "").replace("\\", "\\\\").replace('"', '\\"')
        lines = [f"{name}={value}" for name, value in options.items() if value]
        file.write("\n".join(["[client]", *lines, f'password="{password}"', ""]))
        file.flush()
        yield f"--defaults-extra-file={file.name}"


def _connection(address: URL) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    try:
        return pymysql.connect(
            host=address.host or "localhost",
            port=address.port or 3306,
            user=address.username,
            password=address.password or "",
            database=address.database,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
        )
    except pymysql.Error as error:
        raise BackupFailed(f"the database does not answer: {error.args[-1]}") from None


def _written(url: str) -> URL:
    """The address of the server that takes writes: where there are several, one that does not may lag behind."""
    address, several = database_hosts.split(url)
    if len(several) == 1:
        return address
    found: list[URL] = []

    def open_to(host: Host) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        found.append(address.set(host=host.name, port=host.port))
        return _connection(found[-1])

    try:
        Hosts(several).connect(open_to).close()
    except pymysql.Error as error:
        raise BackupFailed(f"no server takes writes: {error.args[-1]}") from None
    return found[-1]


def _may_know_the_place(address: URL) -> bool:
    with closing(_connection(address)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SHOW MASTER STATUS")
        except pymysql.Error:
            return False
        return cursor.fetchone() is not None and _has_right(cursor, "RELOAD")


def _has_right(cursor: pymysql.cursors.Cursor, right: str) -> bool:
    cursor.execute(
        "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = %s AND GRANTEE ="
        " CONCAT('\\'', REPLACE(CURRENT_USER(), '@', '\\'@\\''), '\\'')",
        (right,),
    )
    return cursor.fetchone() is not None


def _require_whole(file: Path) -> None:
    end = b""
    try:
        with gzip.open(file, "rb") as dump:
            while block := dump.read(1 << 20):
                end = (end + block)[-_END_BYTES:]
    except (OSError, EOFError, zlib.error) as error:
        raise BackupFailed(f"{file} is damaged: {error}") from None
    if _END not in end:
        raise BackupFailed(f"{file} is no whole dump")


def _require_alone(connection: "pymysql.Connection[pymysql.cursors.Cursor]", address: URL) -> None:
    with connection.cursor() as cursor:
        if not _has_right(cursor, "PROCESS"):
            raise BackupFailed("whether others are connected is seen only by a user with PROCESS: take an operator's")
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = %s AND ID <> CONNECTION_ID()",
            (address.database,),
        )
        (others,) = cursor.fetchone() or (0,)
    if others:
        raise BackupFailed(f"{others} others are connected to {address.database}: stop nodes and workers first")


def _drop_all(connection: "pymysql.Connection[pymysql.cursors.Cursor]", address: URL) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (address.database,))
        tables = [f"`{name}`" for (name,) in cursor.fetchall()]
        if tables:
            cursor.execute("SET foreign_key_checks = 0")
            cursor.execute(f"DROP TABLE {', '.join(tables)}")


def _run_into(command: Sequence[str], file: gzip.GzipFile) -> bytes:
    """Run `command` into `file`; its last bytes. Raises BackupFailed."""
    end = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        while block := process.stdout.read(1 << 16):
            file.write(block)
            end = (end + block)[-_END_BYTES:]
        complaint = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise BackupFailed(f"{Path(command[0]).name}: {complaint or process.returncode}")
    return end


def _run_from(command: Sequence[str], file: IO[bytes] | gzip.GzipFile) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stderr
        try:
            shutil.copyfileobj(file, process.stdin, 1 << 16)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it says why by itself
        complaint = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise BackupFailed(f"{Path(command[0]).name}: {complaint or process.returncode}")
