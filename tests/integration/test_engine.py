"""Sessions of a node's Engine.IO server: how one moves from polling to WebSocket, is heard, beats and ends."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import socketio
from engineio.packet import MESSAGE, NOOP, Packet
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from app import clock
from app.realtime import engine
from app.realtime.engine import INBOX_MESSAGES_MAX, QUEUE_PACKETS_MAX, NodeSocket
from app.realtime.heartbeat import Heartbeat
from app.realtime.websocket import READ_BYTES_MAX
from tests.integration.test_websocket import WAIT_S, Peer


class Application:
    """What the server tells the application: messages and ends. A message `wait` waits until it is let go."""

    def __init__(self, server: socketio.Server) -> None:
        self.messages: list[str] = []
        self.ends: list[str] = []
        self.let_go = gevent.event.Event()
        self._news = gevent.event.Event()
        server.eio.on("message", self._message)
        server.eio.on("disconnect", self._disconnect)

    def _message(self, _sid: str, text: str) -> None:
        self.messages.append(text)
        self._news.set()
        if text == "wait":
            self.let_go.wait()

    def _disconnect(self, _sid: str, reason: str) -> None:
        self.ends.append(reason)
        self._news.set()

    def wait(self, *, messages: int = 0, ends: int = 0) -> None:
        with gevent.Timeout(WAIT_S):
            while len(self.messages) < messages or len(self.ends) < ends:
                self._news.clear()
                self._news.wait()


@pytest.fixture
def application(server: socketio.Server) -> Application:
    return Application(server)


@pytest.fixture
def peer(eio_socket: NodeSocket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A client whose connection the session takes over when it is asked to."""
    made = Peer()
    made.node.pause()
    monkeypatch.setattr(engine, "take_over", lambda _environ: (made.taken, b""))
    yield made
    if eio_socket.websocket:
        eio_socket.websocket.abort()
    made.connection.close()


@pytest.fixture
def on_websocket(eio_socket: NodeSocket, peer: Peer) -> Peer:
    """The session came over WebSocket from the start."""
    eio_socket.open_websocket(peer.taken).start()
    return peer


# -- from polling to WebSocket ---------------------------------------------------------------------


def test_what_waited_for_a_poll_goes_over_the_websocket_first(eio_socket: NodeSocket, peer: Peer) -> None:
    eio_socket.connected = True
    eio_socket._upgrade_websocket({}, None)
    peer.send(TextMessage("2probe"))
    assert peer.receive() == TextMessage("3probe")
    assert [packet.packet_type for packet in eio_socket.poll()] == [NOOP], "a poll that waits is ended"
    eio_socket.send_messages(["um", "dois"])
    eio_socket.send(Packet(MESSAGE, "três"))

    peer.send(TextMessage("5"))
    first = peer.receive()
    eio_socket.send_messages(["quatro", "cinco"])

    assert [first, *(peer.receive() for _ in range(4))] == [
        TextMessage(f"4{word}") for word in ("um", "dois", "três", "quatro", "cinco")
    ]


def test_until_it_is_probed_the_session_polls(eio_socket: NodeSocket, peer: Peer) -> None:
    eio_socket._upgrade_websocket({}, None)

    eio_socket.send_messages(["um"])

    assert [packet.data for packet in eio_socket.poll()] == ["um"]
    assert not eio_socket.upgrading


@pytest.mark.parametrize("sent", [["2probe"], ["x"], ["5"], ["2probe", "x"], []])
def test_an_upgrade_that_breaks_off_leaves_a_session_that_polls(
    eio_socket: NodeSocket, peer: Peer, sent: list[str]
) -> None:
    eio_socket._upgrade_websocket({}, None)
    for text in sent:
        peer.send(TextMessage(text))
    peer.connection.close()
    with gevent.Timeout(WAIT_S):
        while eio_socket.websocket:
            gevent.sleep(0)
    eio_socket.send_messages(["um"])

    polled = [packet for packet in eio_socket.poll() if packet.packet_type == MESSAGE]

    assert [packet.data for packet in polled] == ["um"]
    assert (eio_socket.upgrading, eio_socket.upgraded, eio_socket.closed) == (False, False, False)


def test_a_session_has_one_websocket(eio_socket: NodeSocket, on_websocket: Peer) -> None:
    first = eio_socket.websocket

    assert eio_socket._upgrade_websocket({}, None) == []

    eio_socket.send_messages(["um"])
    assert eio_socket.websocket is first
    assert on_websocket.receive() == TextMessage("4um")


# -- what it is sent and what it hears -------------------------------------------------------------


def test_messages_are_handled_one_after_the_other_and_no_more_are_read_than_can_be_kept(
    eio_socket: NodeSocket, on_websocket: Peer, application: Application
) -> None:
    texts = ["wait", *(f"{number} {'x' * 1000}" for number in range(5 * INBOX_MESSAGES_MAX))]
    for text in texts:
        on_websocket.send(TextMessage(f"4{text}"))
        gevent.sleep(0)

    application.wait(messages=1)
    assert application.messages == ["wait"], "the second one waits for the first"
    assert len(eio_socket._inbox) <= INBOX_MESSAGES_MAX + READ_BYTES_MAX // 1000

    application.let_go.set()
    application.wait(messages=len(texts))
    assert application.messages == texts


def test_a_polled_message_is_handled_in_its_turn_without_holding_its_request(
    eio_socket: NodeSocket, application: Application
) -> None:
    texts = ["wait", "um", "dois"]
    for text in texts:
        eio_socket.receive(Packet(MESSAGE, text))
    application.wait(messages=1)
    assert application.messages == ["wait"], "the second one waits for the first"

    application.let_go.set()

    application.wait(messages=3)
    assert application.messages == texts


def test_a_request_waits_while_more_was_sent_than_can_be_kept(eio_socket: NodeSocket, application: Application) -> None:
    texts = ["wait", *(str(number) for number in range(2 * INBOX_MESSAGES_MAX))]

    def send() -> None:
        for text in texts:
            eio_socket.receive(Packet(MESSAGE, text))

    sending = gevent.spawn(send)
    application.wait(messages=1)
    gevent.sleep(0)
    assert not sending.dead
    assert len(eio_socket._inbox) <= INBOX_MESSAGES_MAX

    application.let_go.set()

    sending.get(timeout=WAIT_S)
    application.wait(messages=len(texts))
    assert application.messages == texts


@pytest.mark.parametrize("over_websocket", [True, False])
def test_a_client_that_takes_nothing_is_ended_and_not_kept_for(
    eio_socket: NodeSocket, application: Application, request: pytest.FixtureRequest, over_websocket: bool
) -> None:
    if over_websocket:
        request.getfixturevalue("on_websocket")

    for _ in range(10 * QUEUE_PACKETS_MAX):
        eio_socket.send_messages(["x" * 1000])

    assert eio_socket.backlog <= QUEUE_PACKETS_MAX + 1
    application.wait(ends=1)
    assert eio_socket.closed


@pytest.mark.parametrize("text", ["1", ""])
def test_a_client_that_says_goodbye_or_goes_ends_the_session(
    eio_socket: NodeSocket, server: socketio.Server, on_websocket: Peer, application: Application, text: str
) -> None:
    if text:
        on_websocket.send(TextMessage(text))
    else:
        on_websocket.connection.close()

    application.wait(ends=1)
    assert application.ends == ["client disconnect" if text else "transport close"]
    assert eio_socket.sid not in server.eio.sockets


def test_who_is_refused_is_told_why(eio_socket: NodeSocket, on_websocket: Peer, application: Application) -> None:
    on_websocket.send(BytesMessage(b"x"))

    farewell = on_websocket.receive()
    assert isinstance(farewell, CloseConnection)
    assert int(farewell.code) == 1003
    application.wait(ends=1)
    assert eio_socket.closed


def test_a_session_that_is_closed_says_so_and_is_forgotten(
    eio_socket: NodeSocket, server: socketio.Server, on_websocket: Peer, application: Application
) -> None:
    closing = gevent.spawn(server.eio.disconnect, eio_socket.sid)

    assert on_websocket.receive() == TextMessage("1")
    assert isinstance(on_websocket.receive(), CloseConnection)
    on_websocket.connection.close()
    closing.get(timeout=WAIT_S)
    assert application.ends == ["server disconnect"]
    assert server.eio.sockets == {}


def test_closing_a_session_that_nobody_polls_does_not_wait_for_ever(
    eio_socket: NodeSocket, server: socketio.Server, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CLOSE_WAIT_S", 0.01)

    server.eio.disconnect(eio_socket.sid)

    assert application.ends == ["server disconnect"]
    assert server.eio.sockets == {}


def test_a_handshake_keeps_what_an_event_needs_and_nothing_that_a_request_leaves() -> None:
    kept = engine.Handshake({"HTTP_HOST": "x", "wsgi.input": object(), "flask.app": 1})
    kept["werkzeug.request"] = object()

    assert kept == {"HTTP_HOST": "x", "flask.app": 1}


# -- the heartbeat ---------------------------------------------------------------------------------


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(clock, "monotonic_s", lambda: self.now_s)


@pytest.fixture
def beating(
    server: socketio.Server, eio_socket: NodeSocket, monkeypatch: pytest.MonkeyPatch
) -> tuple[Heartbeat, Clock, Any]:
    """A heartbeat, the clock that it goes by, and a step of it after some seconds."""
    heartbeat, time = eio_socket._heartbeat, Clock(monkeypatch)
    eio_socket.schedule_ping()

    def after(seconds: float) -> None:
        time.now_s += seconds
        heartbeat.once()
        gevent.sleep(0)

    return heartbeat, time, after


def test_a_session_is_pinged_when_it_was_silent_for_a_while(
    server: socketio.Server, eio_socket: NodeSocket, on_websocket: Peer, beating: tuple[Heartbeat, Clock, Any]
) -> None:
    _, _, after = beating

    after(server.eio.ping_interval - 1)
    assert eio_socket.last_ping is None
    after(1)

    assert on_websocket.receive() == TextMessage("2")


def test_who_answers_lives_and_is_pinged_again(
    server: socketio.Server, eio_socket: NodeSocket, on_websocket: Peer, beating: tuple[Heartbeat, Clock, Any]
) -> None:
    _, _, after = beating
    for _ in range(3):
        after(server.eio.ping_interval)
        assert on_websocket.receive() == TextMessage("2")
        on_websocket.send(TextMessage("3"))
        with gevent.Timeout(WAIT_S):
            while eio_socket.last_ping:
                gevent.sleep(0)
        after(server.eio.ping_timeout - 1)

    assert not eio_socket.closed


@pytest.mark.parametrize("over_websocket", [True, False])
def test_who_does_not_answer_is_ended_and_forgotten(
    server: socketio.Server,
    eio_socket: NodeSocket,
    application: Application,
    beating: tuple[Heartbeat, Clock, Any],
    request: pytest.FixtureRequest,
    over_websocket: bool,
) -> None:
    _, _, after = beating
    if over_websocket:
        request.getfixturevalue("on_websocket")
    after(server.eio.ping_interval)
    after(server.eio.ping_timeout - 1)
    assert not eio_socket.closed

    after(1)
    application.wait(ends=1)
    after(server.eio.ping_timeout)

    assert application.ends == ["ping timeout"]
    assert server.eio.sockets == {}


@pytest.mark.parametrize("entered", [True, False])
def test_who_opens_a_connection_and_never_enters_is_ended(
    eio_socket: NodeSocket, application: Application, beating: tuple[Heartbeat, Clock, Any], entered: bool
) -> None:
    heartbeat, _, after = beating
    heartbeat.began(eio_socket)
    eio_socket.entered = entered

    after(9)
    assert not eio_socket.closed
    after(1)

    assert eio_socket.closed is not entered
