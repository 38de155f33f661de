"""The rules of Engine.IO (v4) and Socket.IO (v5), as bytes and the end that they come to on a real node.

Whatever one client sends, another one of the same node stays untouched.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask_socketio_cluster.transport.http import POST_PACKETS_MAX
from flask_socketio_cluster.transport.session import UPGRADES_MAX
from flask_socketio_cluster.transport.websocket import EMPTY_FRAMES_BURST
from installed import Program
from listener import Listener, connected
from websocket import ABNF, WebSocket, WebSocketException, create_connection

from tests.support.fetch import Answer, fetch
from tests.support.people import eventually, in_parallel
from tests.support.servers import RedisServer

WAIT_S = 15.0
# Of the node: a client that says nothing for twice as long is ended.
PING_S = 3
MESSAGE_BYTES_MAX = 1_000_000
SEPARATOR = b"\x1e"


@pytest.fixture(scope="module")
def node(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = {"REDIS_URL": redis.url, "BINARY": "0", "PING_S": str(PING_S), "LIMITS_DRY_RUN": "on"}
    program = Program(sys.executable, tmp_path_factory.mktemp("node"), Path(__file__).parent, settings)
    with program.node("rooms:app", "web1") as address:
        yield address
    # What a client gets wrong is no line in the log.
    assert [line for line in (program.directory / "log").read_text().splitlines() if "[INFO]" not in line] == []


@pytest.fixture(scope="module")
def other(node: str) -> Iterator[Listener]:
    with connected(node) as listener:
        yield listener


@pytest.fixture(autouse=True)
def _another_client_stays_untouched(other: Listener) -> Iterator[None]:
    before = other.call("whoami", None)
    yield
    assert other.call("whoami", None) == before


class Session:
    """A client's session, first polling, in the namespace."""

    def __init__(self, node: str) -> None:
        self.node = node
        opened = fetch(node, "/socket.io/?EIO=4&transport=polling")
        self.sid: str = json.loads(opened.body[1:])["sid"]
        assert self.post(b"40").body == b"ok"
        assert self.poll().body.startswith(b"40")

    def path(self, transport: str = "polling") -> str:
        return f"/socket.io/?EIO=4&transport={transport}&sid={self.sid}"

    def poll(self) -> Answer:
        return fetch(self.node, self.path())

    def post(self, body: bytes) -> Answer:
        return fetch(self.node, self.path(), method="POST", body=body)

    def websocket(self) -> WebSocket:
        return create_connection(self.node.replace("http", "ws") + self.path("websocket"), timeout=WAIT_S)

    def answers(self) -> bool:
        """Whether an event is taken, handled and answered."""
        if self.post(b'420["whoami"]').status != 200:
            return False
        while (polled := self.poll()).status == 200:
            if b"430[" in polled.body:
                return True
        return False

    def has_ended(self) -> bool:
        polled = self.poll()
        return polled.status == 400 and json.loads(polled.body)["code"] == 1


@pytest.fixture
def session(node: str) -> Session:
    return Session(node)


def said(node: str, request: bytes) -> tuple[int, int | None]:
    """The status of the answer to a request, and the protocol's error code if there is one."""
    address = urlsplit(node)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=WAIT_S) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    code = json.loads(body)["code"] if body.startswith(b"{") else None
    return int(head.split(b" ", 2)[1]), code


# -- requests --------------------------------------------------------------------------------------

LIVES, ENDED = "lives", "ended"


def request(line: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
    return line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n" + body


def post(body: bytes) -> bytes:
    return request(b"POST /socket.io/?EIO=4&transport=polling&sid=SID", b"Content-Length: %d\r\n" % len(body), body)


def upgrade(
    *, version: bytes = b"13", key: bytes = b"dGhlIHNhbXBsZSBub25jZQ==", connection: bytes = b"Upgrade"
) -> bytes:
    return (
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: "
        + connection
        + b"\r\nSec-WebSocket-Version: "
        + version
        + b"\r\nSec-WebSocket-Key: "
        + key
        + b"\r\n\r\n"
    )


# Name, bytes (SID is the id of a session that polls), status, code of the protocol, what becomes of the session.
REQUESTS: list[tuple[str, bytes, int, int | None, str]] = [
    ("no transport", request(b"GET /socket.io/?EIO=4"), 400, 0, LIVES),
    ("unknown transport", request(b"GET /socket.io/?EIO=4&transport=x"), 400, 0, LIVES),
    ("no version", request(b"GET /socket.io/?transport=polling"), 400, 5, LIVES),
    ("version 3", request(b"GET /socket.io/?EIO=3&transport=polling"), 400, 5, LIVES),
    ("POST opens no session", request(b"POST /socket.io/?EIO=4&transport=polling"), 400, 2, LIVES),
    ("PUT opens no session", request(b"PUT /socket.io/?EIO=4&transport=polling"), 400, 2, LIVES),
    ("OPTIONS opens no session", request(b"OPTIONS /socket.io/?EIO=4&transport=polling"), 400, 2, LIVES),
    ("JSONP opens no session", request(b"GET /socket.io/?EIO=4&transport=polling&j=0"), 400, 3, LIVES),
    ("no upgrade, no WebSocket", request(b"GET /socket.io/?EIO=4&transport=websocket"), 400, 3, LIVES),
    ("WebSocket version 12", upgrade(version=b"12"), 400, 3, LIVES),
    ("WebSocket key too short", upgrade(key=b"x"), 400, 3, LIVES),
    ("WebSocket key no base64", upgrade(key=b"not base64 at all!!"), 400, 3, LIVES),
    ("WebSocket without upgrade", upgrade(connection=b"close"), 400, 3, LIVES),
    ("unknown session", request(b"GET /socket.io/?EIO=4&transport=polling&sid=web1.nobody"), 400, 1, LIVES),
    ("POST to an unknown one", request(b"POST /socket.io/?EIO=4&transport=polling&sid=web1.nobody"), 400, 1, LIVES),
    ("JSONP with a session", request(b"GET /socket.io/?EIO=4&transport=polling&sid=SID&j=0"), 400, 3, LIVES),
    ("PUT", request(b"PUT /socket.io/?EIO=4&transport=polling&sid=SID"), 400, 3, LIVES),
    ("DELETE", request(b"DELETE /socket.io/?EIO=4&transport=polling&sid=SID"), 400, 3, LIVES),
    ("OPTIONS", request(b"OPTIONS /socket.io/?EIO=4&transport=polling&sid=SID"), 400, 3, LIVES),
    ("POST for a WebSocket", request(b"POST /socket.io/?EIO=4&transport=websocket&sid=SID"), 400, 3, ENDED),
    ("upgrade that is none", request(b"GET /socket.io/?EIO=4&transport=websocket&sid=SID"), 400, 3, LIVES),
    ("an event", post(b'42["whoami"]'), 200, None, LIVES),
    ("two packets", post(b'42["whoami"]\x1e42["whoami"]'), 200, None, LIVES),
    ("500 packets", post(SEPARATOR.join([b"3"] * POST_PACKETS_MAX)), 200, None, LIVES),
    ("501 packets", post(SEPARATOR.join([b"3"] * (POST_PACKETS_MAX + 1))), 413, 3, ENDED),
    ("too many bytes", post(b"4" + b"x" * MESSAGE_BYTES_MAX), 413, 3, ENDED),
    ("goodbye", post(b"1"), 200, None, ENDED),
    ("no body", post(b""), 400, 3, ENDED),
    (
        "no length",
        request(
            b"POST /socket.io/?EIO=4&transport=polling&sid=SID",
            b"Transfer-Encoding: chunked\r\n",
            b"2\r\n40\r\n0\r\n\r\n",
        ),
        400,
        3,
        ENDED,
    ),
    (
        "half of a body",
        request(b"POST /socket.io/?EIO=4&transport=polling&sid=SID", b"Content-Length: 100\r\n", b'42["who'),
        400,
        3,
        ENDED,
    ),
    ("no text", post(b"4\xc3"), 400, 3, ENDED),
    ("bytes where they are off", post(b"bAAAA"), 400, 3, ENDED),
    ("an empty packet", post(b"3\x1e\x1e3"), 400, 3, ENDED),
]


@pytest.mark.parametrize(("name", "bytes_", "status", "code", "end"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_a_request(session: Session, name: str, bytes_: bytes, status: int, code: int | None, end: str) -> None:
    assert said(session.node, bytes_.replace(b"SID", session.sid.encode())) == (status, code)

    if end == LIVES:
        assert session.answers()
    else:
        eventually(session.has_ended, "the end of the session")


# -- packets ---------------------------------------------------------------------------------------

# Packets that no client sends, and what is wrong with them.
MALFORMED: list[tuple[str, str]] = [
    ("nothing", ""),
    ("unknown kind", "x"),
    ("open", "0"),
    ("ping", "2"),
    ("upgrade", "5"),
    ("noop", "6"),
    ("kind 7", "7"),
    ("message of nothing", "4"),
    ("message of no packet", "4x"),
    ("error", "44"),
    ("error with data", '44{"message":"x"}'),
    ("bytes where they are off", '451-["x",{"_placeholder":true,"num":0}]'),
    ("bytes without a number", "45"),
    ("kind 9", "49"),
    ("the server's own event", '42["disconnect"]'),
    ("event without a name", "42[]"),
    ("event that is no list", "42{}"),
    ("NaN", '42["x",NaN]'),
    ("infinity", '42["x",1e999]'),
    ("JSON cut off", '42["x"'),
    ("lone surrogate", '42["x","\\ud800"]'),
    ("5,000 levels", "42" + "[" * 5000),
    ("501 values", '42["x",' + "[]," * 500 + "0]"),
    ("acknowledgement without a number", "43[1]"),
    ("connect with a number", "401"),
    ("disconnect with data", '41{"a":1}'),
]


@pytest.mark.parametrize("packet", [packet for _, packet in MALFORMED], ids=[name for name, _ in MALFORMED])
def test_a_malformed_packet_that_is_posted_ends_the_session(session: Session, packet: str) -> None:
    # What only the namespace finds is found after the request was answered.
    assert said(session.node, post(packet.encode()).replace(b"SID", session.sid.encode())) in [(400, 3), (200, None)]
    eventually(session.has_ended, "the end of the session")


# -- WebSocket -------------------------------------------------------------------------------------


def frame(data: bytes | str, opcode: int = ABNF.OPCODE_TEXT, *, final: bool = True) -> bytes:
    """As a client sends it, masked."""
    payload = data.encode() if isinstance(data, str) else data
    return bytes(ABNF(int(final), 0, 0, 0, opcode, 1, payload).format())


LONE_PART = frame("4", ABNF.OPCODE_CONT)
MANY = 2 * int(EMPTY_FRAMES_BURST)
# Name, bytes behind the namespace's connect, the node's close code, or what else becomes of the session.
FRAMES: list[tuple[str, bytes, int | str]] = [
    ("an event", frame('42["whoami"]'), LIVES),
    ("an event in parts", frame('42["who', final=False) + frame('ami"]', ABNF.OPCODE_CONT), LIVES),
    ("ping of the WebSocket", frame(b"x", ABNF.OPCODE_PING), LIVES),
    ("pong of the WebSocket", frame(b"x", ABNF.OPCODE_PONG), LIVES),
    ("a pong that nobody asked for", frame("3"), LIVES),
    ("pongs without end", frame("3") * MANY, 1008),
    ("pings of the WebSocket without end", frame(b"x", ABNF.OPCODE_PING) * MANY, 1008),
    ("goodbye", frame("1"), ENDED),
    ("close", frame((1000).to_bytes(2, "big"), ABNF.OPCODE_CLOSE), 1000),
    ("close with a code of nobody", frame((1005).to_bytes(2, "big"), ABNF.OPCODE_CLOSE), 1002),
    ("unmasked", b"\x81\x01x", 1002),
    ("reserved bit", b"\xc1" + frame("3")[1:], 1002),
    ("unknown opcode", b"\x83\x80" + bytes(4), 1002),
    ("ping of 126 bytes", frame(b"x" * 126, ABNF.OPCODE_PING), 1002),
    ("ping in parts", frame(b"x", ABNF.OPCODE_PING, final=False), 1002),
    ("a part without a beginning", LONE_PART, 1002),
    ("a beginning within a message", frame("4", final=False) + frame("4"), 1002),
    ("no text", frame(b"4\xc3("), 1007),
    ("bytes where they are off", frame(b"x", ABNF.OPCODE_BINARY), 1003),
    ("too many bytes", frame("4" + "x" * MESSAGE_BYTES_MAX), 1009),
    *((name, frame(packet), 1002) for name, packet in MALFORMED),
]


@pytest.mark.parametrize(("name", "bytes_", "end"), FRAMES, ids=[row[0] for row in FRAMES])
def test_a_frame(node: str, name: str, bytes_: bytes, end: int | str) -> None:
    with closing(entered(node)) as connection:
        send(connection, bytes_)

        if end == LIVES:
            assert answers(connection)
        else:
            assert closed_with(connection) == (None if end == ENDED else end)


@pytest.mark.parametrize("packet", [packet for _, packet in MALFORMED], ids=[name for name, _ in MALFORMED])
def test_a_malformed_packet_before_the_namespace_ends_a_websocket(node: str, packet: str) -> None:
    with closing(opened(node)) as connection:
        send(connection, frame(packet))

        assert closed_with(connection) == 1002


def send(connection: WebSocket, bytes_: bytes) -> None:
    assert connection.sock is not None
    connection.sock.sendall(bytes_)


def opened(node: str) -> WebSocket:
    connection = create_connection(node.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S)
    assert str(connection.recv()).startswith("0")
    return connection


def entered(node: str) -> WebSocket:
    connection = opened(node)
    connection.send("40")
    assert str(connection.recv()).startswith("40")
    return connection


def answers(connection: WebSocket) -> bool:
    connection.send('420["whoami"]')
    while (text := str(connection.recv())) and not text.startswith("430["):
        pass
    return bool(text)


def closed_with(connection: WebSocket) -> int | None:
    """The code of the close frame that comes in the end; None for an end without one."""
    while True:
        try:
            opcode, data = connection.recv_data()
        except (OSError, WebSocketException):
            return None
        if opcode == ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big")


# -- from polling to WebSocket ---------------------------------------------------------------------

UPGRADED = "upgraded"
# Name, what is sent on the new connection before it hangs up, what becomes of the session.
UPGRADES: list[tuple[str, list[str], str]] = [
    ("nothing", [], LIVES),
    ("probe", ["2probe"], LIVES),
    ("probe, upgrade", ["2probe", "5"], UPGRADED),
    ("upgrade", ["5"], ENDED),
    ("malformed", ["x"], ENDED),
    ("an event too early", ['42["whoami"]'], ENDED),
    ("probe, malformed", ["2probe", "x"], ENDED),
    ("probe, probe", ["2probe", "2probe"], ENDED),
    ("probe, event", ["2probe", '42["whoami"]'], ENDED),
]


@pytest.mark.parametrize(("name", "sent", "end"), UPGRADES, ids=[row[0] for row in UPGRADES])
def test_an_upgrade(session: Session, name: str, sent: list[str], end: str) -> None:
    with closing(session.websocket()) as connection:
        for text in sent:
            connection.send(text)
        if end == UPGRADED:
            assert connection.recv() == "3probe"
            assert answers(connection)
            assert session.poll().status == 400, "it polls no more"
            with closing(session.websocket()) as second:
                assert closed_with(second) is None, "it has one WebSocket"
            assert answers(connection)
        elif end == ENDED:
            closed_with(connection)
    if end == LIVES:
        eventually(session.answers, "a session that polls on")
    else:
        eventually(session.has_ended, "the end of the session")


def test_a_session_that_says_goodbye_while_it_upgrades_has_ended_on_both(session: Session) -> None:
    with closing(session.websocket()) as connection:
        connection.send("2probe")
        assert connection.recv() == "3probe"

        assert session.post(b"1").body == b"ok"

        assert closed_with(connection) in (1000, None)
    eventually(session.has_ended, "the end of the session")


def test_a_session_tries_few_upgrades(session: Session) -> None:
    for _ in range(UPGRADES_MAX):
        eventually(lambda: probed(session), "a session that may try again")

    assert not probed(session)
    assert session.answers()


def probed(session: Session) -> bool:
    """Whether a WebSocket was taken, which then hangs up."""
    with closing(session.websocket()) as connection:
        try:
            connection.send("2probe")
            return connection.recv() == "3probe"
        except (OSError, WebSocketException):
            return False


# -- at once, and never ----------------------------------------------------------------------------


def test_of_polls_at_once_one_is_told_of_the_end_and_the_others_are_refused(session: Session) -> None:
    answered = in_parallel([session.poll] * 6, 6)

    assert sorted((answer.status, answer.body[:1]) for answer in answered) == [(200, b"1"), *[(400, b"{")] * 5]
    assert session.has_ended()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_whose_client_hangs_up_ends_the_session(session: Session, method: str) -> None:
    address = urlsplit(session.node)
    begun = f"{method} {session.path()} HTTP/1.1\r\nHost: x\r\nContent-Length: {100 if method == 'POST' else 0}\r\n\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=WAIT_S) as connection:
        connection.sendall(begun.encode())

    eventually(session.has_ended, "the end of a session whose client has gone")


def test_a_client_that_answers_no_ping_is_told_and_ended_over_either_transport(session: Session) -> None:
    def by_polls() -> list[bytes]:
        heard = []
        while (answer := session.poll()).status == 200:
            heard.append(answer.body)
        return heard

    def over_websocket() -> list[bytes]:
        heard = []
        with closing(entered(session.node)) as connection:
            while (message := connection.recv_data())[0] != ABNF.OPCODE_CLOSE:
                heard.append(message[1])
        return heard

    assert in_parallel([by_polls, over_websocket], 2) == [[b"2", b"1"]] * 2
