"""A server under test with everything of its own: a Redis, nodes, and the message in its wire format."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from bench.load import Client, Emitter, Pattern
from bench.payload import EVENT, ROOM_MARK, STAMP_MARK
from bench.peers import READY_EVENT, Peer
from bench.processes import cpu_ns
from deploy.local.ports import free_port
from deploy.local.readiness import http_status, wait_until
from deploy.local.spawn import kill_group, spawn
from tests.support.servers import RedisServer

NODE_START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
ROOT = Path(__file__).parent.parent


class Stack:
    """Redis and any number of nodes of one kind. Two stacks share nothing but the machine."""

    def __init__(self, peer: Peer, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.peer = peer
        self.directory = directory
        self.redis = RedisServer(directory)
        self.ports: list[int] = []
        self._nodes: list[subprocess.Popen[bytes]] = []
        self._others: list[subprocess.Popen[bytes]] = []
        self._exit = ExitStack()
        self.redis.start()
        self._exit.callback(self.redis.close)
        self.template = self.capture("user", peer.emit_command(self.redis.port, ROOM_MARK))

    @property
    def node_pids(self) -> list[int]:
        return [node.pid for node in self._nodes]

    def add_nodes(self, count: int) -> None:
        """Start `count` more at once, and return when all of them answer."""
        fresh = [self._start_node() for _ in range(count)]
        for port in fresh:
            wait_until(
                lambda port=port: http_status(port, "/healthz") == 200,  # type: ignore[misc]
                NODE_START_TIMEOUT_S,
                f"a node of {self.peer.name}",
            )
        self.ports.extend(fresh)

    def client(self, users: range, nodes: int | None = None) -> Client:
        """A load client whose i-th connection is that of the i-th user, spread over the first `nodes` nodes."""
        auths = self.directory / "auths"
        self.peer.write_auths(auths, users)
        client = Client(self.ports[:nodes], auths, ready=READY_EVENT, counted=EVENT)
        self._exit.callback(client.close)
        return client

    def emit(self, users: range, pattern: Pattern, template: Path | None = None) -> Emitter:
        seqs = self.directory / "seqs"
        return Emitter(self.redis.port, template or self.template, users, pattern, seqs)

    def cpu_ns(self) -> int:
        """CPU time of all nodes so far. Raises RuntimeError when a process of the stack has ended."""
        for process in (*self._nodes, *self._others):
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended; see the logs in {self.directory}")
        return cpu_ns(self.node_pids)

    def redis_cpu_ns(self) -> int:
        return cpu_ns([self.redis.pid])

    def capture(self, name: str, emit_command: list[str]) -> Path:
        """The Redis command that `emit_command` sends, in a file for the load emitter."""
        with redis.Redis(port=self.redis.port) as connection, connection.pubsub() as pubsub:
            pubsub.psubscribe("*")
            # Sharded channels have no patterns; this is the one that the sharded adapter uses.
            pubsub.ssubscribe(f"socket.io#/#{ROOM_MARK}#")
            environment = self.peer.environment(port=0, redis_port=self.redis.port, node_id="emitter")
            subprocess.run(emit_command, check=True, cwd=ROOT, env=environment, timeout=30)
            message = _first_message(pubsub)
        path = self.directory / f"template-{name}"
        path.write_bytes(_command(self.peer.publish, message["channel"], message["data"]))
        return path

    def add_worker(self, command: list[str]) -> int:
        """Start a process that listens to no port; returns its pid."""
        worker = self._start(command, f"worker{len(self._others) + 1}", 0)
        self._others.append(worker)
        return worker.pid

    def close(self) -> None:
        started = [*self._nodes, *self._others]
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                kill_group(process.pid)
                process.wait()
        self._exit.close()

    def _start_node(self) -> int:
        port = free_port()
        command = self.peer.node_command(port, self.redis.port)
        self._nodes.append(self._start(command, f"web{len(self._nodes) + 1}", port))
        return port

    def _start(self, command: list[str], name: str, port: int) -> "subprocess.Popen[bytes]":
        environment = self.peer.environment(port=port, redis_port=self.redis.port, node_id=name)
        with (self.directory / f"{name}.log").open("wb") as log:
            return spawn(command, env=environment, cwd=ROOT, output=log)


@contextmanager
def stack(peer: Peer, directory: Path) -> Iterator[Stack]:
    started = Stack(peer, directory)
    try:
        yield started
    finally:
        started.close()


def drained(client: Client, wanted: int, *, patience_s: float = 10) -> int:
    """Wait until `wanted` events came, or none for `patience_s`; returns how many there were."""
    delivered, since = client.delivered(), time.monotonic()
    while delivered < wanted and time.monotonic() - since < patience_s:
        time.sleep(0.02)
        now = client.delivered()
        if now != delivered:
            delivered, since = now, time.monotonic()
    return delivered


def _first_message(pubsub: "redis.client.PubSub") -> dict[str, bytes]:
    """The first that carries the payload: nodes speak on channels of their own too."""
    deadline, mark = time.monotonic() + 10, STAMP_MARK.encode()
    while time.monotonic() < deadline:
        message = pubsub.get_message(timeout=1)
        if message and message["type"] in ("pmessage", "smessage") and mark in message["data"]:
            return {"channel": message["channel"], "data": message["data"]}
    raise TimeoutError("nothing was published")


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
