"""A Redis Cluster for the tests: real servers that share the slots, each of which can be killed or paused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.readiness import wait_until
from tests.support.servers import START_TIMEOUT_S, RedisServer, folder, started


class RedisNode(RedisServer):
    """One node of a Redis Cluster."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._bus_port = free_port()

    @property
    def id(self) -> str:
        return str(self.ask("CLUSTER", "MYID"))

    def ask(self, *command: str | int) -> Any:
        """What this node says to a command."""
        with Redis(host=LOOPBACK, port=self.port, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*command)

    def meet(self, other: "RedisNode") -> None:
        self.ask("CLUSTER", "MEET", LOOPBACK, other.port, other._bus_port)

    def _command(self) -> list[str]:
        settings = {
            "--cluster-enabled": "yes",
            "--cluster-port": str(self._bus_port),
            # A replica is one for the others when it has heard something from its primary.
            "--repl-diskless-sync-delay": "0",
            "--repl-ping-replica-period": "1",
            "--cluster-config-file": str(self._directory / "nodes.conf"),
        }
        return [*super()._command(), *(word for pair in settings.items() for word in pair)]


class RedisCluster:
    """Three primaries that share the slots, and a replica of each; who is which changes when a primary is lost."""

    PRIMARIES = 3
    SLOTS = 16_384
    # How long a primary is away before its replica takes its place. Nodes also gossip twice in that time.
    NODE_TIMEOUT_MS = 2_000
    GATHERING_TIMEOUT_MS = 300

    def __init__(self, directory: Path) -> None:
        self.nodes = []
        for number in range(2 * self.PRIMARIES):
            own = directory / str(number)
            own.mkdir()
            self.nodes.append(RedisNode(own))

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes)

    @property
    def running(self) -> list[RedisNode]:
        return [node for node in self.nodes if node.is_running]

    @property
    def primaries(self) -> list[RedisNode]:
        """In the order of their slots, as the first node that runs knows them."""
        return [node for _, node in self._owners()]

    def owner(self, channel: str) -> RedisNode:
        """The primary that owns a channel's slot."""
        slot = self.slot(channel)
        return next(node for last, node in self._owners() if slot <= last)

    def slot(self, channel: str) -> int:
        return int(self.running[0].ask("CLUSTER", "KEYSLOT", channel))

    def start(self) -> None:
        primaries, replicas = self.nodes[: self.PRIMARIES], self.nodes[self.PRIMARIES :]
        for node in self.nodes:
            node.start()
        self._set_timeout(self.GATHERING_TIMEOUT_MS)
        for node in self.nodes[1:]:
            self.nodes[0].meet(node)
        wait_until(lambda: all(self._knows_all(node) for node in self.nodes), START_TIMEOUT_S, "nodes that met")
        bounds = [number * self.SLOTS // self.PRIMARIES for number in range(self.PRIMARIES + 1)]
        for primary, first, end in zip(primaries, bounds, bounds[1:], strict=False):
            primary.ask("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for primary, replica in zip(primaries, replicas, strict=True):
            replica.ask("CLUSTER", "REPLICATE", primary.id)
        self.make_whole()

    def make_whole(self) -> None:
        """Start what was killed, and return when every node says that all slots are served, each by two nodes."""
        for node in self.nodes:
            if not node.is_running:
                node.start()
        self._set_timeout(self.GATHERING_TIMEOUT_MS)
        wait_until(lambda: all(self._is_whole(node) for node in self.nodes), START_TIMEOUT_S, "a Redis Cluster")
        self._set_timeout(self.NODE_TIMEOUT_MS)

    def _set_timeout(self, timeout_ms: int) -> None:
        for node in self.nodes:
            node.ask("CONFIG", "SET", "cluster-node-timeout", timeout_ms)

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    def _owners(self) -> list[tuple[int, RedisNode]]:
        """The last slot of each range, and who owns it."""
        ranges = sorted(self.running[0].ask("CLUSTER", "SLOTS"))
        return [(last, self._node(port)) for _, last, (_, port, *_), *_ in ranges]

    def _node(self, port: int) -> RedisNode:
        return next(node for node in self.nodes if node.port == port)

    def _knows_all(self, node: RedisNode) -> bool:
        return f"cluster_known_nodes:{len(self.nodes)}" in node.ask("CLUSTER", "INFO").split()

    def _is_whole(self, node: RedisNode) -> bool:
        ranges = node.ask("CLUSTER", "SLOTS")
        nodes = {port for _, _, *owners in ranges for _, port, *_ in owners}
        role, *rest = node.ask("ROLE")
        return (
            "cluster_state:ok" in node.ask("CLUSTER", "INFO").split()
            and len(nodes) == len(self.nodes)
            and (role == "master" or rest[2] == "connected")
        )


@contextmanager
def redis_cluster() -> Iterator[RedisCluster]:
    """A running Redis Cluster that goes at the end."""
    with folder("saldo-redis-cluster-") as directory:
        servers = RedisCluster(directory)
        with started(servers):
            yield servers
