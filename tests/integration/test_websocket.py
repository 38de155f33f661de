"""A WebSocket of a node over a real connection: what is sent, what is heard, what is refused and how it ends."""

import _socket
import struct
from collections.abc import Iterator

import gevent
import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.transport import websocket
from flask_socketio_cluster.transport.websocket import (
    EMPTY_FRAMES_BURST,
    EMPTY_FRAMES_PER_S,
    FRAGMENTS_MAX,
    READ_BYTES_MAX,
    WebSocket,
    frame,
)
from gevent import socket
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

WAIT_S = 10.0
KERNEL_BYTES = 4096
MESSAGE_BYTES_MAX = 16_384


class Peer:
    """The client's end, read and written by wsproto's client side, and what the node's end reported."""

    def __init__(self) -> None:
        node_end, self.connection = socket.socketpair()
        node_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.protocol = Connection(ConnectionType.CLIENT)
        self.connection.settimeout(WAIT_S)
        self.heard: list[str | bytes] = []
        self.ends = 0
        self._news = gevent.event.Event()
        self.taken = _socket.socket(fileno=node_end.detach())
        self.taken.setblocking(False)
        self.node = WebSocket(self.taken, self._hear, self._end, message_bytes_max=MESSAGE_BYTES_MAX)
        self.node.start()

    def _hear(self, message: str | bytes) -> None:
        self.heard.append(message)
        self._news.set()

    def _end(self) -> None:
        self.ends += 1
        self._news.set()

    def send(self, event: Event) -> None:
        self.connection.sendall(self.protocol.send(event))

    def receive(self) -> Event:
        """The next event from the node, whole."""
        text = ""
        while True:
            for event in self.protocol.events():
                if not isinstance(event, TextMessage):
                    return event
                text += event.data
                if event.message_finished:
                    return TextMessage(text)
            data = self.connection.recv(65_536)
            self.protocol.receive_data(data or None)

    def wait_heard(self, count: int) -> list[str | bytes]:
        with gevent.Timeout(WAIT_S):
            while len(self.heard) < count:
                self._news.clear()
                self._news.wait()
        return self.heard

    def wait_end(self) -> None:
        with gevent.Timeout(WAIT_S):
            while not self.ends:
                self._news.clear()
                self._news.wait()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.node.abort()
    made.connection.close()


# -- out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_is_what_another_implementation_reads(peer: Peer, size: int) -> None:
    text = "é" * (size // 2) + "x" * (size % 2)

    gevent.spawn(peer.node.write, frame(text))

    assert peer.receive() == TextMessage(text)


def test_everything_arrives_in_order_however_late_it_is_read(peer: Peer) -> None:
    texts = [f"{number} " + "x" * 3000 for number in range(100)]

    for text in texts:
        peer.node.write(frame(text))

    assert peer.node.backlog > 0, "the kernel took all of it: this test shows nothing"
    assert [peer.receive() for _ in texts] == [TextMessage(text) for text in texts]
    assert peer.node.backlog == 0


# -- in --------------------------------------------------------------------------------------------


def test_a_message_is_heard_whole_however_it_is_cut(peer: Peer) -> None:
    sent = peer.protocol.send(TextMessage("água ", message_finished=False))
    sent += peer.protocol.send(Ping(b"in between"))
    sent += peer.protocol.send(TextMessage("e luz", message_finished=True))
    sent += peer.protocol.send(TextMessage("mais"))

    for byte in sent:
        peer.connection.sendall(bytes([byte]))
        gevent.sleep(0)

    assert peer.wait_heard(2) == ["água e luz", "mais"]
    assert peer.receive() == Pong(b"in between")


@pytest.mark.parametrize("size", [0, 1, 125, 126, READ_BYTES_MAX - 8])
def test_a_message_that_comes_whole_is_read_without_wsproto(peer: Peer, size: int) -> None:
    text = "é" * (size // 2) + "x" * (size % 2)

    peer.send(TextMessage(text))

    assert peer.wait_heard(1) == [text]
    assert peer.node._protocol is None


def test_what_is_no_text_is_refused_after_the_messages_before_it(peer: Peer) -> None:
    peer.connection.sendall(peer.protocol.send(TextMessage("água")) * 2 + b"\x81\x82\0\0\0\0\xc3\x28")

    event = peer.receive()

    assert isinstance(event, CloseConnection)
    assert (event.code, peer.heard, peer.ends) == (1007, ["água", "água"], 1)


def test_the_largest_message_is_heard(peer: Peer) -> None:
    peer.send(TextMessage("x" * MESSAGE_BYTES_MAX))

    assert peer.wait_heard(1) == ["x" * MESSAGE_BYTES_MAX]


def refused_with(peer: Peer) -> int:
    """The close code that the node sends; nothing may have been heard."""
    event = peer.receive()
    assert isinstance(event, CloseConnection)
    assert (peer.heard, peer.ends) == ([], 1)
    return int(event.code)


@pytest.mark.parametrize("character", ["x", "é"])
def test_a_message_over_the_limit_is_refused(peer: Peer, character: str) -> None:
    peer.send(TextMessage(character * (MESSAGE_BYTES_MAX // len(character.encode()) + 1)))

    assert refused_with(peer) == 1009


def test_fragments_over_the_limit_are_refused_although_the_message_never_ends(peer: Peer) -> None:
    for _ in range(MESSAGE_BYTES_MAX // 1000 + 1):
        peer.send(TextMessage("x" * 1000, message_finished=False))

    assert refused_with(peer) == 1009


def test_a_frame_that_says_it_is_huge_is_refused_by_its_first_part(peer: Peer) -> None:
    header = b"\x81\xff" + struct.pack("!Q", 64 * 1024 * 1024) + b"\0\0\0\0"

    peer.connection.sendall(header + b"x" * (MESSAGE_BYTES_MAX + 1))

    assert refused_with(peer) == 1009


def test_binary_messages_are_refused(peer: Peer) -> None:
    peer.send(BytesMessage(b"x"))

    assert refused_with(peer) == 1003


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("not masked", b"\x81\x01x", 1002),
        ("a reserved bit", b"\xc1\x81\0\0\0\0x", 1002),
        ("an unknown kind", b"\x83\x81\0\0\0\0x", 1002),
        ("a long ping", b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),
        ("no UTF-8", b"\x81\x81\0\0\0\0\xff", 1007),
        ("a small size in two bytes", b"\x81\xfe\x00\x7d\0\0\0\0" + b"x" * 125, 1002),
    ],
)
def test_what_is_no_websocket_s_is_refused(peer: Peer, name: str, sent: bytes, code: int) -> None:
    peer.connection.sendall(sent)

    assert refused_with(peer) == code, name


def test_pings_of_a_client_that_reads_nothing_do_not_pile_up(peer: Peer) -> None:
    peer.node.write(frame("x" * 1_000_000))
    waiting = peer.node.backlog

    for _ in range(int(EMPTY_FRAMES_BURST) - 1):
        peer.send(Ping(b"x"))
    peer.send(TextMessage("all of them were read"))

    peer.wait_heard(1)
    assert peer.node.backlog == waiting


@pytest.mark.parametrize("flood", [Ping(b""), Pong(b"")], ids=["pings", "pongs"])
def test_frames_without_a_message_are_taken_at_a_bounded_rate_and_then_refused(peer: Peer, flood: Event) -> None:
    sent = peer.protocol.send(flood) * (2 * int(EMPTY_FRAMES_BURST))
    before = peer.node._spare_at_s

    peer.connection.sendall(sent)

    answers = []
    while not isinstance(event := peer.receive(), CloseConnection):
        answers.append(event)
    earned = (peer.node._spare_at_s - before) * EMPTY_FRAMES_PER_S
    assert int(event.code) == 1008
    assert len(answers) <= EMPTY_FRAMES_BURST + earned
    assert peer.ends == 1


def test_the_allowance_of_such_frames_comes_back_with_time(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = clock.monotonic_s()
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s)
    peer.node.spare_frame()
    while peer.node._spare >= 1:
        assert peer.node.spare_frame()

    now_s += 1.01 / EMPTY_FRAMES_PER_S

    assert peer.node.spare_frame()
    assert not peer.node.spare_frame()


def test_a_message_comes_in_a_bounded_number_of_frames(peer: Peer) -> None:
    parts = [TextMessage("x", message_finished=False)] * (FRAGMENTS_MAX - 1)
    for part in (*parts, TextMessage("x")):
        peer.send(part)

    assert peer.wait_heard(1) == ["x" * FRAGMENTS_MAX]


def test_fragments_without_content_are_not_kept_and_end_in_a_refusal(peer: Peer) -> None:
    empty = peer.protocol.send(TextMessage("", message_finished=False))
    more = peer.protocol.send(TextMessage("", message_finished=False))

    gevent.spawn(peer.connection.sendall, empty + more * 200_000)

    assert refused_with(peer) == 1008
    assert peer.node._parts == []


def test_how_many_bytes_a_client_has_not_taken_is_known(peer: Peer) -> None:
    for _ in range(10):
        peer.node.write(frame("x" * 1_000_000))
    waiting = peer.node.backlog_bytes
    assert 0 < waiting <= 10 * 1_000_010

    for _ in range(10):
        peer.receive()

    assert peer.node.backlog_bytes == 0


def test_a_client_that_went_before_it_was_started_is_reported_once(peer: Peer) -> None:
    other = Peer()
    other.node.pause()
    other.connection.close()
    other.node.write(frame("x"))
    other.node.write(frame("x"))
    other.wait_end()

    other.node.start()

    assert other.ends == 1


def test_while_it_is_paused_nothing_is_heard(peer: Peer) -> None:
    other = Peer()
    peer.node.pause()
    for end in (peer, other):
        end.send(TextMessage("x"))
    other.wait_heard(1)
    other.node.abort()

    assert peer.heard == []

    peer.node.resume()
    assert peer.wait_heard(1) == ["x"]


# -- the end ---------------------------------------------------------------------------------------


def test_what_is_unsent_goes_before_the_farewell(peer: Peer) -> None:
    peer.node.write(frame("x" * 1_000_000))
    peer.node.close()

    assert peer.receive() == TextMessage("x" * 1_000_000)
    assert peer.receive() == CloseConnection(1000, "")
    assert peer.connection.recv(1) == b""


def test_it_has_ended_when_the_client_has_answered(peer: Peer) -> None:
    peer.node.close()
    waiting = gevent.spawn(peer.node.wait_closed)
    assert isinstance(peer.receive(), CloseConnection)
    assert not waiting.dead

    peer.connection.close()

    waiting.get(timeout=WAIT_S)
    assert peer.ends == 0, "only what the client did is reported"


def test_a_client_that_does_not_answer_does_not_hold_it_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLOSE_WAIT_S", 0.05)

    peer.node.close()

    gevent.spawn(peer.node.wait_closed).get(timeout=WAIT_S)


def test_after_it_closed_nothing_is_heard_or_sent(peer: Peer) -> None:
    peer.node.close()
    peer.node.write(frame("too late"))
    peer.send(TextMessage("too late"))

    assert isinstance(peer.receive(), CloseConnection)
    assert peer.connection.recv(1) == b""
    assert peer.heard == []


def test_a_farewell_of_the_client_is_answered_and_reported_once(peer: Peer) -> None:
    peer.send(CloseConnection(1001, "going"))

    event = peer.receive()
    assert isinstance(event, CloseConnection)
    assert int(event.code) == 1001
    peer.connection.close()
    peer.node.wait_closed()
    assert peer.ends == 1


@pytest.mark.parametrize("unsent", [0, 1_000_000])
def test_a_client_that_vanishes_is_reported_once(peer: Peer, unsent: int) -> None:
    peer.node.write(frame("x" * unsent))

    peer.connection.close()

    peer.wait_end()
    peer.node.write(frame("to nobody"))
    peer.node.close()
    assert peer.ends == 1
