"""Events with bytes, where a server takes them: whole, bounded, and never in each other's way."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
from websocket import ABNF, WebSocket, WebSocketException, create_connection

from deploy.local.readiness import wait_until
from deploy.local.spawn import spawn
from tests.support.ports import LOOPBACK, free_port

CONFORMANCE = Path(__file__).parents[1] / "conformance"
MESSAGE_BYTES_MAX = 1_000_000
WAIT_S = 20.0
PLACES = '[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
HEAD = '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server of the official suites, which takes bytes."""
    port = free_port()
    command = (sys.executable, "-m", "gunicorn", "-c", "python:flask_socketio_cluster.node.gunicorn_conf")
    with (tmp_path_factory.mktemp("node") / "log").open("wb") as log:
        process = spawn(
            [*command, "server:socketio"],
            cwd=CONFORMANCE,
            env={**os.environ, "BIND": f"{LOOPBACK}:{port}"},
            output=log,
        )
    url = f"http://{LOOPBACK}:{port}"
    try:
        wait_until(lambda: _answers(url), WAIT_S, "the node's start")
        yield url
    finally:
        process.terminate()
        process.wait(WAIT_S)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=WAIT_S).status_code == 404
    except requests.ConnectionError:
        return False


@pytest.fixture
def untouched(node: str) -> Iterator[None]:
    """Another client of the node: whatever is done here, it goes on."""
    other = entered(node)
    yield
    other.send('42["message","still here"]')
    assert other.recv() == '42["message-back","still here"]'
    other.close()


def opened(node: str) -> WebSocket:
    made = create_connection(f"{node}/socket.io/?EIO=4&transport=websocket".replace("http", "ws"), timeout=WAIT_S)
    assert str(made.recv()).startswith("0")
    return made


def entered(node: str) -> "Quiet":
    made = Quiet(opened(node))
    made.send("40")
    assert str(made.recv()).startswith("40")
    assert made.recv() == '42["auth",{}]'
    return made


class Quiet:
    """A WebSocket whose pings are answered unseen."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection

    def send(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._connection.send_binary(message)
        else:
            self._connection.send(message)

    def recv(self) -> str | bytes:
        while (message := self._connection.recv()) == "2":
            self._connection.send("3")
        return message

    def close(self) -> None:
        self._connection.close()

    def has_ended(self) -> bool:
        """Whether the server closes it; whatever else it says first is no answer to an event."""
        try:
            while True:
                opcode, data = self._connection.recv_data()
                if opcode == ABNF.OPCODE_CLOSE:
                    return True
                assert b"message-back" not in data
        except (OSError, WebSocketException):
            return True


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_client_gets_back_the_bytes_that_it_sent(node: str, transport: str) -> None:
    sent = {"text": "água", "bytes": bytes(range(256)), "more": [b"", {"deep": b"x" * 5000}]}
    client = socketio.SimpleClient()
    client.connect(node, transports=[transport], wait_timeout=int(WAIT_S))

    client.emit("message", sent)
    events: list[Any] = [client.receive(timeout=WAIT_S) for _ in range(2)]
    acknowledged = client.call("message-with-ack", b"seen", timeout=int(WAIT_S))
    client.disconnect()

    assert events == [["auth", {}], ["message-back", sent]]
    assert acknowledged == b"seen"


def test_a_client_that_upgrades_loses_no_bytes_on_the_way(node: str) -> None:
    client = socketio.Client()
    back: list[bytes] = []
    client.on("message-back", lambda *data: back.extend(data))
    client.connect(node, transports=["polling", "websocket"], wait_timeout=int(WAIT_S))

    for number in range(50):
        client.emit("message", bytes([number]))
    wait_until(lambda: len(back) == 50, WAIT_S, "all of them")
    client.disconnect()

    assert back == [bytes([number]) for number in range(50)]


def test_the_most_that_is_taken(node: str, untouched: None) -> None:
    connection = entered(node)
    half = (MESSAGE_BYTES_MAX - len(HEAD[1:])) // 2
    for message in (HEAD, b"a" * half, b"b" * half):
        connection.send(message)

    assert connection.recv() == f'452-["message-back",{PLACES[1:-1]}]'
    assert connection.recv() == b"a" * half
    assert connection.recv() == b"b" * half
    connection.close()


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([b"a"], id="bytes of nothing"),
        pytest.param([HEAD, b"a", '42["message",1]'], id="text in between"),
        pytest.param([HEAD, HEAD], id="an event in place of bytes"),
        pytest.param(['451-["message",{"_placeholder":true,"num":1}]', b"a"], id="a place without bytes"),
        pytest.param(['451-["disconnect",{"_placeholder":true,"num":0}]', b"a"], id="a name of the server's own"),
        pytest.param(['4517-["message"]'], id="too many attachments"),
        pytest.param([HEAD, b"a" * 600_000, b"b" * 600_000], id="too many bytes in all"),
        pytest.param([HEAD, b"a" * (MESSAGE_BYTES_MAX + 1)], id="too many bytes at once"),
        pytest.param(["450-"], id="nothing"),
    ],
)
def test_what_no_client_sends_ends_its_session_alone(node: str, untouched: None, messages: list[str | bytes]) -> None:
    connection = entered(node)
    for message in messages:
        connection.send(message)

    assert connection.has_ended()


def test_bytes_before_the_namespace_end_the_session(node: str, untouched: None) -> None:
    connection = Quiet(opened(node))
    connection.send(b"a")

    assert connection.has_ended()


@pytest.mark.parametrize("packet", ["b", "bAQID", "bA", "b!!!!", "bAQID BA=="])
def test_a_polled_packet_of_bytes_is_taken_where_it_belongs_and_is_whole(node: str, packet: str) -> None:
    address = f"{node}/socket.io/?EIO=4&transport=polling"
    sid = requests.get(address, timeout=WAIT_S).text.split('"')[3]
    session = f"{address}&sid={sid}"
    assert requests.post(session, data="40", timeout=WAIT_S).text == "ok"
    head = '451-["message",{"_placeholder":true,"num":0}]'

    answer = requests.post(session, data=f"{head}\x1e{packet}", timeout=WAIT_S)

    heard = ""
    while answer.text == "ok" and "message-back" not in heard:
        polled = requests.get(session, timeout=WAIT_S)
        assert polled.status_code == 200
        heard += polled.text
    assert answer.status_code == (200 if packet in ("b", "bAQID") else 400)
    assert answer.status_code == 400 or packet in heard.split("\x1e")
