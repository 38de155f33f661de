"""A transport by itself: what one client sends has an end."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask_socketio_cluster.limits.client_limits import MESSAGES, REFUSALS
from installed import Program
from websocket import ABNF, WebSocket, create_connection

from tests.support.metrics import metric
from tests.support.servers import RedisServer

WAIT_S = 15.0
FLOOD = 1000
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture(scope="module")
def node(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = {"REDIS_URL": redis.url, "DRAIN_S": "0"}
    program = Program(sys.executable, tmp_path_factory.mktemp("limits"), Path(__file__).parent, settings)
    with program.node("rooms:app", "web1") as url:
        yield url


def heard(connection: WebSocket) -> tuple[list[str], int]:
    """All that the node said, and the code with which it closed."""
    said: list[str] = []
    while True:
        opcode, data = connection.recv_data()
        if opcode == ABNF.OPCODE_CLOSE:
            return said, int.from_bytes(data[:2], "big")
        said.append(data.decode())


def test_a_client_that_sends_too_much_is_not_answered_any_more_and_then_closed(node: str) -> None:
    connection = create_connection(node.replace("http", "ws") + POLLING.replace("polling", "websocket"), timeout=WAIT_S)
    assert connection.sock
    packets = ["40", *(f'42{number}["whoami"]' for number in range(FLOOD))]
    connection.sock.sendall(b"".join(ABNF.create_frame(packet, ABNF.OPCODE_TEXT).format() for packet in packets))

    said, code = heard(connection)

    answers = [packet for packet in said if packet.startswith("43")]
    empty = [packet for packet in answers if packet.endswith("[]")]
    assert code == 1008
    assert MESSAGES.burst - 1 <= len(answers) - len(empty) < FLOOD / 2
    assert 0 < len(empty) <= REFUSALS.burst + 1, "what was refused is acknowledged with nothing, for a while"


def test_a_client_that_polls_and_sends_too_much_is_ended(node: str) -> None:
    url = node + POLLING
    url += "&sid=" + json.loads(requests.get(url, timeout=WAIT_S).text[1:])["sid"]
    before = metric(node, 'socketio_cluster_sessions_ended_total{reason="too_fast"}')
    requests.post(url, data="\x1e".join(["40", *(['42["whoami"]'] * 400)]), timeout=WAIT_S)

    while requests.get(url, timeout=WAIT_S).status_code == 200:
        pass

    assert metric(node, 'socketio_cluster_sessions_ended_total{reason="too_fast"}') == before + 1
