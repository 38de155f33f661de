"""The bank's nodes and clients that are no browsers: origins, headers, bodies, floods, and the log.

The protocol's own rules are held by `cluster/tests/test_protocol.py`.
"""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask_socketio_cluster.limits.client_limits import MESSAGES
from websocket import ABNF, WebSocket, WebSocketBadStatusException, WebSocketException, create_connection

from tests.support import cluster_log
from tests.support.cluster import Cluster
from tests.support.metrics import metric
from tests.support.people import Feed, Person

WAIT_S = 15.0
ENDED = 'socketio_cluster_sessions_ended_total{reason="malformed"}'
SEPARATOR = "\x1e"
# Nearly as many as a client may send at once.
FLUSHED = int(MESSAGES.burst) - 10


@dataclass
class Polling:
    """A session that polls, request by request."""

    node_url: str
    sid: str = ""

    def __post_init__(self) -> None:
        opened = requests.get(self.address(), timeout=WAIT_S)
        assert opened.status_code == 200, opened.text
        assert opened.text.startswith("0")
        self.sid = json.loads(opened.text.split(SEPARATOR)[0][1:])["sid"]

    def address(self, **more: str) -> str:
        query = {"EIO": "4", "transport": "polling", **({"sid": self.sid} if self.sid else {}), **more}
        return f"{self.node_url}/socket.io/?" + "&".join(f"{name}={value}" for name, value in query.items())

    def poll(self) -> requests.Response:
        return requests.get(self.address(), timeout=WAIT_S)

    def post(self, *packets: str | bytes) -> requests.Response:
        body = SEPARATOR.encode().join(p if isinstance(p, bytes) else p.encode() for p in packets)
        return requests.post(self.address(), data=body, timeout=WAIT_S)

    def enter(self) -> "Polling":
        """Connect to the namespace, and read what the server says to that."""
        assert self.post("40").text == "ok"
        assert "conexao" in self.poll().text
        return self


@pytest.fixture
def node_url(cluster: Cluster) -> str:
    return cluster.node_url("web1")


@pytest.fixture
def session(node_url: str) -> Polling:
    return Polling(node_url)


@pytest.fixture
def untouched(alice: Person, node_url: str) -> Iterator[Feed]:
    """Another client of the node: whatever is done here, it goes on."""
    with alice.listening(node_url) as feed:
        yield feed
        alice.deposit("1.00")
        feed.wait_for("notificacao")


def websocket(node_url: str, **options: Any) -> WebSocket:
    made = create_connection(
        node_url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S, **options
    )
    assert str(made.recv()).startswith("0")
    return made


def close_code(connection: WebSocket) -> int:
    """Read until the server's close frame, and give its code."""
    while True:
        opcode, data = connection.recv_data()
        if opcode == ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big")


# -- handshakes ------------------------------------------------------------------------------------


def test_a_foreign_origin_is_refused_before_there_is_a_session(node_url: str) -> None:
    elsewhere = {"Origin": "https://mau.example"}

    polled = requests.get(f"{node_url}/socket.io/?EIO=4&transport=polling", headers=elsewhere, timeout=WAIT_S)
    with pytest.raises(WebSocketBadStatusException) as refused:
        websocket(node_url, origin="https://mau.example")

    assert polled.status_code == refused.value.status_code == 403
    assert "Access-Control-Allow-Origin" not in polled.headers


def test_the_answers_give_no_credentials_to_other_pages_and_are_no_documents(session: Polling) -> None:
    session.post("40")
    for answer in (session.poll(), requests.get(session.address() + "x", timeout=WAIT_S)):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


# -- posts -----------------------------------------------------------------------------------------


def test_everything_of_a_large_flush_is_taken(node_url: str, alice: Person) -> None:
    session = Polling(node_url).enter()
    events = [f'42{number}["sincronizar",{{"desde":{number}}}]' for number in range(FLUSHED)]

    assert session.post(*events).text == "ok"

    answered: list[str] = []
    while len(answered) < len(events):
        poll = session.poll()
        assert poll.status_code == 200, "it was ended for what the node itself answered"
        answered += [packet for packet in poll.text.split(SEPARATOR) if packet.startswith("43")]
    assert [packet.split("[")[0] for packet in answered] == [f"43{number}" for number in range(FLUSHED)]


def on_one_connection(node_url: str, *requests_: bytes) -> list[bytes]:
    """What a node answers to requests that come behind each other on one connection, until it closes that."""
    address = urlsplit(node_url)
    with socket.create_connection((address.hostname, address.port), timeout=WAIT_S) as connection:
        connection.sendall(b"".join(requests_))
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    return [b"HTTP/1.1 " + part for part in answer.split(b"HTTP/1.1 ")[1:]]


def test_a_body_is_read_once_whatever_the_request_says_of_upgrades(session: Polling, node_url: str) -> None:
    body = b"3\x1e3\x1e3"
    head = f"POST {session.address()[len(node_url) :]} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for says in (b"Upgrade: websocket\r\n", b"Connection: upgrade\r\n", b""):
        answers = on_one_connection(node_url, head + says + b"\r\n" + body, health, health)

        assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200"] * 3
        assert answers[0].endswith(b"ok")
        assert all(b'"estado"' in answer for answer in answers[1:])


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: y\r\n" % number for number in range(120)) + b"\r\n",
        b"GET /socket.io/?EIO=4&sid=segredo\x85b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
        b"GET / HTTP/1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ],
    ids=["many headers", "line cut", "HEAD with a body", "version", "length", "TLS"],
)
def test_what_is_no_http_is_answered_and_not_logged(cluster: Cluster, node_url: str, request_: bytes) -> None:
    before = cluster.log

    (answer,) = on_one_connection(node_url, request_)

    assert answer.split(b" ", 2)[1] == b"400"
    assert set(json.loads(answer.split(b"\r\n\r\n")[1])) == {"erro", "codigo"}
    assert cluster_log.added(cluster.log, before) == []


@pytest.mark.parametrize("connected", [True, False], ids=["in the namespace", "before it"])
@pytest.mark.parametrize("packet", ["x", "44", '42["disconnect"]'])
def test_a_malformed_packet_ends_a_websocket_with_one_count_and_no_line_in_the_log(
    cluster: Cluster, node_url: str, packet: str, connected: bool
) -> None:
    before, log = metric(node_url, ENDED), cluster.log
    connection = websocket(node_url)
    if connected:
        connection.send("40")

    connection.send(packet)

    assert close_code(connection) == 1002
    assert metric(node_url, ENDED) == before + 1
    assert cluster_log.added(cluster.log, log) == []


def test_a_flood_of_malformed_packets_costs_others_nothing_but_time(
    cluster: Cluster, node_url: str, untouched: Feed
) -> None:
    log = cluster.log

    def flood(_number: int) -> None:
        connection = websocket(node_url)
        try:
            for _ in range(1000):
                connection.send("44")
        except (OSError, WebSocketException):
            return  # it was ended

    threads = [threading.Thread(target=flood, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)

    assert cluster_log.added(cluster.log, log) == []


def test_a_client_that_asks_for_what_is_not_there_is_refused_and_in_the_end_closed(node_url: str) -> None:
    connection = websocket(node_url)
    for number in range(20):
        connection.send(f"40/nada{number},")

    assert close_code(connection) == 1002


HANDSHAKE = "GET /socket.io/?EIO=4&transport={transport} HTTP/1.1\r\nHost: {host}\r\n{upgrade}\r\n"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
HUNG_UP = 40


@pytest.mark.parametrize(("transport", "upgrade"), [("websocket", UPGRADE), ("polling", "")])
def test_a_client_that_resets_its_handshake_leaves_no_line_in_the_log(
    cluster: Cluster, node_url: str, transport: str, upgrade: str
) -> None:
    log, at = cluster.log, urlsplit(node_url)
    request = HANDSHAKE.format(transport=transport, host=at.netloc, upgrade=upgrade).encode()
    for _ in range(HUNG_UP):
        with socket.create_connection((str(at.hostname), int(at.port or 0)), timeout=WAIT_S) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(request)

    Polling(node_url).enter()
    assert cluster_log.added(cluster.log, log) == []
