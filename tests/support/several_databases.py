"""MariaDB on several servers: a Galera cluster of three, and a primary with a semi-synchronous replica."""

import getpass
import os
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pymysql

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.readiness import wait_until
from tests.support.servers import DatabaseServer, folder

GALERA_LIBRARY = "/usr/lib/galera/libgalera_smm.so"
JOIN_TIMEOUT_S = 90.0
USER = "mysql"
NOWHERE = "00000000-0000-0000-0000-000000000000:-1"
_RECOVERED = re.compile(r"WSREP: Recovered position: (\S+:-?\d+)")
# Longer than a replica takes to say that it has something; then the primary goes on without it.
REPLICA_WAIT_MS = 10_000


class SeveralDatabases(ABC):
    """Servers of one bank, with the same users. Which of them is written to is the same for all who ask."""

    servers: list[DatabaseServer]

    @property
    @abstractmethod
    def written(self) -> DatabaseServer:
        """The server that connections go to."""

    @abstractmethod
    def fail_over(self) -> None:
        """What an orchestrator does once `written` is gone; returns when another takes writes."""

    @abstractmethod
    def come_back(self, server: DatabaseServer) -> None:
        """`server`, which was gone, starts and has all that the others have."""

    @abstractmethod
    def start(self) -> None: ...

    def close(self) -> None:
        for server in self.servers:
            server.close()

    def create_database(self, name: str) -> str:
        """Make `name` anew, empty, and return its address."""
        self.written.create_database(name)
        return self.url_of(name)

    def url_of(self, database: str) -> str:
        """The address that names all servers."""
        first = self.servers[0]
        hosts = ",".join(f"{LOOPBACK}:{server.port}" for server in self.servers)
        return first.url_of(database).replace(f"{LOOPBACK}:{first.port}", hosts)

    def connection(self) -> AbstractContextManager[pymysql.Connection]:
        """The operator's, to the server that is written to."""
        return self.written.connection()

    def mend(self) -> None:
        """Every server runs and has what the others have."""
        for server in self.servers:
            if server.is_running:
                server.cont()
            else:
                self.come_back(server)


class GaleraNode(DatabaseServer):
    """One member. `peers`: where the others of its cluster are, by the ports of their group communication; none for the
    member that begins."""

    def __init__(self, directory: Path, *, password: str | None) -> None:
        if os.geteuid() == 0:
            # As on any machine that has Debian's package: state is copied between members by what runs as its user.
            for folder in (directory.parent, directory):
                folder.chmod(0o711)
            shutil.chown(directory, USER)
        super().__init__(directory, password=password)
        self.group_port, self._ist_port, self._sst_port = free_port(), free_port(), free_port()
        self.peers: list[int] = []
        self._position = NOWHERE

    def recover(self) -> None:
        """Find out where this member was when it died, as Galera's systemd unit does, so that it needs only what came
        after."""
        command = [*self._command(), "--wsrep-recover", f"--log-error={self._directory / 'recovery.err'}"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        found = _RECOVERED.findall((self._directory / "recovery.err").read_text())
        self._position = found[-1] if found else NOWHERE

    def is_synced(self) -> bool:
        with suppress(pymysql.Error), self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'wsrep_local_state_comment'")
            return (cursor.fetchone() or ("", ""))[1] == "Synced"
        return False

    def _options(self) -> list[str]:
        own = [option for option in super()._options() if not option.startswith("--user=")]
        return [*own, f"--user={USER if os.geteuid() == 0 else getpass.getuser()}"]

    def _command(self) -> list[str]:
        provider = {
            "gmcast.listen_addr": f"tcp://{LOOPBACK}:{self.group_port}",
            "ist.recv_addr": f"{LOOPBACK}:{self._ist_port}",
            # Who says nothing is taken for dead a little sooner than by default (5 s and 15 s).
            "evs.suspect_timeout": "PT3S",
            "evs.inactive_timeout": "PT6S",
            "pc.recovery": "false",
        }
        addresses = ",".join(f"{LOOPBACK}:{port}" for port in self.peers)
        return [
            *super()._command(),
            "--wsrep-on=ON",
            f"--wsrep-provider={GALERA_LIBRARY}",
            f"--wsrep-cluster-address=gcomm://{addresses}",
            f"--wsrep-node-address={LOOPBACK}:{self.group_port}",
            f"--wsrep-provider-options={';'.join(f'{name}={value}' for name, value in provider.items())}",
            f"--wsrep-start-position={self._position}",
            f"--wsrep-sst-receive-address={LOOPBACK}:{self._sst_port}",
            "--wsrep-sst-method=rsync",
            "--innodb-autoinc-lock-mode=2",
            "--log-slave-updates",
        ]


class Galera(SeveralDatabases):
    """Three members, any of which takes writes; all connections go to the first that is there."""

    NODES = 3

    def __init__(self, directory: Path) -> None:
        self._nodes: list[GaleraNode] = []
        for number in range(self.NODES):
            own = directory / str(number)
            own.mkdir()
            self._nodes.append(GaleraNode(own, password=self._nodes[0].password if self._nodes else None))
        self.servers = list(self._nodes)

    @property
    def written(self) -> DatabaseServer:
        return next(node for node in self._nodes if node.is_running)

    def start(self) -> None:
        for node in self._nodes:
            self._join(node)

    def fail_over(self) -> None:
        """The others find it out by themselves."""

    def come_back(self, server: DatabaseServer) -> None:
        node = next(node for node in self._nodes if node is server)
        self._join(node)

    def _join(self, node: GaleraNode) -> None:
        node.recover()
        node.peers = [peer.group_port for peer in self._nodes if peer is not node and peer.is_running]
        node.start()
        wait_until(node.is_synced, JOIN_TIMEOUT_S, "the member has all that the others have")


class Replicating(DatabaseServer):
    """A primary or a replica, whichever it is told to be; read-only until it is told that it is the primary."""

    def __init__(self, directory: Path, number: int, *, password: str | None) -> None:
        super().__init__(directory, password=password)
        self._number = number
        # The users are made on each server by itself, and are not replicated.
        self._first_sql.write_text(f"SET SESSION sql_log_bin = 0;\n{self._first_sql.read_text()}")

    def execute(self, *statements: str) -> None:
        with self.connection() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def follow(self, primary: "Replicating") -> None:
        """Become a replica of `primary`; what this server wrote before as a primary is part of its place."""
        self.execute(
            f"CHANGE MASTER TO MASTER_HOST = '{LOOPBACK}', MASTER_PORT = {primary.port},"
            f" MASTER_USER = '{self.OPERATOR}', MASTER_PASSWORD = '{self.password}',"
            " MASTER_CONNECT_RETRY = 1, MASTER_DEMOTE_TO_SLAVE = 1",
            "START SLAVE",
        )
        wait_until(lambda: primary.status("Rpl_semi_sync_master_clients") == "1", JOIN_TIMEOUT_S, "the replica")
        wait_until(lambda: primary.status("Rpl_semi_sync_master_status") == "ON", JOIN_TIMEOUT_S, "semi-synchrony")

    def lead(self) -> None:
        """Do all that came from the old primary, and take writes from now on."""
        self.execute("STOP SLAVE IO_THREAD")
        wait_until(self._has_done_all, JOIN_TIMEOUT_S, "the end of the relay log")
        self.execute("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = OFF")

    def status(self, name: str) -> str:
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE %s", (name,))
            row = cursor.fetchone()
            return str(row[1]) if row else ""

    def _has_done_all(self) -> bool:
        with self.connection() as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            state = cursor.fetchone() or {}
            return "has read all relay log" in str(state.get("Slave_SQL_Running_State"))

    def _command(self) -> list[str]:
        return [
            *super()._command(),
            f"--server-id={self._number}",
            "--read-only=ON",
            # Until it is told whom to follow.
            "--skip-slave-start",
            "--log-slave-updates",
            "--gtid-strict-mode=ON",
            # A primary that died forgets what it had not yet handed to its replica (MDEV-21117).
            "--init-rpl-role=SLAVE",
            "--rpl-semi-sync-slave-enabled=ON",
            "--rpl-semi-sync-master-enabled=ON",
            "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
            f"--rpl-semi-sync-master-timeout={REPLICA_WAIT_MS}",
            "--rpl-semi-sync-master-wait-no-slave=OFF",
        ]


class PrimaryAndReplica(SeveralDatabases):
    def __init__(self, directory: Path) -> None:
        self._pair: list[Replicating] = []
        for number in (1, 2):
            own = directory / str(number)
            own.mkdir()
            password = self._pair[0].password if self._pair else None
            self._pair.append(Replicating(own, number, password=password))
        self.servers = list(self._pair)
        self._primary = self._pair[0]

    @property
    def written(self) -> DatabaseServer:
        return self._primary

    def start(self) -> None:
        for server in self._pair:
            server.start()
        self._primary.execute("SET GLOBAL read_only = OFF")
        self._other.follow(self._primary)

    def fail_over(self) -> None:
        new = self._other
        new.lead()
        self._primary = new

    def come_back(self, server: DatabaseServer) -> None:
        server.start()
        self._other.follow(self._primary)

    @property
    def _other(self) -> Replicating:
        return self._pair[1] if self._primary is self._pair[0] else self._pair[0]


KINDS: dict[str, type[Galera] | type[PrimaryAndReplica]] = {"galera": Galera, "replica": PrimaryAndReplica}


@contextmanager
def several_databases(kind: str) -> Iterator[SeveralDatabases]:
    """Running servers of a kind of KINDS, which go at the end."""
    if kind == "galera" and not os.path.exists(GALERA_LIBRARY):
        raise RuntimeError("Galera is not installed: deploy/setup.sh ha")
    with folder("saldo-databases-") as directory:
        databases = KINDS[kind](directory)
        try:
            databases.start()
            yield databases
        finally:
            databases.close()
