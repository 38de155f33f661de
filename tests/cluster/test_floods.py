"""What one client does, however often, costs the others at most a little time; and what a node says of itself when
its database or its files are used up."""

import os
import resource
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from flask_socketio_cluster.limits.client_limits import EVENT, SOCKETS_OF_USER_MAX
from flask_socketio_cluster.transport.admission import ADDRESS_SHARE, FILES_KEPT_MIN, FILES_KEPT_SHARE
from websocket import ABNF, WebSocket, WebSocketBadStatusException, WebSocketException, create_connection

from deploy.local.readiness import wait_until
from tests.support.cluster import Cluster, running_cluster
from tests.support.metrics import metric
from tests.support.people import Feed, Person, eventually, in_parallel
from tests.support.servers import DatabaseServer, mariadb_server

WAIT_S = 15.0
# Few, so that all sessions are there before the first of them must have authenticated.
FILES = 200
# Of those, what the node gives to sessions, and of these what one address gets.
SESSIONS = FILES - max(FILES_KEPT_MIN, int(FILES * FILES_KEPT_SHARE))
OF_ONE_ADDRESS = int(SESSIONS * ADDRESS_SHARE)
FLOODERS = 30
# As many sockets as a person may have, and nearly as many questions as they may ask at once.
ASKING = SOCKETS_OF_USER_MAX
QUESTIONS = int(EVENT.burst) // ASKING - 1
# What the flooding person's own logins and answers may take: they stand in one queue.
FLOOD_S = 4 * WAIT_S


@dataclass(frozen=True)
class Place:
    """One node on a database of its own, which the tests may break."""

    cluster: Cluster
    server: DatabaseServer

    @property
    def url(self) -> str:
        return self.cluster.node_url("web1")

    def state(self) -> tuple[int, str, str]:
        answer = requests.get(self.url + "/readyz", timeout=WAIT_S)
        return answer.status_code, answer.json()["estado"], answer.json()["banco"]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with mariadb_server() as server, running_cluster(database_url=server.url, nodes=1) as cluster:
        yield Place(cluster, server)


@pytest.fixture
def alice(place: Place) -> Person:
    return Person(place.cluster.url, "Alice Souza")


def websocket(url: str, address: str | None = None) -> WebSocket:
    """A session of Engine.IO, as if from another address."""
    headers = [f"X-Forwarded-For: {address}"] if address else []
    made = create_connection(
        url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S, header=headers
    )
    made.recv()
    return made


def test_sockets_that_send_pings_without_end_are_closed_and_others_are_served(place: Place, alice: Person) -> None:
    codes: list[int] = []

    def flood() -> None:
        connection = websocket(place.url)
        assert connection.sock
        ping = ABNF.create_frame(b"", ABNF.OPCODE_PING).format() * 200
        try:
            while True:
                connection.sock.sendall(ping)
                connection.sock.settimeout(0.001)
                while (frame := read_frame(connection)) is not None:
                    if frame.opcode == ABNF.OPCODE_CLOSE:
                        codes.append(close_code(frame))
                        return
        except (OSError, WebSocketException):
            codes.append(0)  # the end came while it was still sending

    threads = [threading.Thread(target=flood) for _ in range(FLOODERS)]
    with alice.listening(place.url) as feed:
        for thread in threads:
            thread.start()
        answers = [alice.deposit("1.00").status_code for _ in range(5)]
        feed.wait_for_seq(5)
        for thread in threads:
            thread.join(WAIT_S)

    assert answers == [201] * 5
    assert len(codes) == FLOODERS
    assert set(codes) <= {0, 1008}


def close_code(frame: ABNF) -> int:
    assert isinstance(frame.data, bytes)
    return int.from_bytes(frame.data[:2], "big")


def read_frame(connection: WebSocket) -> ABNF | None:
    try:
        frame: ABNF = connection.recv_frame()  # type: ignore[no-untyped-call]  # the library's
    except (TimeoutError, WebSocketException) as error:
        if "timed out" in str(error):
            return None
        raise
    return frame


def test_questions_of_many_sockets_of_one_person_leave_the_database_to_the_others(place: Place, alice: Person) -> None:
    bob = Person(place.cluster.url, "Bob Pereira")

    def ask() -> int:
        with alice.listening(place.url, wait_s=FLOOD_S) as feed:
            for _ in range(QUESTIONS):
                feed.emit("solicitar_saldo", {"correntista_id": alice.account})
            feed.wait_until(lambda: len(feed.named("saldo_atualizado")) == QUESTIONS, "every answer", FLOOD_S)
            return len(feed.named("erro"))

    refused: list[int] = []
    asking = threading.Thread(target=lambda: refused.extend(in_parallel([ask] * ASKING, ASKING)))
    asking.start()
    answers = {bob.get("/correntistas").status_code for _ in range(50)}
    asking.join(3 * FLOOD_S)

    assert answers == {200}
    assert refused == [0] * ASKING


def test_a_node_without_files_left_refuses_sessions_at_once_and_no_address_takes_them_all(
    place: Place, alice: Person
) -> None:
    master = place.cluster.pid("web1")
    resource.prlimit(master, resource.RLIMIT_NOFILE, (FILES, FILES))
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    wait_until(lambda: _answers(place), WAIT_S, "the node with few files")
    opened: list[WebSocket] = []
    try:
        statuses = [_try(place, opened, None) for _ in range(FILES)]
        assert statuses == [101] * OF_ONE_ADDRESS + [503] * (FILES - OF_ONE_ADDRESS)

        others = [_try(place, opened, f"10.0.{number}.1") for number in range(SESSIONS)]
        assert others == [101] * SESSIONS, "who has not authenticated makes room, the oldest first"
        assert metric(place.url, 'socketio_cluster_sessions_ended_total{reason="full"}') == OF_ONE_ADDRESS

        with alice.listening(place.url) as feed:
            alice.deposit("1.00")
            feed.wait_for("notificacao")
    finally:
        for connection in opened:
            connection.close(timeout=0)


def _answers(place: Place) -> bool:
    try:
        return place.state()[0] == 200
    except requests.ConnectionError:
        return False


def _try(place: Place, opened: list[WebSocket], address: str | None) -> int:
    try:
        opened.append(websocket(place.url, address))
    except WebSocketBadStatusException as refused:
        return refused.status_code
    return 101


def test_a_node_says_when_nothing_can_be_written(place: Place) -> None:
    assert place.state() == (200, "pronto", "ok")
    with place.server.connection() as operator, operator.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        try:
            eventually(lambda: place.state() == (503, "indisponivel", "nao_grava"), "a node that cannot write")
        finally:
            cursor.execute("SET GLOBAL read_only = 0")

    eventually(lambda: place.state() == (200, "pronto", "ok"), "a node that can write again")


def test_a_socket_that_cannot_authenticate_for_want_of_the_database_is_told_and_closed(
    place: Place, alice: Person
) -> None:
    feed = Feed(place.url)
    place.server.kill()
    try:
        feed.emit("autenticar", {"token": alice.token})
        assert feed.wait_for("erro").payload["codigo"] == "banco_indisponivel"
        feed.wait_closed(5.0)
        assert feed.named("sessao_encerrada") == [], "not for having said nothing"
    finally:
        place.server.start()
        feed.close()
