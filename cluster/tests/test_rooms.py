"""On two nodes everything that Flask-SocketIO does with rooms is what it is on one, signed or not, with one Redis or a
Redis Cluster."""

import itertools
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask_socketio import SocketIO
from flask_socketio_cluster.bus import Numbered, Publisher, RoutedRedisManager
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.signing import Keys
from installed import Program
from listener import Listener, connected
from redis import Redis
from redis.crc import key_slot

from tests.support.people import eventually
from tests.support.redis_cluster import RedisCluster

KEY = "k" * 32
ROOMS = ["kitchen", "#", "a b\tc", "água 水 🫖", "/x#y", "x" * 1000, "web1.short", "%23", "null"]


class Nodes:
    """Two nodes of rooms.py, and what emits from outside."""

    def __init__(self, one: str, two: str, redis_url: str, stock_url: str, keys: Keys | None) -> None:
        self.one, self.two = one, two
        self.redis_url, self.stock_url = redis_url, stock_url
        self.outside = RoutedRedisManager(redis_url, write_only=True, keys=keys)
        self.stock = SocketIO(message_queue=stock_url)


@pytest.fixture(scope="module", params=["unsigned", "signed", "cluster"])
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    if request.param == "cluster":
        servers: RedisCluster = request.getfixturevalue("cluster")
        redis_url, stock_url = servers.url, servers.primaries[0].url
    else:
        redis_url = stock_url = request.getfixturevalue("redis").url
    keys = Keys([KEY.encode()]) if request.param == "signed" else None
    settings = {"REDIS_URL": redis_url} | ({"BUS_KEY": KEY} if keys else {})
    program = Program(sys.executable, tmp_path_factory.mktemp("nodes"), Path(__file__).parent, settings)
    with ExitStack() as stack:
        one, two = (stack.enter_context(program.node("rooms:app", name)) for name in ("web1", "web2"))
        yield Nodes(one, two, redis_url, stock_url, keys)


@pytest.fixture(params=["/", "/a#b"])
def namespace(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def ana(nodes: Nodes, namespace: str) -> Iterator[Listener]:
    with connected(nodes.one, namespace) as listener:
        yield listener


@pytest.fixture
def bia(nodes: Nodes, namespace: str) -> Iterator[Listener]:
    with connected(nodes.two, namespace) as listener:
        yield listener


@pytest.fixture
def room() -> str:
    return secrets.token_hex(4)


def said(listener: Listener, mark: str) -> list[Any]:
    """What it heard up to the last of the marks."""
    heard: list[Any] = []
    while heard.count(mark) < MARKS:
        heard = listener.wait("said", len(heard) + 1)
    return [data for data in heard if not isinstance(data, str) or data not in _marks]


def mark(listener: Listener, by: Listener) -> str:
    """Say to the listener what it hears last, whatever way it comes: each primary of a Redis Cluster has its own, what
    is for one socket has another, and so has what is for all, which the servers of a Redis Cluster pass on."""
    made = secrets.token_hex(4)
    _marks.add(made)
    sid = listener.call("whoami", None)
    for third in range(RedisCluster.PRIMARIES):
        room = room_of_third(listener.namespace, third, sid)
        listener.call("join", room)
        by.call("emit", {"data": made, "to": room})
    by.call("emit", {"data": made, "to": sid})
    by.call("emit", {"data": made})
    return made


MARKS = RedisCluster.PRIMARIES + 2
# Everybody hears of them.
_marks: set[str] = set()


def room_of_third(namespace: str, third: int, beginning: str) -> str:
    """A room that the `third` primary of a Redis Cluster owns."""
    names = (f"{beginning} {number}" for number in itertools.count())
    return next(name for name in names if third_of(Channels().room(namespace, name)) == third)


def third_of(channel: str) -> int:
    return key_slot(channel.encode()) * RedisCluster.PRIMARIES // RedisCluster.SLOTS


@pytest.mark.parametrize("name", ROOMS)
def test_any_name_is_a_room(ana: Listener, bia: Listener, nodes: Nodes, namespace: str, name: str) -> None:
    assert bia.call("join", name) is True

    ana.call("emit", {"data": {"to": name}, "to": name})
    nodes.outside.emit("said", "from outside", namespace=namespace, room=name)
    nodes.stock.emit("said", "from a stock script", namespace=namespace, to=name)

    heard = bia.wait("said", 3)
    assert {"to": name} in heard
    assert "from outside" in heard
    assert "from a stock script" in heard


def test_nobody_hears_what_is_for_another_room_or_namespace(
    ana: Listener, bia: Listener, nodes: Nodes, namespace: str, room: str
) -> None:
    other = {"/": "/a#b", "/a#b": "/"}[namespace]
    bia.call("join", room)

    nodes.outside.emit("said", "x", namespace=other, room=room)
    nodes.outside.emit("said", "x", namespace=namespace, room=room + "x")
    ana.call("emit", {"data": "own", "to": room})

    assert said(bia, mark(bia, by=ana)) == ["own"]


def test_several_rooms_are_one_audience_and_who_is_passed_over_hears_nothing(
    ana: Listener, bia: Listener, room: str
) -> None:
    for name in (room, room + "2"):
        ana.call("join", name)
        bia.call("join", name)
    own = ana.call("whoami", None)

    ana.call("emit", {"data": "both", "to": [room, room + "2"]})
    ana.call("emit", {"data": "not to me", "to": room, "skip_sid": own})
    ana.call("emit", {"data": "nor to her", "to": room, "skip_sid": [own, bia.call("whoami", None)]})

    assert said(ana, mark(ana, by=bia)) == ["both"]
    # In any order: a Redis Cluster keeps it for each room, and "both" is for two.
    assert sorted(said(bia, mark(bia, by=ana))) == ["both", "not to me"]


def test_each_of_several_rooms_is_told_something_of_its_own(
    ana: Listener, bia: Listener, nodes: Nodes, namespace: str, room: str
) -> None:
    rooms = [f"{room} {number}" for number in range(4)]
    for name in rooms[:3]:
        ana.call("join", name)
    bia.call("join", rooms[3])

    nodes.outside.emit_each("said", ((name, {"for": name}) for name in rooms), namespace=namespace)

    # In any order: a Redis Cluster keeps it for each room.
    heard = sorted(said(ana, mark(ana, by=bia)), key=str)
    assert heard == [{"for": name} for name in rooms[:3]]
    assert said(bia, mark(bia, by=ana)) == [{"for": rooms[3]}]


def test_a_client_has_a_session_of_its_own(ana: Listener, bia: Listener) -> None:
    ana.call("remember", "salt")
    bia.call("remember", "sugar")

    assert (ana.call("recall", None), bia.call("recall", None)) == ("salt", "sugar")


def test_everybody_is_an_audience_too(ana: Listener, bia: Listener) -> None:
    ana.call("emit", {"data": "all"})

    assert said(ana, mark(ana, by=bia)) == ["all"]
    assert said(bia, mark(bia, by=ana)) == ["all"]


def test_data_of_every_kind_arrives_as_it_was(ana: Listener, bia: Listener, room: str) -> None:
    bia.call("join", room)
    plain: list[Any] = [None, True, 0, -1.5, "", 'água\n"NaN" E1', [], [[]], {}, {"a": {"b": [None]}}]
    kinds: list[Any] = [*plain, b"bytes", {"b": [b"\x00"]}]
    for data in kinds:
        ana.call("emit", {"data": data, "to": room})

    assert said(bia, mark(bia, by=ana)) == kinds


def test_a_client_on_another_node_is_asked_and_answers(ana: Listener, bia: Listener) -> None:
    bia.answer("asked", lambda data: {"to": data})

    assert ana.call("call", bia.call("whoami", None)) == {"to": {"n": 1}}


def test_a_client_on_another_node_enters_and_leaves_rooms(ana: Listener, bia: Listener, room: str) -> None:
    sid = bia.call("whoami", None)
    ana.call("enter", (sid, room))
    eventually(lambda: _hears(ana, bia, room), "a room that it is in")

    ana.call("leave", (sid, room))

    eventually(lambda: not _hears(ana, bia, room), "a room that it is not in any more")


def _hears(one: Listener, other: Listener, room: str) -> bool:
    text = secrets.token_hex(4)
    one.call("emit", {"data": text, "to": room})
    return text in said(other, mark(other, by=one))


def test_a_room_that_is_closed_has_no_members_on_any_node(ana: Listener, bia: Listener, room: str) -> None:
    ana.call("join", room)
    bia.call("join", room)

    ana.call("close", room)

    eventually(lambda: not _hears(ana, bia, room), "a room without members")


def test_a_client_on_another_node_is_disconnected(ana: Listener, bia: Listener) -> None:
    ana.call("kick", bia.call("whoami", None))

    assert bia.client.ended.wait(20)


def test_a_browser_can_read_whatever_is_emitted(nodes: Nodes) -> None:
    with pytest.raises(ValueError, match="NaN"):
        nodes.outside.emit("said", {"n": float("nan")}, room="x")


# -- with keys -------------------------------------------------------------------------------------


def test_what_nobody_signed_is_dropped_unless_it_is_a_stock_emit(
    nodes: Nodes, ana: Listener, bia: Listener, namespace: str, room: str
) -> None:
    forger = Forger(nodes, namespace)
    bia.call("join", room)
    sid = bia.call("whoami", None)

    forger.say_everything(room, sid)
    unsigned = nodes.outside._keys is None
    if not unsigned:
        forger.order_everything(room, sid)
    nodes.stock.emit("said", "from a stock script", namespace=namespace, to=room)
    ana.call("emit", {"data": "for the room", "to": room})

    heard = said(bia, mark(bia, by=ana))
    forged = ["forged"] * forger.emits if unsigned else []
    assert sorted(heard) == ["for the room", *forged, "from a stock script"], "it is in its room still, and in no other"
    assert bia.call("whoami", None) == sid, "it was not disconnected"


def test_rooms_whose_names_are_no_text_are_other_rooms(ana: Listener, bia: Listener) -> None:
    ana.call("join", "5")
    bia.call("enter", (bia.call("whoami", None), 5))

    ana.call("emit", {"data": "for the text", "to": "5"})
    bia.call("emit", {"data": "for the text", "to": "5"})
    ana.call("emit", {"data": "for the number", "to": 5})

    assert said(ana, mark(ana, by=bia)) == ["for the text"] * 2
    assert said(bia, mark(bia, by=ana)) == ["for the number"]


class Forger:
    """Somebody who reaches Redis, knows everything, and has no key but one of their own."""

    emits = 3

    def __init__(self, nodes: Nodes, namespace: str) -> None:
        self._nodes = nodes
        self._namespace = namespace
        self._unsigned = RoutedRedisManager(nodes.redis_url, write_only=True)
        self._signed = RoutedRedisManager(nodes.redis_url, write_only=True, keys=Keys([b"f" * 32]))

    def say_everything(self, room: str, sid: str) -> None:
        for manager in (self._unsigned, self._signed):
            manager.emit("said", "forged", namespace=self._namespace, room=room)
        self._unsigned.emit("said", "forged", namespace=self._namespace, room=sid)
        Publisher(self._nodes.redis_url).publish([Numbered(self._namespace, room, 1, ('2["said","forged"]',))])
        with Redis.from_url(self._nodes.stock_url, socket_timeout=5) as client:
            for channel in (Channels().shared, Channels().room(self._namespace, room)):
                client.publish(channel, b"~" * 60)

    def order_everything(self, room: str, sid: str) -> None:
        """What makes a node do more than speak, where stock emitters speak."""
        common: dict[str, Any] = {"namespace": self._namespace, "host_id": "forger", "sid": sid, "room": room}
        orders = [{**common, "method": method} for method in ("leave_room", "close_room", "disconnect", "signal")]
        orders += [
            {**common, "method": "close_room", "room": None},
            {**common, "method": "callback", "id": 1, "args": []},
            {**common, "method": "enter_room", "room": "elsewhere"},
        ]
        with Redis.from_url(self._nodes.stock_url, socket_timeout=5) as client:
            for order in orders:
                client.publish(Channels().shared, json.dumps(order))
        self._unsigned.emit("said", "forged", namespace=self._namespace, room="elsewhere")
        self._nodes.outside.emit("said", "overheard", namespace=self._namespace, room="elsewhere")
