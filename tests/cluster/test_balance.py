"""Clients that are all on one node are told and moved, until every node has its share."""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websocket import WebSocket, WebSocketException, create_connection

from tests.support.cluster import Cluster
from tests.support.metrics import metric
from tests.support.people import eventually

CLIENTS = 120
WAIT_S = 30.0


def connect(node_url: str) -> WebSocket:
    """A Socket.IO client on that node."""
    made = create_connection(node_url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S)
    made.recv()
    made.send("40")
    return made


@pytest.fixture
def crowd(cluster: Cluster) -> Iterator[list[WebSocket]]:
    clients = [connect(cluster.node_url("web1")) for _ in range(CLIENTS)]
    yield clients
    for client in clients:
        with suppress(WebSocketException, OSError):
            client.close(timeout=0)


def test_a_node_with_far_more_than_its_share_tells_and_moves_clients(cluster: Cluster, crowd: list[WebSocket]) -> None:
    moved = "socketio_cluster_sessions_moved_total"
    eventually(lambda: metric(cluster.node_url("web1"), moved) > 0, "a moved client", WAIT_S)

    # The first to come is the first to go.
    heard = ""
    while "servidor_drenando" not in heard:
        heard = str(crowd[0].recv())
    name, told = json.loads(heard[2:])

    assert name == "servidor_drenando"
    assert 0 <= told["reconectar_em_ms"] < 2_000
    assert [metric(cluster.node_url(name), moved) for name in ("web2", "web3")] == [0, 0]
