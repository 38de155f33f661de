"""What an enemy can send: the node refuses it, keeps nothing of it, and serves the others meanwhile.

`under_attack` of `tests/support/attacks.py` holds the last two for each of them.
"""

import itertools
import json
import resource
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from urllib.parse import urlsplit

import pytest
import requests
from flask_socketio import SocketIO
from flask_socketio_cluster.limits.client_limits import ADDRESS_HANDSHAKES, REFUSALS
from websocket import ABNF

from app.wire import room_of
from tests.support.attacks import Place, under_attack
from tests.support.cluster import running_cluster
from tests.support.metrics import metric
from tests.support.people import Person, eventually
from tests.support.raw_websocket import HANDSHAKE, text_frame
from tests.support.stalls import Stalls

WAIT_S = 20.0
ATTACKERS = 4
DEAF = 4
MIB = 1_048_576
FLOOD = 2_000
# After so many the node has the memory that it keeps.
WARM_UP = 30
SLOW = 1_500
SLOW_HELD_S_MAX = 15.0

pytestmark = pytest.mark.alone

_addresses = itertools.count(1)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running_cluster(nodes=1) as cluster, running_cluster(nodes=1) as quiet:
        made = Place(cluster, Person(cluster.url, "Clara Nunes"), quiet, Person(quiet.url, "Dora Reis"))
        for _ in range(WARM_UP):
            strike(made, text_frame('42["x"]') * 400)
        yield made


@pytest.fixture(scope="module")
def mallory(place: Place) -> Person:
    return Person(place.cluster.url, "Mallory Dias")


def at(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


def from_somewhere() -> bytes:
    """A header, as nginx says it, of an address that nobody else has."""
    number = next(_addresses)
    return f"X-Forwarded-For: 10.{number >> 16}.{number >> 8 & 255}.{number & 255}\r\n".encode()


def open_socket(place: Place) -> socket.socket:
    """A WebSocket without a token, from an address of its own, whose handshake was not read yet."""
    connection = socket.create_connection(at(place.url), timeout=WAIT_S)
    connection.sendall(HANDSHAKE.replace(b"Host: x\r\n", b"Host: x\r\n" + from_somewhere()))
    return connection


def strike(place: Place, attack: bytes, *, auth: str = "", times: int = 1) -> bytes:
    """Enter, send `attack` so many times, and give all that came until the node ended the connection."""
    heard = b""
    with open_socket(place) as connection:
        connection.sendall(text_frame("40" + auth))
        while b'"conexao"' not in heard:
            heard += connection.recv(65_536)
        with suppress(OSError):  # it was ended in the middle
            for _ in range(times):
                connection.sendall(attack)
        with suppress(ConnectionResetError):
            while data := connection.recv(65_536):
                heard += data
    return heard


def all_together(attack: Callable[[], bytes], enough: Callable[[], bool]) -> list[bytes]:
    """Several attackers, each again and again until it is enough; what each time came."""
    heard: list[bytes] = []

    def go_on() -> None:
        while not enough():
            heard.append(attack())

    threads = [threading.Thread(target=go_on, daemon=True) for _ in range(ATTACKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * WAIT_S)
    assert len(heard) >= ATTACKERS, "the node ended each of them"
    return heard


def frame(data: bytes, opcode: int, *, fin: int = 1) -> bytes:
    return ABNF(fin, 0, 0, 0, opcode, 1, data).format()


FRAGMENTS = frame(b"42" + b"x" * 4000, ABNF.OPCODE_TEXT, fin=0) + frame(b"y" * 4000, ABNF.OPCODE_CONT, fin=0) * 255
ATTACHMENTS = text_frame('451-["x",{"_placeholder":true,"num":0}]') + frame(b"z" * 16_000, ABNF.OPCODE_BINARY) * 64
# 64 MB as the header says, of which some come.
HUGE_FRAME = b"\x81\xff" + (64 * MIB).to_bytes(8) + b"mask" + b"x" * MIB


@pytest.mark.parametrize(
    ("attack", "times"),
    [
        (text_frame('42["disconnect"]'), 1),
        (FRAGMENTS, 4),
        (ATTACHMENTS, 4),
        (HUGE_FRAME, 1),
        (text_frame('42["solicitar_saldo",{"correntista_id":NaN}]'), 1),
        (text_frame('42["x","\\ud800"]'), 1),
        (text_frame('42["x",' + "[" * 4000 + "]" * 4000 + "]"), 4),
    ],
    ids=["own event", "unfinished fragments", "attachments", "64 MB frame", "NaN", "lone surrogate", "deep JSON"],
)
def test_what_no_client_sends_ends_the_connection_at_once(
    place: Place, stalls: Stalls, attack: bytes, times: int
) -> None:
    with under_attack(place, stalls) as other:
        heard = all_together(lambda: strike(place, attack, times=times), other.has_asked)

    assert not any(b"saldo_atualizado" in one or b'"erro"' in one for one in heard)


@pytest.mark.parametrize("known", [True, False], ids=["with a token", "without one"])
@pytest.mark.parametrize(
    "event", ['42["sincronizar",{"desde":0}]', '427["nada_disso",{}]'], ids=["known event", "unknown event"]
)
def test_a_flood_of_events_is_told_when_to_go_on_and_ended(
    place: Place, mallory: Person, stalls: Stalls, known: bool, event: str
) -> None:
    auth = json.dumps({"token": mallory.token}) if known else ""
    flood = text_frame(event) * FLOOD
    with under_attack(place, stalls) as other:
        heard = all_together(lambda: strike(place, flood, auth=auth), other.has_asked)

    for one in heard:
        assert one.count(b'"codigo":"muitas_requisicoes"') <= REFUSALS.burst + 1, "told a few times and no more"
        assert one.count(b'"erro"') < FLOOD / 4, "most are not even answered"
    told = max(heard, key=len)
    assert b'"tentar_em_ms":' in told
    assert b'42["sessao_encerrada",{"motivo":"muitas_requisicoes"}]' in told


@pytest.mark.parametrize("known", [True, False], ids=["with a token", "without one"])
def test_a_flood_of_events_by_polling_is_told_when_to_go_on_and_ended(
    place: Place, mallory: Person, stalls: Stalls, known: bool
) -> None:
    auth = json.dumps({"token": mallory.token}) if known else ""
    flood = "\x1e".join(['42["sincronizar",{"desde":0}]'] * 400)

    def attack() -> bytes:
        heard = b""
        with requests.Session() as http:
            http.headers["X-Forwarded-For"] = from_somewhere().split()[1].decode()
            url = f"{place.url}/socket.io/?EIO=4&transport=polling"
            opened = http.get(url, timeout=WAIT_S)
            url += "&sid=" + json.loads(opened.text[1:])["sid"]
            assert http.post(url, data="40" + auth, timeout=WAIT_S).text == "ok"
            assert http.post(url, data=flood, timeout=WAIT_S).text == "ok"
            while (poll := http.get(url, timeout=WAIT_S)).status_code == 200:
                heard += poll.content
            assert http.post(url, data=flood, timeout=WAIT_S).status_code == 400
        return heard

    with under_attack(place, stalls) as other:
        heard = all_together(attack, other.has_asked)

    assert all(one.count(b'"codigo":"muitas_requisicoes"') <= REFUSALS.burst + 1 for one in heard)
    assert b'42["sessao_encerrada",{"motivo":"muitas_requisicoes"}]' in max(heard, key=len)


def test_an_unknown_event_is_refused_by_its_name(place: Place) -> None:
    heard = strike(place, text_frame('427["nada_disso",{"a":1}]') + text_frame("44"))

    assert b'"codigo":"evento_desconhecido","evento":"nada_disso"' in heard
    assert b"437[]" in heard


def test_who_never_reads_is_ended_before_much_waits_for_them(place: Place, mallory: Person, stalls: Stalls) -> None:
    emitter = SocketIO(message_queue=place.cluster.redis())
    slow = 'socketio_cluster_sessions_ended_total{reason="slow"}'
    before = metric(place.url, slow)
    with under_attack(place, stalls) as other, ExitStack() as deaf:
        for _ in range(DEAF):
            connection = deaf.enter_context(open_socket(place))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(text_frame("40" + json.dumps({"token": mallory.token})))
            eventually(partial(_has_entered, connection), "a socket that hears")
        while metric(place.url, slow) < before + DEAF or not other.has_asked():
            for _ in range(50):
                emitter.emit("carta", "x" * 8_000, to=room_of(mallory.id))
            time.sleep(0.01)


def _has_entered(connection: socket.socket) -> bool:
    return b'"autenticado"' in connection.recv(65_536, socket.MSG_PEEK)


def test_handshakes_of_one_address_are_limited_and_those_that_stay_are_ended(place: Place, stalls: Stalls) -> None:
    """The sessions that began say nothing, and go after ten seconds."""
    address = from_somewhere()
    request = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n" + address + b"\r\n"

    def attack() -> bytes:
        heard = b""
        with socket.create_connection(at(place.url), timeout=WAIT_S) as connection:
            connection.sendall(request * 400)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65_536):
                heard += data
        return heard

    begun = time.monotonic()
    over = 'socketio_cluster_limited_total{dry_run="false",limit="address_handshakes"}'
    with under_attack(place, stalls) as other:
        heard = b"".join(all_together(attack, lambda: other.has_asked() and metric(place.url, over) > 0))
        took_s = time.monotonic() - begun

    begun_sessions = heard.count(b"HTTP/1.1 200")
    assert ADDRESS_HANDSHAKES.burst <= begun_sessions <= ADDRESS_HANDSHAKES.burst + took_s * ADDRESS_HANDSHAKES.per_s
    assert heard.count(b"HTTP/1.1 429") == heard.count(b"HTTP/1.1 ") - begun_sessions
    assert heard.count(b"Retry-After: ") == heard.count(b"HTTP/1.1 429")
    ended = 'socketio_cluster_sessions_ended_total{reason="unauthenticated"}'
    eventually(lambda: metric(place.url, ended) >= begun_sessions, "the end of those that stayed", WAIT_S)


def test_slow_bodies_hold_nginx_for_seconds_and_others_are_served(place: Place, stalls: Stalls) -> None:
    """Fifteen hundred connections, of one byte in eight seconds: it was forty seconds, and everybody's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * SLOW)), hard))
    request = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    with under_attack(place, stalls), ExitStack() as opened, selectors.DefaultSelector() as waiting:
        begun = time.monotonic()
        for _ in range(SLOW):
            connection = opened.enter_context(socket.create_connection(at(place.cluster.url), timeout=WAIT_S))
            connection.sendall(request)
            waiting.register(connection, selectors.EVENT_READ)
        answers = [place.other.get("/correntistas").status_code for _ in range(20)]
        refused = 0
        while waiting.get_map() and stalls.since_s(begun) < SLOW_HELD_S_MAX:
            for key, _ in waiting.select(1.0):
                refused += _hears_of_its_end(key.fileobj, waiting)

        assert answers == [200] * 20
        assert not waiting.get_map(), "nginx holds some of them still"
        assert refused > SLOW / 2, "most of them were not even begun"


def _hears_of_its_end(connection: object, waiting: selectors.BaseSelector) -> int:
    """1 when it was told that it sends too much; the end is the end of waiting for it."""
    assert isinstance(connection, socket.socket)
    try:
        data = connection.recv(4096)
    except ConnectionResetError:
        data = b""
    if not data:
        waiting.unregister(connection)
    return data.startswith(b"HTTP/1.1 429")
