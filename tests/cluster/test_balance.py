"""After a node died and came back, nobody is left outside and every node has its share again."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector

import pytest

from tests.support.cluster import Cluster
from tests.support.metrics import metric
from tests.support.people import Person
from tests.support.ports import LOOPBACK
from tests.support.raw_websocket import HANDSHAKE, text_frame

CLIENTS = 600
# Two sockets each: with those of a node that has just died, which count for some seconds, fewer than a user may have.
PEOPLE = 300
NODES = ("web1", "web2", "web3")
# Of the mean, what a node may have more or less and still have its share.
EVEN = 0.15
WAIT_S = 90.0
OPEN_AT_ONCE = 50
COME_AGAIN_S = 0.1
# A ping of Engine.IO as the node sends it, and a client's answer.
PING = b"\x81\x012"
PONG = text_frame("3")


class Client:
    """Comes again by itself when it is closed or refused."""

    def __init__(self, token: str) -> None:
        self.connection: socket.socket | None = None
        self.heard = b""
        self.inside = False
        self.from_s = 0.0
        self._hello = HANDSHAKE + text_frame("40" + json.dumps({"token": token}))

    def connect(self, port: int) -> socket.socket:
        self.connection = socket.create_connection((LOOPBACK, port), timeout=WAIT_S)
        self.connection.sendall(self._hello)
        return self.connection

    def read(self) -> bool:
        """False when the connection is over."""
        assert self.connection
        try:
            got = self.connection.recv(65_536)
            if PING in got:
                self.connection.sendall(PONG)
        except OSError:
            return False
        self.heard = (self.heard + got)[-8_192:]
        self.inside = self.inside or b'["autenticado"' in self.heard
        return bool(got)

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection, self.heard, self.inside = None, b"", False
        self.from_s = time.monotonic() + COME_AGAIN_S


class Crowd:
    """Clients that come through nginx. `untold`: how many were closed without having been told before."""

    def __init__(self, port: int, tokens: list[str]) -> None:
        self.untold = 0
        self._port = port
        self._clients = [Client(tokens[number % len(tokens)]) for number in range(CLIENTS)]
        self._selector = DefaultSelector()

    def serve_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, f"waited {WAIT_S} s for {what}"
            self._serve()

    def outside(self) -> int:
        return sum(not client.inside for client in self._clients)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._selector.close()

    def _serve(self) -> None:
        now_s = time.monotonic()
        opening = sum(client.connection is not None and not client.inside for client in self._clients)
        for client in self._clients:
            if client.connection is None and client.from_s <= now_s and opening < OPEN_AT_ONCE:
                self._selector.register(client.connect(self._port), EVENT_READ, client)
                opening += 1
        for key, _ in self._selector.select(0.05):
            client = key.data
            if not client.read():
                self.untold += client.inside and b'["servidor_drenando"' not in client.heard
                self._selector.unregister(key.fileobj)
                client.close()


@pytest.fixture
def crowd(cluster: Cluster, person: Callable[..., Person]) -> Iterator[Crowd]:
    made = Crowd(cluster.http_port, [person().token for _ in range(PEOPLE)])
    yield made
    made.close()


def sockets(cluster: Cluster) -> list[float]:
    found = [0.0] * len(NODES)
    for number, name in enumerate(NODES):
        with suppress(OSError):
            found[number] = metric(cluster.node_url(name), "socketio_cluster_sockets")
    return found


def is_even(cluster: Cluster) -> bool:
    counts = sockets(cluster)
    mean = sum(counts) / len(counts)
    return mean > 0 and all(abs(count - mean) <= EVEN * mean for count in counts)


def test_after_a_node_died_all_are_inside_again_and_every_node_has_its_share(cluster: Cluster, crowd: Crowd) -> None:
    crowd.serve_until(lambda: crowd.outside() == 0, "everybody inside")
    assert is_even(cluster), f"new sessions go where there are fewest: {sockets(cluster)}"

    pid = cluster.kill("web1")
    crowd.serve_until(lambda: crowd.outside() > 0, "the end of a node's sockets")
    crowd.serve_until(lambda: crowd.outside() == 0, "everybody inside again")
    cluster.wait_restarted("web1", pid)
    untold = crowd.untold
    crowd.serve_until(lambda: is_even(cluster), "even shares")

    crowd.serve_until(lambda: crowd.outside() == 0, "everybody inside, also those who were moved")
    assert crowd.untold == untold, "who is moved is told"
