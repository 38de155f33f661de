"""A node tells by the bytes alone which stock messages are for rooms that it does not hold, and never mistakes one."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gevent
import pytest
import socketio
from engineio.socket import Socket
from flask_socketio import SocketIO
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.wire import RESERVED_EVENTS
from gevent.event import Event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.integration.library import NOWHERE
from tests.support import package_log
from tests.support.metrics import counted
from tests.support.servers import RedisServer

WAIT_S = 10.0
HELD, ELSEWHERE = "user_7", "user_8"
# What a sender might write to be taken for another room's message.
TRAPS = st.sampled_from(
    [
        '"room": "user_7"',
        '"room": "user_8"',
        '", "room": "user_8", "skip_sid": null, "callback": null, "host_id": "x"}',
        '{"method": "emit"',
        '], "binary": false, "namespace": "/", "room": "user_8"',
        ', "data": [',
        "NaN",
        "room",
        "\\",
        '"',
        "user_8",
        "\x1e",
        "água",
        "\ud800",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TRAPS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRAPS | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["notificacao", "room", ', "data": [', 'x", "room": "user_8', '"room": ', "água"])
SKIPPED = st.none() | TRAPS | st.lists(TRAPS, max_size=2)
ODD_ROOMS = st.sampled_from(["user_77", "user_", "", "água", 'a"b', "\\", "user_7\\", " user_7", "user_8 "])


class Wire:
    """A stock emitter, and what it puts on the channel."""

    def __init__(self, url: str) -> None:
        self.emitter = SocketIO(message_queue=url)
        self.client = Redis.from_url(url, socket_timeout=5)
        self.listener = self.client.pubsub()
        self.listener.subscribe(Channels().shared)
        self.arriving = self.listener.listen()
        assert next(self.arriving)["type"] == "subscribe"

    def emit(self, name: str, data: Any, **options: Any) -> bytes:
        self.emitter.emit(name, data, **options)
        published = next(self.arriving)["data"]
        assert isinstance(published, bytes)
        return published

    def close(self) -> None:
        self.listener.close()
        self.client.close()


@pytest.fixture
def wire(redis: RedisServer) -> Iterator[Wire]:
    made = Wire(redis.url)
    yield made
    made.close()


@pytest.fixture
def node() -> RoutedRedisManager:
    """A node that holds one socket, of user 7."""
    manager = RoutedRedisManager(NOWHERE, node_id="web1")
    socketio.Server(client_manager=manager, async_mode="threading")
    manager.basic_enter_room("sid", "/", None, eio_sid="web1.eio")
    manager.basic_enter_room("sid", "/", "sid", eio_sid="web1.eio")
    manager.basic_enter_room("sid", "/", HELD)
    return manager


EXAMPLES = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@EXAMPLES
@given(name=NAMES, data=JSON, skipped=SKIPPED)
def test_a_message_for_a_room_that_is_held_is_never_dropped(
    wire: Wire, node: RoutedRedisManager, name: str, data: object, skipped: object
) -> None:
    for room in (HELD, "sid"):
        assert not node._is_foreign(wire.emit(name, data, to=room, skip_sid=skipped))


@EXAMPLES
@given(
    name=NAMES,
    data=JSON | st.tuples(JSON, JSON) | st.just(()),
    skipped=SKIPPED,
    room=st.sampled_from([HELD, "sid", None]),
)
def test_what_is_emitted_arrives_as_it_was(
    wire: Wire, node: RoutedRedisManager, name: str, data: object, skipped: object, room: str | None
) -> None:
    sent: list[str] = []
    node.send_through(lambda _eio_sids, packet: sent.append(packet))

    node._on_message(Channels().shared.encode(), wire.emit(name, data, to=room, skip_sid=skipped))

    (packet,) = sent
    assert packet[0] == "2"
    assert json.loads(packet[1:]) == [name, *(data if isinstance(data, tuple) else [data])]


@pytest.mark.parametrize("skipped", ["sid", ["other", "sid"]])
def test_who_is_passed_over_hears_nothing(wire: Wire, node: RoutedRedisManager, skipped: str | list[str]) -> None:
    sent: list[str] = []
    node.send_through(lambda _eio_sids, packet: sent.append(packet))

    for room in (HELD, None):
        node._on_message(Channels().shared.encode(), wire.emit("x", {}, to=room, skip_sid=skipped))

    assert sent == []


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_no_browser_can_read_is_sent_to_none(wire: Wire, node: RoutedRedisManager, number: float) -> None:
    published = wire.emit("x", {"n": number, "NaN": "Infinity"}, to=HELD)

    with pytest.raises(ValueError, match="NaN or Infinity"):
        node._on_message(Channels().shared.encode(), published)


@pytest.mark.parametrize(
    "spoiled",
    [
        ("[1]", "[}{]"),
        ("[1]", '[1]\x1e41\x1e42["y"]'),
        ("[1]", '["\n"]'),
        ("[1]", "[1"),
        ('"x"', "7"),
        ('"x"', '"disconnect"'),
        ('"method": "emit", "event": "x"', '"event": "connect_error", "method": "emit"'),
        ('"x"', '"x"]'),
    ],
)
def test_what_is_no_json_is_sent_to_none(node: RoutedRedisManager, spoiled: tuple[str, str]) -> None:
    sent: list[str] = []
    node.send_through(lambda _eio_sids, packet: sent.append(packet))
    message = {"method": "emit", "event": "x", "data": [1], "binary": False, "namespace": "/", "room": None}
    published = json.dumps({**message, "skip_sid": None, "callback": None, "host_id": "z"})
    node._on_message(Channels().shared.encode(), published.encode())
    assert sent == ['2["x",1]']

    with suppress(ValueError):
        node._on_message(Channels().shared.encode(), published.replace(*spoiled).encode())

    assert len(sent) == 1


@pytest.mark.parametrize("name", [*sorted(RESERVED_EVENTS), 7, None])
def test_no_application_can_emit_what_makes_clients_disconnect(node: RoutedRedisManager, name: Any) -> None:
    for room in ("elsewhere", "sid"):
        with pytest.raises(ValueError, match="no name of an event"):
            node.emit(name, {}, room=room)


@EXAMPLES
@given(name=NAMES, data=JSON, skipped=SKIPPED)
def test_a_message_for_another_node_s_user_is_dropped_unread(
    wire: Wire, node: RoutedRedisManager, name: str, data: object, skipped: object
) -> None:
    assert node._is_foreign(wire.emit(name, data, to=ELSEWHERE, skip_sid=skipped))


@EXAMPLES
@given(name=NAMES, data=JSON, rooms=st.none() | st.just([ELSEWHERE, HELD]) | st.just([HELD]))
def test_a_message_for_several_rooms_or_for_all_is_never_dropped(
    wire: Wire, node: RoutedRedisManager, name: str, data: object, rooms: list[str] | None
) -> None:
    assert not node._is_foreign(wire.emit(name, data, to=rooms))


@EXAMPLES
@given(data=JSON, room=ODD_ROOMS | st.text(max_size=5))
def test_what_is_dropped_is_for_a_room_that_is_not_held(
    wire: Wire, node: RoutedRedisManager, data: object, room: str
) -> None:
    published = wire.emit("notificacao", data, to=room)

    if node._is_foreign(published):
        assert json.loads(published)["room"] not in node.rooms["/"]
        assert json.loads(published)["room"] is not None


@pytest.mark.parametrize("held", [HELD, 'a"b', "água", "\\"])
def test_a_room_with_an_odd_name_is_not_dropped_where_it_is_held(
    wire: Wire, node: RoutedRedisManager, held: str
) -> None:
    node.basic_enter_room("sid", "/", held)

    assert not node._is_foreign(wire.emit("notificacao", {"room": ELSEWHERE}, to=held))


def test_binary_data_is_told_apart_as_well(wire: Wire, node: RoutedRedisManager) -> None:
    data = {"room": b'"room": "user_7"'}

    assert not node._is_foreign(wire.emit("notificacao", data, to=HELD))
    assert node._is_foreign(wire.emit("notificacao", data, to=ELSEWHERE))


@pytest.mark.parametrize("order", ["disconnect", "close_room"])
def test_only_emits_are_dropped(node: RoutedRedisManager, order: str) -> None:
    published = json.dumps({"method": order, "room": ELSEWHERE, "namespace": "/", "host_id": "x"}).encode()

    assert not node._is_foreign(published)


def test_an_emitter_that_writes_json_its_own_way_is_read_in_full(node: RoutedRedisManager) -> None:
    message = {"method": "emit", "event": "x", "data": [], "room": HELD, "host_id": "x"}

    assert not node._is_foreign(json.dumps(message, separators=(",", ":")).encode())
    assert not node._is_foreign(json.dumps(dict(reversed(message.items()))).encode())


# -- what runs the application's code --------------------------------------------------------------


def heard_in_the_event_loop(node: RoutedRedisManager, message: dict[str, Any]) -> None:
    """As the subscription gives it to the manager."""
    gevent.get_hub().loop.run_callback(node._on_message, Channels().shared.encode(), json.dumps(message).encode())


def test_a_stock_session_that_the_send_closes_may_wait_in_its_handlers() -> None:
    manager = RoutedRedisManager(NOWHERE, node_id="web1")
    server = socketio.Server(client_manager=manager, async_mode="gevent")
    ended = Event()

    def disconnected(_sid: str, _reason: str) -> None:
        gevent.sleep(0)
        ended.set()

    server.on("disconnect", disconnected)

    eio_socket = server.eio.sockets["eio"] = Socket(server.eio, "eio")
    eio_socket.connected = True
    eio_socket.last_ping = 1.0  # and never answered
    server.environ["eio"] = {}
    sid = manager.connect("eio", "/")
    manager.basic_enter_room(sid, "/", HELD)

    emit = {"data": [{}], "binary": False, "namespace": "/", "room": HELD, "skip_sid": None, "callback": None}
    heard_in_the_event_loop(manager, {"method": "emit", "event": "x", **emit, "host_id": "y"})

    assert ended.wait(WAIT_S)


def test_what_the_application_raises_is_counted_and_logged_once(node: RoutedRedisManager) -> None:
    before = counted("socketio_cluster_bus_messages_failed_total")
    done: list[int] = []

    def answered(number: int) -> None:
        gevent.sleep(0)
        done.append(number)
        raise RuntimeError("the application's")

    with package_log.captured() as lines:
        for number in range(3):
            ack = node._generate_ack_id("sid", answered)
            answer = {"method": "callback", "host_id": node.host_id, "sid": "sid", "namespace": "/", "id": ack}
            heard_in_the_event_loop(node, {**answer, "args": [number]})
        with gevent.Timeout(WAIT_S):
            while counted("socketio_cluster_bus_messages_failed_total") < before + 3:
                gevent.sleep(0.001)

    assert done == [0, 1, 2]
    assert [line.getMessage() for line in lines] == ["message_failed"]
