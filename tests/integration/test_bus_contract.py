"""The names of python-socketio's managers and of redis-py that are not documented API, and that app/realtime rests
on. A test that fails here says what an upgrade would break, before anybody misses an event. The names of the servers
are in test_server_contract.py."""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import flask_socketio
import pytest
import socketio
from engineio.socket import Socket
from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus import manager as bus
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.bus.node_ids import new_sid
from flask_socketio_cluster.delivery.relaying import StreamPublisher
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.streams.stream import Stored
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from socketio import RedisManager

from app.streams.stream import streams
from tests.integration.library import NOWHERE, parameters
from tests.support.servers import RedisServer, redis_server

PINNED = ("flask-socketio", "python-socketio", "python-engineio")

# -- versions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", PINNED)
def test_the_versions_that_were_looked_at_are_the_installed_ones(package: str) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "cluster" / "pyproject.toml").read_text())

    assert f"{package}=={version(package)}" in project["project"]["dependencies"], "these tests hold for one version"


# -- the manager: what we replace is what the library calls ----------------------------------------


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("_publish", ["data"]),
        ("initialize", []),
        ("basic_enter_room", ["sid", "namespace", "room", "eio_sid"]),
        ("basic_leave_room", ["sid", "namespace", "room"]),
        ("basic_disconnect", ["sid", "namespace", "kwargs"]),
        ("get_rooms", ["sid", "namespace"]),
        ("is_sid_room", ["namespace", "room"]),
        ("eio_sid_from_sid", ["sid", "namespace"]),
        ("_handle_emit", ["message"]),
        ("_handle_disconnect", ["message"]),
        ("_handle_enter_room", ["message"]),
        ("_handle_leave_room", ["message"]),
        ("_handle_close_room", ["message"]),
        ("_handle_callback", ["message"]),
        ("_generate_ack_id", ["sid", "callback"]),
        ("get_participants", ["namespace", "room"]),
    ],
)
def test_the_manager_has_the_methods_that_ours_replaces_or_calls(name: str, takes: list[str]) -> None:
    assert parameters(getattr(RedisManager, name)) == takes, f"RoutedRedisManager counts on {name}"


@pytest.mark.parametrize("name", ["_publish", "initialize", "basic_enter_room", "basic_leave_room", "basic_disconnect"])
def test_ours_takes_what_the_library_s_takes(name: str) -> None:
    ours, theirs = getattr(RoutedRedisManager, name), getattr(RedisManager, name)

    assert parameters(ours) == parameters(theirs), "the library calls it with these"


def test_the_manager_emits_where_ours_expects_it() -> None:
    theirs = inspect.signature(RedisManager.emit).parameters
    ours = inspect.signature(RoutedRedisManager.emit).parameters

    assert {"event", "data", "namespace", "room", "to", "skip_sid", "callback", "kwargs"} <= set(theirs)
    assert list(ours)[:5] == list(theirs)[:5], "the server calls emit with these by place"


def test_a_manager_marked_as_initialized_is_not_initialized_again(server: socketio.Server) -> None:
    server.manager_initialized = True
    server.manager.initialize = pytest.fail
    server.environ["web1.eio"] = {}

    server._handle_eio_connect("web1.eio", {})  # the library initializes on the first connection

    assert "manager_initialized" in inspect.getsource(socketio.Server), "else two greenlets would listen"


def test_a_manager_knows_its_own_messages_by_its_host_id() -> None:
    one, two = RoutedRedisManager(NOWHERE, node_id="web1"), RoutedRedisManager(NOWHERE, node_id="web2")

    assert one.host_id != two.host_id, "what a node published itself is not delivered twice"


def test_rooms_are_a_dict_of_namespaces_of_rooms_of_sids(server: socketio.Server, sid: str) -> None:
    server.enter_room(sid, "user_7")

    assert server.manager.rooms["/"]["user_7"][sid] == "web1.eio", "_is_foreign looks for the room here"
    assert set(server.manager.rooms["/"]) == {None, sid, "user_7"}
    assert server.manager.eio_sid_from_sid(sid, "/") == "web1.eio", "the feed sends to this session"


def test_joining_and_leaving_go_through_the_basic_methods(
    server: socketio.Server, sid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, object]] = []
    for name in ("basic_enter_room", "basic_leave_room"):
        monkeypatch.setattr(server.manager, name, lambda *args, n=name, **_: seen.append((n, args[2])))

    server.enter_room(sid, "user_7")
    server.leave_room(sid, "user_7")

    assert seen == [("basic_enter_room", "user_7"), ("basic_leave_room", "user_7")], "else channels leak"


def test_a_disconnect_forgets_all_that_the_library_forgets(server: socketio.Server, sid: str) -> None:
    stock = socketio.Server(client_manager=RedisManager(NOWHERE), async_mode="threading")
    stock.eio.sockets["web1.eio"] = Socket(stock.eio, "web1.eio")
    stock_sid = stock.manager.connect("web1.eio", "/")

    for each, its_sid in ((server, sid), (stock, stock_sid)):
        each.enter_room(its_sid, "user_7")
        each.manager._generate_ack_id(its_sid, print)
        each.manager.pre_disconnect(its_sid, "/")
        each.manager.disconnect(its_sid, "/", ignore_queue=True)

    left = [
        (m.rooms, m.eio_to_sid, m.callbacks, m.pending_connect, m.pending_disconnect)
        for m in (server.manager, stock.manager)
    ]
    assert left[0] == left[1] == ({}, {}, {}, {}, {}), "what is not forgotten is memory that never comes back"


def test_every_message_goes_where_those_hear_it_whom_it_concerns(
    server: socketio.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    monkeypatch.setattr(server.manager._client, "publish", lambda channel, _data: published.append(channel.decode()))
    far, stock = new_sid("web2"), "A" * 20
    room, node = Channels().room("/", "user_7"), Channels().node("web2")

    for target in (far, "user_7", new_sid("a" * 32), ["user_7", "user_8"], None, stock):
        server.emit("x", {}, to=target)
    for sid in (far, stock):
        server.enter_room(sid, "user_7")
        server.leave_room(sid, "user_7")
        server.disconnect(sid)
    server.close_room("user_7")
    server.manager._return_callback(new_sid("web2"), "sid", "/", 1, "x")
    server.manager._return_callback("f00d" * 8, "sid", "/", 1, "x")

    emits = [node, room, Channels().node("a" * 32), Channels().shared, Channels().shared, Channels().room("/", stock)]
    others = [node] * 3 + [Channels().shared] * 3
    assert published == [*emits, *others, room, node, Channels().shared]


def test_answers_that_never_come_are_not_waited_for_without_end(
    server: socketio.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "CALLBACKS_MAX", 10)
    monkeypatch.setattr(server.manager._client, "publish", lambda *_: None)

    for number in range(50):
        server.emit("x", {}, to=f"web2.{number:020}", callback=print)

    assert len(server.manager.callbacks) == len(server.manager._asked) == 10


# -- messages of stock emitters --------------------------------------------------------------------


class Recorder(RedisManager):  # type: ignore[misc]
    """A stock emitter up to the moment of publishing."""

    def _publish(self, data: dict[str, Any]) -> None:
        self.published = self.json.dumps(data)


def test_a_stock_message_is_what_a_node_looks_for_in_it() -> None:
    emitter = Recorder(NOWHERE, channel=Channels().shared, write_only=True)
    emitter.emit("notificacao", {"a": 1}, room="user_7")

    assert emitter.published.startswith('{"method": "emit"'), "_is_foreign looks for this beginning"
    assert '"room": "user_7"' in emitter.published, "_is_foreign looks for this spelling"
    keys = list(json.loads(emitter.published))
    assert keys[keys.index("room") + 1 :] == ["skip_sid", "callback", "host_id"], (
        "what follows the room holds no text of the sender's, so the last mark is the message's own"
    )


def test_stock_flask_socketio_uses_the_channel_that_the_nodes_listen_to() -> None:
    default = inspect.signature(flask_socketio.SocketIO.init_app)
    source = inspect.getsource(flask_socketio.SocketIO.init_app)

    assert "kwargs" in default.parameters
    assert re.search(rf"channel', '{Channels().shared}'", source), "a script without settings publishes there"


# -- redis-py --------------------------------------------------------------------------------------


def test_a_subscribed_connection_speaks_as_the_subscriber_reads(redis: RedisServer) -> None:
    client = redis_client.connect(redis.url)
    pool = redis_client.connect(redis.url, answer_timeout_s=5).connection_pool
    connection = pool.get_connection()

    connection.send_command("SUBSCRIBE", b"one", b"two")
    confirmed = [connection.read_response() for _ in range(2)]
    client.publish("two", "água")
    heard = connection.read_response()
    connection.send_command("UNSUBSCRIBE", b"one")
    left = connection.read_response()
    connection.disconnect()
    pool.release(connection)

    assert confirmed == [[b"subscribe", b"one", 1], [b"subscribe", b"two", 2]]
    assert heard == [b"message", b"two", "água".encode()]
    assert left == [b"unsubscribe", b"one", 1]


def test_a_pipeline_of_messages_fails_as_a_whole_when_redis_is_away() -> None:
    pipeline = redis_client.connect(NOWHERE).pipeline(transaction=False)
    pipeline.publish("one", "x")

    with pytest.raises(RedisConnectionError):
        pipeline.execute()


# -- what a Redis that hangs costs -----------------------------------------------------------------


@pytest.fixture
def hanging_redis() -> Iterator[RedisServer]:
    """It takes connections and answers nothing."""
    with redis_server() as server:
        server.stop()
        yield server


def test_publishing_to_a_redis_that_hangs_raises_instead_of_waiting(hanging_redis: RedisServer) -> None:
    manager = RoutedRedisManager(hanging_redis.url, node_id="web1")
    socketio.Server(client_manager=manager, async_mode="threading")

    with pytest.raises(BusUnavailable):
        manager.emit("notificacao", {"x": 1}, room="user_7")
    with pytest.raises(RedisError):
        StreamPublisher(hanging_redis.url, streams).publish([Stored(7, 1, '2["notificacao",{}]', {})])


def test_what_publishing_may_wait_is_bounded_by_three_tenths_of_a_second() -> None:
    options = redis_client.connect(NOWHERE).connection_pool.connection_kwargs

    assert options["socket_connect_timeout"] + options["socket_timeout"] <= 0.3 + 1e-9
