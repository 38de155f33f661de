"""Each event is counted for its user, its address and its name before the database is asked about it."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
import socketio
from flask_socketio_cluster.delivery.guard import Guard
from flask_socketio_cluster.limits import Bucket, ClientLimits
from flask_socketio_cluster.limits.buckets import SharedBuckets

from app.db import Database
from app.errors import BadToken
from app.realtime import bank_messages
from app.users.auth import Identity
from tests.integration.test_feed import Node, Screen
from tests.support.metrics import counted
from tests.support.servers import RedisServer

PATIENCE_S = 30.0
ALICE, BOB = 1, 2
PLENTY = 1000


def few(name: str, burst: int) -> Bucket:
    """Of which none comes back while a test runs."""
    return Bucket(name, per_s=0.001, burst=burst)


@dataclass
class Door:
    """One node with few tokens, counted by names of its own."""

    node: Node
    redis: RedisServer
    prefix: str = field(default_factory=lambda: f"saldo-vivo:limits:{secrets.token_hex(4)}:")
    asked: list[Any] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)

    def guard(self, **limits: Any) -> Guard:
        plenty = {name: few(name, PLENTY) for name in ("user", "address", "event", "refusals")}
        self.node.transport.limits = ClientLimits(**{**plenty, **limits})
        return Guard(
            read_token=self._read_token,
            verify=self._verify,
            unavailable=(),
            refusals=(BadToken,),
            messages=bank_messages(),
            sockets=self.node.sockets,
            feed=self.node.feed,
            transport=self.node.transport,
            buckets=SharedBuckets(
                self.redis.url,
                key_prefix=self.prefix,
                connect_timeout_s=PATIENCE_S,
                answer_timeout_s=PATIENCE_S,
            ),
            close=lambda socket, reason: self.closed.append((socket.sid, reason)),
        )

    def _read_token(self, _token: object) -> Identity:
        raise BadToken

    def _verify(self, who: Identity) -> Identity:
        self.asked.append(who.key)
        return who


@pytest.fixture
def door(sqlite: Database, server: socketio.Server, redis: RedisServer) -> Door:
    return Door(Node(sqlite, server), redis)


def done(guard: Guard, screen: Screen, event: str = "x", *, times: int, data: object = None) -> int:
    """How often the handler ran."""
    return sum(guard.run(lambda *_: True, event, screen.session, (data or {},)) is True for _ in range(times))


def told(screen: Screen) -> list[str]:
    """The codes of what was refused."""
    packets = screen.socket.poll({}) if screen.socket.backlog else []
    return [json.loads(packet[2:])[1]["codigo"] for packet in packets]


def test_a_user_has_so_many_on_all_sockets_together_and_others_have_their_own(door: Door) -> None:
    guard = door.guard(user=few("user", 3))
    screens = [door.node.screen(user) for user in (ALICE, ALICE, BOB)]

    assert [done(guard, screen, times=2) for screen in screens] == [2, 1, 2]
    assert told(screens[1]) == ["muitas_requisicoes"]
    assert door.asked == [ALICE] * 3 + [BOB] * 2, "the database is not asked for what is refused"


def test_an_address_has_so_many_for_all_who_are_there(door: Door) -> None:
    guard = door.guard(address=few("address", 3))

    assert [done(guard, door.node.screen(user), times=2) for user in (ALICE, BOB)] == [2, 1]


def test_each_event_of_a_user_has_its_own_and_some_have_another_size(door: Door) -> None:
    guard, screen = door.guard(event=few("event", 3), events={"y": few("event:y", 1)}), door.node.screen(ALICE)

    assert [done(guard, screen, event, times=5) for event in ("x", "y", "z")] == [3, 1, 3]


def test_what_is_refused_for_its_token_counts_for_its_address(door: Door) -> None:
    guard, screen = door.guard(address=few("address", 2)), door.node.screen(ALICE)

    assert done(guard, screen, times=3, data={"token": "forged"}) == 0
    assert told(screen) == ["token_invalido", "token_invalido", "muitas_requisicoes"]


def test_unknown_events_count_for_user_and_address(door: Door) -> None:
    guard, screen = door.guard(user=few("user", 2)), door.node.screen(ALICE)
    for number in range(3):
        guard.run_unknown(f"nada{number}", screen.session)

    assert told(screen) == ["evento_desconhecido", "evento_desconhecido", "muitas_requisicoes"]
    assert done(guard, screen, times=1) == 0


def test_who_goes_on_regardless_is_told_a_few_times_and_ended(door: Door) -> None:
    guard, screen = door.guard(user=few("user", 1), refusals=few("refusals", 2)), door.node.screen(ALICE)

    assert done(guard, screen, times=4) == 1
    assert told(screen) == ["muitas_requisicoes"] * 2
    assert door.closed == [(screen.session.sid, "too_fast")]


def test_in_a_dry_run_everything_is_done_and_counted(door: Door) -> None:
    guard, screen = door.guard(user=few("user", 1), dry_run=True), door.node.screen(ALICE)
    before = counted("socketio_cluster_limited_total", limit="user", dry_run="true")

    assert done(guard, screen, times=5) == 5
    assert told(screen) == []
    assert counted("socketio_cluster_limited_total", limit="user", dry_run="true") == before + 4
