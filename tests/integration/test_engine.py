"""Sessions of a node's Engine.IO server: how one moves from polling to WebSocket, is heard, beats and ends."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import socketio
from engineio.packet import MESSAGE, Packet
from flask_socketio_cluster import clock
from flask_socketio_cluster.environ import CONNECTION
from flask_socketio_cluster.transport import session as engine
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.session import (
    INBOX_BYTES_MAX,
    INBOX_MESSAGES_MAX,
    POST_WAIT_S,
    QUEUE_BYTES_MAX,
    QUEUE_PACKETS_MAX,
    EngineSession,
    Malformed,
    SessionEnded,
)
from flask_socketio_cluster.transport.websocket import EMPTY_FRAMES_BURST, READ_BYTES_MAX, frame
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from tests.integration.test_websocket import WAIT_S, Peer
from tests.support.metrics import counted

NOOP = "6"


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
def peer(eio_socket: EngineSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A client whose connection the session takes over when it is asked to."""
    made = Peer()
    made.node.pause()
    monkeypatch.setattr(engine, "take_over", lambda _environ: (made.taken, b""))
    monkeypatch.setattr(engine, "accepting", lambda _environ: b"")
    yield made
    if eio_socket.websocket:
        eio_socket.websocket.abort()
    made.connection.close()


@pytest.fixture
def on_websocket(eio_socket: EngineSession, peer: Peer) -> Peer:
    """The session came over WebSocket from the start."""
    eio_socket.open_websocket(peer.taken).start()
    return peer


# -- from polling to WebSocket ---------------------------------------------------------------------


def test_what_waited_for_a_poll_goes_over_the_websocket_first(eio_socket: EngineSession, peer: Peer) -> None:
    eio_socket.connected = True
    eio_socket.upgrade({})
    peer.send(TextMessage("2probe"))
    assert peer.receive() == TextMessage("3probe")
    assert eio_socket.poll({}) == [NOOP], "a poll that waits is ended"
    eio_socket.send_messages(["um", "dois"])
    eio_socket.send(Packet(MESSAGE, "três"))

    peer.send(TextMessage("5"))
    first = peer.receive()
    eio_socket.send_messages(["quatro", "cinco"])

    assert [first, *(peer.receive() for _ in range(4))] == [
        TextMessage(f"4{word}") for word in ("um", "dois", "três", "quatro", "cinco")
    ]


def test_until_it_is_probed_the_session_polls(eio_socket: EngineSession, peer: Peer) -> None:
    eio_socket.upgrade({})

    eio_socket.send_messages(["um"])

    assert eio_socket.poll({}) == ["4um"]
    assert not eio_socket.upgrading


@pytest.mark.parametrize("sent", [["2probe"], []])
def test_an_upgrade_that_breaks_off_leaves_a_session_that_polls(
    eio_socket: EngineSession, peer: Peer, sent: list[str]
) -> None:
    eio_socket.upgrade({})
    for text in sent:
        peer.send(TextMessage(text))
    peer.connection.close()
    with gevent.Timeout(WAIT_S):
        while eio_socket.websocket:
            gevent.sleep(0)
    eio_socket.send_messages(["um"])

    assert eio_socket.poll({}) == ["4um"]
    assert (eio_socket.upgrading, eio_socket.upgraded, eio_socket.closed) == (False, False, False)


@pytest.mark.parametrize("sent", [["x"], ["5"], ["2probe", "x"], ["2probe", "2probe"]])
def test_an_upgrade_that_is_none_ends_the_session_and_its_connection(
    eio_socket: EngineSession, peer: Peer, application: Application, sent: list[str]
) -> None:
    eio_socket.upgrade({})
    for text in sent:
        peer.send(TextMessage(text))

    application.wait(ends=1)

    assert eio_socket.closed
    while peer.connection.recv(1000):
        """What was sent before the end."""


# -- polling ---------------------------------------------------------------------------------------


def test_what_waits_is_carried_away_at_once_and_a_poll_waits_for_the_rest(eio_socket: EngineSession) -> None:
    eio_socket.send_messages(["um"])
    assert eio_socket.poll({}) == ["4um"]

    waiting = gevent.spawn(eio_socket.poll, {})
    gevent.sleep(0)
    assert not waiting.dead
    eio_socket.send_messages(["dois"])

    assert waiting.get(timeout=WAIT_S) == ["4dois"]


def test_the_end_is_seen_by_a_poll_that_waits_and_by_one_that_comes_later(
    eio_socket: EngineSession, server: socketio.Server
) -> None:
    waiting = gevent.spawn(eio_socket.poll, {})
    gevent.sleep(0)

    eio_socket.close(wait=False)

    assert waiting.get(timeout=WAIT_S) == ["1"]
    assert eio_socket.poll({}) == ["1"]


def test_the_end_is_seen_also_by_a_client_that_was_about_to_upgrade(eio_socket: EngineSession) -> None:
    eio_socket.upgrading = True
    assert eio_socket.poll({}) == [NOOP]
    eio_socket.send_messages(["um"])

    eio_socket.close(wait=False)

    assert eio_socket.poll({}) == ["4um", "1"]


def test_a_client_that_hangs_up_frees_its_poll_and_ends_the_session(
    eio_socket: EngineSession, server: socketio.Server, application: Application
) -> None:
    node_end, client_end = gevent.socket.socketpair()
    waiting = gevent.spawn(eio_socket.poll, {CONNECTION: node_end})
    gevent.sleep(0)

    client_end.close()

    waiting.get(timeout=WAIT_S)
    application.wait(ends=1)
    assert application.ends == ["transport close"]
    assert server.eio.sockets == {}
    node_end.close()


def test_a_poll_that_nothing_wakes_ends_with_its_session(
    eio_socket: EngineSession, server: socketio.Server, application: Application
) -> None:
    server.eio.ping_interval = server.eio.ping_timeout = 0.01

    gevent.spawn(eio_socket.poll, {}).get(timeout=WAIT_S)

    application.wait(ends=1)
    assert eio_socket.closed


@pytest.mark.parametrize("packet", ["", "0", "2", "2probe", "5", "6", "7", "x", "bAAAA", "é"])
def test_a_payload_with_one_malformed_packet_is_refused_whole(
    eio_socket: EngineSession, application: Application, packet: str
) -> None:
    with pytest.raises(Malformed):
        eio_socket.receive_payload(["4um", packet, "4dois"])
    gevent.sleep(0)

    assert application.messages == []


def test_a_payload_that_finds_no_room_for_long_is_refused_aloud(
    eio_socket: EngineSession, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "POST_WAIT_S", 0.01)
    eio_socket.receive_payload(["4wait", *(["4x"] * (INBOX_MESSAGES_MAX + 1))])
    application.wait(messages=1)

    with pytest.raises(Malformed):
        eio_socket.receive_payload(["4dropped"])
    application.let_go.set()


# -- what it is sent and what it hears -------------------------------------------------------------


def test_messages_are_handled_one_after_the_other_and_no_more_are_read_than_can_be_kept(
    eio_socket: EngineSession, on_websocket: Peer, application: Application
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
    eio_socket: EngineSession, application: Application
) -> None:
    texts = ["wait", "um", "dois"]
    eio_socket.receive_payload([f"4{text}" for text in texts])
    application.wait(messages=1)
    assert application.messages == ["wait"], "the second one waits for the first"

    application.let_go.set()

    application.wait(messages=3)
    assert application.messages == texts


def test_a_request_waits_while_more_was_sent_than_can_be_kept(
    eio_socket: EngineSession, application: Application
) -> None:
    texts = ["wait", *(str(number) for number in range(2 * INBOX_MESSAGES_MAX))]

    def send() -> None:
        for text in texts:
            eio_socket.receive_payload([f"4{text}"])

    sending = gevent.spawn(send)
    application.wait(messages=1)
    gevent.sleep(0)
    assert not sending.dead
    assert len(eio_socket._inbox) <= INBOX_MESSAGES_MAX

    application.let_go.set()

    sending.get(timeout=WAIT_S)
    application.wait(messages=len(texts))
    assert application.messages == texts


@pytest.mark.parametrize("size", [10, 100_000], ids=["by their number", "by their bytes"])
@pytest.mark.parametrize("over_websocket", [True, False])
def test_a_client_that_takes_nothing_is_ended_and_not_kept_for(
    eio_socket: EngineSession,
    application: Application,
    request: pytest.FixtureRequest,
    over_websocket: bool,
    size: int,
) -> None:
    if over_websocket:
        request.getfixturevalue("on_websocket")
        assert eio_socket.websocket
        eio_socket.websocket.write(frame("x" * 500_000))
    before = counted("socketio_cluster_sessions_ended_total", reason="slow")

    for _ in range(10 * QUEUE_PACKETS_MAX):
        eio_socket.send_messages(["x" * size])

    assert eio_socket.backlog <= QUEUE_PACKETS_MAX + 1
    assert eio_socket.backlog_bytes <= QUEUE_BYTES_MAX + size + 500_010
    application.wait(ends=1)
    assert eio_socket.closed
    assert counted("socketio_cluster_sessions_ended_total", reason="slow") == before + 1


@pytest.mark.parametrize("text", ["0", "2", "5", "6", "7", "x", "", "é"])
def test_a_malformed_packet_ends_the_session_and_is_counted(
    eio_socket: EngineSession, on_websocket: Peer, application: Application, text: str
) -> None:
    before = counted("socketio_cluster_sessions_ended_total", reason="malformed")

    on_websocket.send(TextMessage(text))

    end = on_websocket.receive()
    assert isinstance(end, CloseConnection)
    assert int(end.code) == 1002
    application.wait(ends=1)
    assert counted("socketio_cluster_sessions_ended_total", reason="malformed") == before + 1


def test_pongs_that_nobody_asked_for_end_the_session(
    eio_socket: EngineSession, on_websocket: Peer, application: Application
) -> None:
    eio_socket.schedule_ping()

    for _ in range(2 * int(EMPTY_FRAMES_BURST)):
        on_websocket.send(TextMessage("3"))

    application.wait(ends=1)
    assert eio_socket.closed


def test_between_two_messages_of_one_client_others_are_served(
    eio_socket: EngineSession, on_websocket: Peer, application: Application
) -> None:
    served_after = []

    def serve() -> None:
        while len(application.messages) < 10:
            served_after.append(len(application.messages))
            gevent.sleep(0)

    eio_socket.receive_payload(["4x"] * 10)
    gevent.spawn(serve).get(timeout=WAIT_S)

    assert set(range(1, 10)) <= set(served_after)


@pytest.mark.parametrize("text", ["1", ""])
def test_a_client_that_says_goodbye_or_goes_ends_the_session(
    eio_socket: EngineSession, server: socketio.Server, on_websocket: Peer, application: Application, text: str
) -> None:
    if text:
        on_websocket.send(TextMessage(text))
    else:
        on_websocket.connection.close()

    application.wait(ends=1)
    assert application.ends == ["client disconnect" if text else "transport close"]
    assert eio_socket.sid not in server.eio.sockets


def test_who_is_refused_is_told_why(eio_socket: EngineSession, on_websocket: Peer, application: Application) -> None:
    on_websocket.send(BytesMessage(b"x"))

    farewell = on_websocket.receive()
    assert isinstance(farewell, CloseConnection)
    assert int(farewell.code) == 1003
    application.wait(ends=1)
    assert eio_socket.closed


def test_a_session_that_is_closed_says_so_and_is_forgotten(
    eio_socket: EngineSession, server: socketio.Server, on_websocket: Peer, application: Application
) -> None:
    closing = gevent.spawn(server.eio.disconnect, eio_socket.sid)

    assert on_websocket.receive() == TextMessage("1")
    assert isinstance(on_websocket.receive(), CloseConnection)
    on_websocket.connection.close()
    closing.get(timeout=WAIT_S)
    assert application.ends == ["server disconnect"]
    assert server.eio.sockets == {}


def test_closing_a_session_that_nobody_polls_does_not_wait_for_ever(
    eio_socket: EngineSession, server: socketio.Server, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CLOSE_WAIT_S", 0.01)

    server.eio.disconnect(eio_socket.sid)

    assert application.ends == ["server disconnect"]
    assert server.eio.sockets == {}


def test_a_handshake_keeps_what_an_event_needs_and_the_headers_that_are_wanted() -> None:
    environ = {"HTTP_HOST": "x", "HTTP_USER_AGENT": "y", "wsgi.input": object(), "flask.app": 1}

    assert engine.handshake(environ, ("Host", "Cookie")) == {"HTTP_HOST": "x", "flask.app": 1}
    assert engine.handshake(environ, ("User-Agent",)) == {"HTTP_USER_AGENT": "y", "flask.app": 1}
    assert engine.handshake(environ, None) == {"HTTP_HOST": "x", "HTTP_USER_AGENT": "y", "flask.app": 1}


# -- the heartbeat ---------------------------------------------------------------------------------


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(clock, "monotonic_s", lambda: self.now_s)


@pytest.fixture
def beating(
    server: socketio.Server, eio_socket: EngineSession, monkeypatch: pytest.MonkeyPatch
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
    server: socketio.Server, eio_socket: EngineSession, on_websocket: Peer, beating: tuple[Heartbeat, Clock, Any]
) -> None:
    _, _, after = beating

    after(server.eio.ping_interval - 1)
    assert eio_socket.last_ping is None
    after(1)

    assert on_websocket.receive() == TextMessage("2")


def test_who_answers_lives_and_is_pinged_again(
    server: socketio.Server, eio_socket: EngineSession, on_websocket: Peer, beating: tuple[Heartbeat, Clock, Any]
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
    eio_socket: EngineSession,
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
    server: socketio.Server,
    eio_socket: EngineSession,
    application: Application,
    beating: tuple[Heartbeat, Clock, Any],
    entered: bool,
) -> None:
    heartbeat, _, after = beating
    heartbeat.began(eio_socket)
    if entered:
        server.manager.connect(eio_socket.sid, "/")
    eio_socket.entered = entered

    after(9)
    assert not eio_socket.closed
    after(1)

    assert eio_socket.closed is not entered


@pytest.mark.parametrize("inside", [True, False])
def test_whom_the_server_put_out_of_the_last_namespace_has_to_enter_again(
    server: socketio.Server, eio_socket: EngineSession, sid: str, beating: tuple[Heartbeat, Clock, Any], inside: bool
) -> None:
    _, _, after = beating
    eio_socket.entered = True
    if not inside:
        server.disconnect(sid, ignore_queue=True)

    after(server.eio.ping_interval)
    assert not eio_socket.closed
    after(10)

    assert eio_socket.closed is not inside


def test_a_post_that_comes_after_the_end_does_not_wait(eio_socket: EngineSession, application: Application) -> None:
    eio_socket.connected = True
    eio_socket.receive_payload(["4wait", "4" + "x" * INBOX_BYTES_MAX])
    application.wait(messages=1)
    eio_socket.end("slow")
    application.wait(ends=1)

    with pytest.raises(SessionEnded), gevent.Timeout(POST_WAIT_S / 2):
        eio_socket.receive_payload(["4perdida"])
    application.let_go.set()


def test_a_post_that_waits_is_refused_when_its_session_ends_meanwhile(
    eio_socket: EngineSession, application: Application
) -> None:
    eio_socket.connected = True
    eio_socket.receive_payload(["4wait", *(["4x"] * INBOX_MESSAGES_MAX)])
    application.wait(messages=1)
    waiting = gevent.spawn(eio_socket.receive_payload, ["4perdida"])
    gevent.sleep(0)

    eio_socket.end("slow")
    application.let_go.set()

    with pytest.raises(SessionEnded), gevent.Timeout(WAIT_S):
        waiting.get()
    assert "perdida" not in application.messages


def test_a_post_to_a_session_that_is_ending_is_refused(
    eio_socket: EngineSession, server: socketio.Server, application: Application
) -> None:
    """While the application is being told of the end, which may take it a while."""
    refused: list[bool] = []

    def told(_sid: str, _reason: str) -> None:
        with pytest.raises(SessionEnded):
            eio_socket.receive_payload(["4perdida"])
        refused.append(True)

    eio_socket.connected = True
    server.eio.on("disconnect", told)
    eio_socket.end("slow")
    with gevent.Timeout(WAIT_S):
        while not refused:
            gevent.sleep(0)
    assert application.messages == []


def test_a_post_that_ends_its_session_itself_is_answered(eio_socket: EngineSession, application: Application) -> None:
    eio_socket.connected = True
    eio_socket.receive_payload(["4um", "1", "4depois"])
    application.wait(ends=1)
    assert "depois" not in application.messages
