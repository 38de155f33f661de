"""What a client of the Engine.IO protocol may do over HTTP, and what becomes of one that does something else.

Each case is tried on a real node, while another client's session goes on untouched.
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
from flask_socketio_cluster.transport.http import POST_PACKETS_MAX
from flask_socketio_cluster.transport.session import UPGRADES_MAX
from websocket import ABNF, WebSocket, WebSocketBadStatusException, WebSocketException, create_connection

from app.realtime import MESSAGE_BYTES_MAX
from tests.support import cluster_log
from tests.support.cluster import Cluster
from tests.support.metrics import metric
from tests.support.people import Feed, Person, eventually, in_parallel

WAIT_S = 15.0
ENDED = 'socketio_cluster_sessions_ended_total{reason="malformed"}'
SEPARATOR = "\x1e"


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

    def has_ended(self) -> bool:
        return self.poll().status_code == 400


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


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("GET", "EIO=4", 0),
        ("GET", "transport=polling", 5),
        ("GET", "EIO=3&transport=polling", 5),
        ("GET", "EIO=4&transport=x", 0),
        ("GET", "EIO=4&transport=websocket", 3),
        ("GET", "EIO=4&transport=polling&j=0", 3),
        ("GET", "EIO=4&transport=polling&sid=web1.nobody", 1),
        ("POST", "EIO=4&transport=polling", 2),
        ("POST", "EIO=4&transport=polling&sid=web1.nobody", 1),
        ("PUT", "EIO=4&transport=polling", 2),
        ("OPTIONS", "EIO=4&transport=polling", 2),
    ],
)
def test_a_request_without_a_session_is_answered_as_the_protocol_says(
    node_url: str, method: str, query: str, code: int
) -> None:
    answer = requests.request(method, f"{node_url}/socket.io/?{query}", timeout=WAIT_S)

    if code == 200:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_do_nothing_to_a_session(session: Polling, method: str) -> None:
    assert requests.request(method, session.address(), timeout=WAIT_S).status_code == 400
    session.enter()


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


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-WebSocket-Version": "12"},
        {"Sec-WebSocket-Key": "x"},
        {"Sec-WebSocket-Key": "not base64 at all!!"},
        {"Connection": "close"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_a_handshake_that_is_none_is_refused_and_leaves_nothing_in_the_log(
    cluster: Cluster, node_url: str, headers: dict[str, str]
) -> None:
    good = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    before = cluster.log

    answer = requests.get(
        f"{node_url}/socket.io/?EIO=4&transport=websocket", headers={**good, **headers}, timeout=WAIT_S
    )

    assert answer.status_code == 400
    assert cluster_log.added(cluster.log, before) == []


# -- polls -----------------------------------------------------------------------------------------


def test_a_second_poll_at_once_ends_the_session_and_both_see_it(session: Polling, untouched: Feed) -> None:
    session.enter()
    first, second = in_parallel([session.poll] * 2, 2)

    assert sorted((first.status_code, second.status_code)) == [200, 400]
    assert next(answer.text for answer in (first, second) if answer.status_code == 200) == "1"
    assert session.has_ended()


def test_many_polls_at_once_leave_no_request_behind(session: Polling, cluster: Cluster, node_url: str) -> None:
    session.enter()

    answers = in_parallel([session.poll] * 6, 6)

    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 5]


def test_a_poll_whose_client_hangs_up_ends_the_session(session: Polling) -> None:
    session.enter()
    address = urlsplit(session.address())
    with socket.create_connection((address.hostname, address.port), timeout=WAIT_S) as connection:
        connection.sendall(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    eventually(session.has_ended, "the end of a session whose client has gone")


# -- posts -----------------------------------------------------------------------------------------


def test_everything_of_a_large_flush_is_taken(node_url: str, alice: Person) -> None:
    session = Polling(node_url).enter()
    events = [f'42{number}["sincronizar",{{"desde":{number}}}]' for number in range(300)]

    assert session.post(*events).text == "ok"

    answered: list[str] = []
    while len(answered) < len(events):
        poll = session.poll()
        assert poll.status_code == 200, "it was ended for what the node itself answered"
        answered += [packet for packet in poll.text.split(SEPARATOR) if packet.startswith("43")]
    assert [packet.split("[")[0] for packet in answered] == [f"43{number}" for number in range(300)]


def test_more_packets_than_are_taken_are_refused_aloud(session: Polling, untouched: Feed) -> None:
    session.enter()

    assert session.post(*["3"] * POST_PACKETS_MAX).text == "ok"
    assert session.post(*["3"] * (POST_PACKETS_MAX + 1)).status_code == 413
    eventually(session.has_ended, "the end of the session")


def test_more_bytes_than_are_taken_are_refused_aloud(session: Polling, untouched: Feed) -> None:
    session.enter()

    assert session.post("4" + "x" * MESSAGE_BYTES_MAX).status_code == 413
    eventually(session.has_ended, "the end of the session")


def test_a_chunked_post_is_refused_aloud(session: Polling) -> None:
    answer = requests.post(session.address(), data=iter([b"40"]), timeout=WAIT_S)

    assert answer.status_code == 400
    eventually(session.has_ended, "the end of the session")


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


# What comes. Over WebSocket it is answered by a close frame, over polling by a 400 to the next request.
MALFORMED = [
    "",
    "x",
    "2",
    "0",
    "5",
    "6",
    "7",
    "4",
    "4x",
    "44",
    "44" + '{"message":"x"}',
    "45",
    '451-["x",{"_placeholder":true,"num":0}]',
    '42["disconnect"]',
    '42["x",NaN]',
    "42[]",
    "42{}",
    "42" + "[" * 5000,
    "43[1]",
    "49",
    '42["x",1e999]',
    '42["x",' + "[]," * 500 + "0]",
]


@pytest.mark.parametrize("connected", [True, False], ids=["in the namespace", "before it"])
@pytest.mark.parametrize("packet", MALFORMED, ids=lambda value: repr(value)[:20])
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


@pytest.mark.parametrize("packet", MALFORMED, ids=lambda value: repr(value)[:20])
def test_a_malformed_packet_ends_a_session_that_polls(cluster: Cluster, node_url: str, packet: str) -> None:
    log = cluster.log
    session = Polling(node_url).enter()

    session.post(packet)

    eventually(session.has_ended, "the end of the session")
    assert cluster_log.added(cluster.log, log) == []


@pytest.mark.parametrize("packet", [b"\xff", b"4\xc3", "bAAAA"])
def test_bytes_that_are_no_text_end_a_session_that_polls(node_url: str, packet: str | bytes) -> None:
    session = Polling(node_url).enter()

    assert session.post(packet).status_code == 400
    eventually(session.has_ended, "the end of the session")


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


# -- from polling to WebSocket ---------------------------------------------------------------------


def test_a_session_has_one_websocket(session: Polling, node_url: str) -> None:
    address = session.address(transport="websocket").replace("http", "ws")
    first = create_connection(address, timeout=WAIT_S)

    assert _is_closed_at_once(address)
    first.send("2probe")
    assert first.recv() == "3probe"
    first.send("5")
    first.send("40")
    assert str(first.recv()).startswith("40")
    assert "conexao" in str(first.recv())
    assert _is_closed_at_once(address)
    first.send('42["autenticar",{}]')
    assert "erro" in str(first.recv())
    first.close()
    assert requests.get(session.address(), timeout=WAIT_S).status_code == 400


def test_an_upgrade_that_stops_half_way_leaves_a_session_that_polls(session: Polling) -> None:
    connection = create_connection(session.address(transport="websocket").replace("http", "ws"), timeout=WAIT_S)
    connection.send("2probe")
    assert connection.recv() == "3probe"
    connection.close()

    eventually(lambda: session.post("40").text == "ok" and "conexao" in session.poll().text, "a session that polls")


def test_a_session_tries_few_upgrades(session: Polling) -> None:
    address = session.address(transport="websocket").replace("http", "ws")
    for _ in range(UPGRADES_MAX):
        eventually(lambda: _upgrade_and_leave(address), "a session that may try again")

    assert _is_closed_at_once(address)
    session.enter()


def _is_closed_at_once(address: str) -> bool:
    """After the handshake, as the official suite asks for."""
    connection = create_connection(address, timeout=WAIT_S)
    try:
        return connection.recv() == ""
    except (OSError, WebSocketException):
        return True


def _upgrade_and_leave(address: str) -> bool:
    connection = create_connection(address, timeout=WAIT_S)
    try:
        connection.send("2probe")
        if connection.recv() != "3probe":
            return False
    except (OSError, WebSocketException):
        return False  # the one before has not been missed yet
    finally:
        connection.close()
    return True


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
