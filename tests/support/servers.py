"""Private MariaDB and Redis servers for the tests: real ones, on free ports, in folders of their own.

Each can be killed, paused and started again on the same port with the same data.
"""

import getpass
import secrets
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pymysql

from deploy.local import binaries, redis
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.readiness import redis_answers, wait_until
from deploy.local.spawn import spawn

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
LOG_TAIL_CHARS = 4_000


class ServerFailed(Exception):
    """A server did not start; the text ends with the last lines of its log."""


class Starts(Protocol):
    def start(self) -> None: ...

    def close(self) -> None: ...


class Server(ABC):
    """A server process with a fixed port and data folder, through any number of lives.

    Start it from a thread that lives as long as the server should. `host`: the address that it listens on. `within`:
    what its command line begins with, such as what makes it run in a network of its own.
    """

    def __init__(self, directory: Path, *, host: str = LOOPBACK, within: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.host = host
        self._within = within
        self._directory = directory
        self._log = directory / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address in the form that the settings take."""

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """The running process. Raises RuntimeError when there is none."""
        return self._running().pid

    def start(self) -> None:
        """Start, and return when the server answers. Raises ServerFailed."""
        assert self._process is None, "already started"
        with self._log.open("ab") as log:
            process = self._process = spawn([*self._within, *self._command()], output=log)
        try:
            wait_until(lambda: process.poll() is not None or self._answers(), START_TIMEOUT_S, "the server's start")
        except TimeoutError as late:
            self.kill()
            raise ServerFailed(f"{late}\n{self._log_tail()}") from late
        if process.poll() is not None:
            self._process = None
            raise ServerFailed(self._log_tail())

    def kill(self) -> None:
        """SIGKILL, as when the machine loses its power, and wait for the end."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM, as an operator would, and wait for the end."""
        self._end(signal.SIGTERM)

    def stop(self) -> None:
        """SIGSTOP: the port stays open and nothing answers, until `cont`."""
        self._running().send_signal(signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT."""
        self._running().send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End whatever still runs. For the end of a test; a second call does nothing."""
        if self._process is not None:
            self.kill()

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process

    def _end(self, signal_number: signal.Signals) -> None:
        process = self._running()
        process.send_signal(signal_number)
        process.wait(STOP_TIMEOUT_S)
        self._process = None

    def _log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-LOG_TAIL_CHARS:]


class DatabaseServer(Server):
    """A MariaDB as docker-compose.yml has it: the binary log is on, and the program's user has all of its databases
    and nothing of the server. `connection` is the operator's.
    """

    USER = "saldo"
    OPERATOR = "operator"
    DATABASE = "saldo_vivo"

    def __init__(
        self, directory: Path, *, password: str | None = None, host: str = LOOPBACK, within: Sequence[str] = ()
    ) -> None:
        super().__init__(directory, host=host, within=within)
        # Where its users may come from.
        self._clients = LOOPBACK if host == LOOPBACK else "%"
        self._data = directory / "data"
        self.password = password or secrets.token_hex(16)
        self._first_sql = directory / "first.sql"
        self._first_sql.write_text(
            f"CREATE DATABASE IF NOT EXISTS {self.DATABASE};\n"
            f"CREATE USER IF NOT EXISTS {self.USER}@'{self._clients}' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL ON {self.DATABASE}.* TO {self.USER}@'{self._clients}';\n"
            f"CREATE USER IF NOT EXISTS {self.OPERATOR}@'{self._clients}' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL ON *.* TO {self.OPERATOR}@'{self._clients}' WITH GRANT OPTION;\n"
        )
        self._install()

    @property
    def url(self) -> str:
        return self.url_of(self.DATABASE)

    def url_of(self, database: str) -> str:
        """The address of `database`, which `create_database` made."""
        return f"mysql+pymysql://{self.USER}:{self.password}@{self.host}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make `name` anew, empty, and return its address."""
        with self.connection() as connection, connection.cursor() as cursor:
            # The tables of an old one go in any order, whatever refers to them.
            cursor.execute("SET foreign_key_checks = 0")
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}`")
            cursor.execute(f"GRANT ALL ON `{name}`.* TO {self.USER}@'{self._clients}'")
        return self.url_of(name)

    @property
    def operator_url(self) -> str:
        """DATABASE, for the operator."""
        return self.url.replace(f"//{self.USER}:", f"//{self.OPERATOR}:")

    def binlogs(self) -> list[Path]:
        """The files of the binary log, oldest first, but for a new one that begins now."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("FLUSH BINARY LOGS")
            cursor.execute("SHOW BINARY LOGS")
            return [self._data / str(row[0]) for row in cursor.fetchall()][:-1]

    @contextmanager
    def connection(self) -> Iterator[pymysql.Connection]:
        """The operator's, who may do everything; it belongs to no database, in autocommit."""
        connection = pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.OPERATOR,
            password=self.password,
            autocommit=True,
            connect_timeout=5,
        )
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def setting(self, name: str, value: int) -> Iterator[None]:
        """A variable of the whole server that has another value for a while."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT @@GLOBAL.{name}")
            row = cursor.fetchone()
            assert row is not None
            cursor.execute(f"SET GLOBAL {name} = {value}")
            try:
                yield
            finally:
                cursor.execute(f"SET GLOBAL {name} = {row[0]}")

    def _command(self) -> list[str]:
        return [
            _binary("mariadbd"),
            *self._options(),
            f"--bind-address={self.host}",
            f"--port={self.port}",
            f"--socket={self._directory / 'socket'}",
            f"--pid-file={self._directory / 'pid'}",
            f"--init-file={self._first_sql}",
            "--skip-name-resolve",
            f"--log-bin={self._data / 'binlog'}",
            "--binlog-format=ROW",
            "--log-bin-trust-function-creators=ON",
            "--max-connections=400",
            "--character-set-server=utf8mb4",
            "--innodb-buffer-pool-size=128M",
            # Written at each commit, flushed to the disk once a second: a kill -9 loses nothing.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=fsync",
            "--performance-schema=OFF",
        ]

    def _options(self) -> list[str]:
        # mariadbd refuses to run as root unless it is told to.
        return [
            "--no-defaults",
            f"--user={getpass.getuser()}",
            f"--datadir={self._data}",
            # A server that starts removes the temporary tables of all that share the folder.
            f"--tmpdir={self._directory}",
            "--innodb-log-file-size=32M",
        ]

    def _install(self) -> None:
        command = [
            _binary("mariadb-install-db"),
            *self._options(),
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(done.stdout + done.stderr)

    def _answers(self) -> bool:
        try:
            with self.connection():
                return True
        except pymysql.Error:
            return False


class RedisServer(Server):
    """A Redis, empty at each start."""

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def _command(self) -> list[str]:
        # Protected mode would refuse who comes from another host, since there is no password.
        return [*redis.command(self.port, self._directory), "--bind", self.host, "--protected-mode", "no"]

    def _answers(self) -> bool:
        return redis_answers(self.port, self.host)


@contextmanager
def mariadb_server(*, password: str | None = None) -> Iterator[DatabaseServer]:
    """A running MariaDB that goes, with its data, at the end. `password`: of its users."""
    with folder("saldo-mariadb-") as directory:
        server = DatabaseServer(directory, password=password)
        with started(server):
            yield server


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis that goes at the end."""
    with folder("saldo-redis-") as directory:
        server = RedisServer(directory)
        with started(server):
            yield server


@contextmanager
def started(server: Starts) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.close()


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        yield Path(name)


def _binary(name: str) -> str:
    found = binaries.on_path(name)
    if found is None:
        raise ServerFailed(f"{name} is not installed: run `make test`, or install mariadb-server")
    return found
