"""A Redis with a replica and three sentinels, which put the replica in the place of a primary that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from deploy.local import redis as local_redis
from deploy.local.ports import LOOPBACK
from deploy.local.readiness import wait_until
from tests.support.servers import RedisServer, folder

NAME = "saldo-vivo"
SENTINELS = 3
# How long a primary is away before the sentinels agree that it is gone.
DOWN_AFTER_MS = 2_000
TIMEOUT_S = 60.0


class Sentinel(RedisServer):
    """Watches a primary, finds the other sentinels through it, and tells where it is."""

    def __init__(self, directory: Path, watched_port: int) -> None:
        super().__init__(directory)
        self._watched_port = watched_port

    def primary_port(self) -> int | None:
        try:
            with Redis(host=LOOPBACK, port=self.port, socket_timeout=2) as client:
                found = client.execute_command("SENTINEL", "get-master-addr-by-name", NAME)
                return int(found[1]) if found else None
        except RedisError:
            return None

    def names_another_than(self, port: int) -> bool:
        return self.primary_port() not in (None, port)

    def knows_all(self) -> bool:
        return self.knows() == (1, SENTINELS - 1)

    def knows(self) -> tuple[int, int]:
        """How many replicas and how many other sentinels it knows of."""
        with Redis(host=LOOPBACK, port=self.port, socket_timeout=2, decode_responses=True) as client:
            flat: Any = client.execute_command("SENTINEL", "master", NAME)
            known = flat if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2], strict=True))
            return int(known["num-slaves"]), int(known["num-other-sentinels"])

    def _command(self) -> list[str]:
        config = self._directory / "sentinel.conf"
        if not config.exists():
            config.write_text(
                f"port {self.port}\nbind {LOOPBACK}\ndir {self._directory}\n"
                f"sentinel monitor {NAME} {LOOPBACK} {self._watched_port} {SENTINELS // 2 + 1}\n"
                f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {NAME} 10000\n"
            )
        return [local_redis.command(self.port, self._directory)[0], str(config), "--sentinel"]


class WatchedRedis:
    """`url` names the sentinels; who is the primary changes."""

    def __init__(self, directory: Path) -> None:
        self._servers = [RedisServer(_own(directory, f"redis{number}")) for number in range(2)]
        watched = self._servers[0].port
        self._sentinels = [Sentinel(_own(directory, f"sentinel{number}"), watched) for number in range(SENTINELS)]

    @property
    def url(self) -> str:
        hosts = ",".join(f"{LOOPBACK}:{sentinel.port}" for sentinel in self._sentinels)
        return f"redis+sentinel://{hosts}/0/{NAME}"

    @property
    def port(self) -> int:
        """Of the primary."""
        return self.primary.port

    @property
    def primary(self) -> RedisServer:
        port = self._sentinels[0].primary_port()
        return next((server for server in self._servers if server.port == port), self._servers[0])

    def start(self) -> None:
        for server in self._servers:
            server.start()
        self._follow(self._servers[1], self._servers[0])
        for sentinel in self._sentinels:
            sentinel.start()
        for sentinel in self._sentinels:
            wait_until(sentinel.knows_all, TIMEOUT_S, "the sentinels")

    def wait_failed_over(self, old: RedisServer) -> None:
        """Return when every sentinel says that another is the primary."""
        for sentinel in self._sentinels:
            wait_until(
                partial(sentinel.names_another_than, old.port),
                TIMEOUT_S,
                "another primary",
            )

    def come_back(self, server: RedisServer) -> None:
        """`server`, which was gone, starts; the sentinels make a replica of it."""
        server.start()
        wait_until(lambda: _role(server) == "slave", TIMEOUT_S, "a replica again")
        wait_until(lambda: all(each.knows_all() for each in self._sentinels), TIMEOUT_S, "them")

    def mend(self) -> None:
        for server in self._servers:
            if server.is_running:
                server.cont()
            else:
                self.come_back(server)

    def close(self) -> None:
        for server in (*self._sentinels, *self._servers):
            server.close()

    @staticmethod
    def _follow(replica: RedisServer, primary: RedisServer) -> None:
        with Redis(host=LOOPBACK, port=replica.port) as client:
            client.execute_command("REPLICAOF", LOOPBACK, primary.port)
        wait_until(lambda: _role(replica) == "slave", TIMEOUT_S, "a replica")


def _own(directory: Path, name: str) -> Path:
    folder = directory / name
    folder.mkdir()
    return folder


def _role(server: RedisServer) -> str:
    with Redis(host=LOOPBACK, port=server.port, socket_timeout=2, decode_responses=True) as client:
        return str(client.execute_command("ROLE")[0])


@contextmanager
def watched_redis() -> Iterator[WatchedRedis]:
    """Running servers that go at the end."""
    with folder("saldo-sentinels-") as directory:
        watched = WatchedRedis(directory)
        try:
            watched.start()
            yield watched
        finally:
            watched.close()
