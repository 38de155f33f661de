"""The panel goes to the administrators that watch it, as long as they are some, and costs next to nothing."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import socketio
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.delivery.sockets import UserSocket
from flask_socketio_cluster.node.report import NODE, NODE_METRICS, RELAY_METRICS, WORKER, Report, Reports
from redis import Redis

from app import metrics, wire
from app.db import Database
from app.errors import NotFound
from app.panel.feed import IDLE_S, PanelFeed
from app.users import administrators
from tests.integration.customers import Customer, new_customer
from tests.integration.library import NOWHERE
from tests.integration.test_feed import Node, Screen
from tests.support.servers import RedisServer

KEYS = Keys([b"k" * 32])
OF_NODES = (*NODE_METRICS, metrics.HTTP_ANSWERS, metrics.GATE_WAITING, metrics.GATE_REFUSED)
OF_WORKERS = (*RELAY_METRICS, metrics.JOB_OK, metrics.JOB_OVERDUE, metrics.PUSHES)


class Watched:
    """The panel on a node without a network."""

    def __init__(self, db: Database, server: socketio.Server, redis_url: str) -> None:
        self.node = Node(db, server)
        self.panel = PanelFeed(db, Reports(redis_url, keys=KEYS))
        self._handlers: dict[str, Callable[..., Any]] = {}
        self.panel.serve(self)  # type: ignore[arg-type]  # what a Delivery does of it

    def serve(self, event: str, handler: Callable[..., Any]) -> None:
        self._handlers[event] = handler

    def say_to(self, sockets: Iterable[UserSocket], event: str, payload: Any) -> list[UserSocket]:
        return self.node.feed.say_to(sockets, (event, payload))

    def screen(self, who: Customer, **options: Any) -> Screen:
        """A socket of somebody who has asked for the panel."""
        screen = self.node.screen(who.id, **options)
        self.ask(wire.PAINEL_ACOMPANHAR, screen)
        return screen

    def ask(self, event: str, screen: Screen) -> None:
        assert self._handlers[event](screen.session, screen.session.identity, {}) == {"ok": True}

    def turn(self) -> float:
        pause_s = self.panel.loop._step()
        assert pause_s is not None
        return pause_s


def heard(screen: Screen) -> list[dict[str, Any]]:
    """The panels that came since the last look."""
    packets = [packet for packet in (screen.socket.poll({}) if screen.socket.backlog else []) if packet != "1"]
    told = [json.loads(packet[2:]) for packet in packets]
    assert all(name == wire.PAINEL for name, _ in told)
    return [payload for _, payload in told]


@pytest.fixture
def watched(sqlite: Database, server: socketio.Server, own_redis: RedisServer) -> Watched:
    Redis.from_url(own_redis.url).flushall()
    return Watched(sqlite, server, own_redis.url)


def administrator(db: Database) -> Customer:
    made = new_customer(db)
    db.transact(administrators.make, made.id)
    return made


def say(redis: RedisServer, *, nodes: int, workers: int = 0) -> None:
    for role, number, counted in ((NODE, nodes, OF_NODES), (WORKER, workers, OF_WORKERS)):
        for n in range(number):
            Report(redis.url, name=f"{role}{n + 1}", role=role, counted=counted, keys=KEYS).say()


def test_nobody_watching_redis_is_not_asked(sqlite: Database, server: socketio.Server) -> None:
    assert Watched(sqlite, server, NOWHERE).turn() == IDLE_S


def test_who_watches_is_told_of_every_process_and_then_of_rates(
    sqlite: Database, watched: Watched, own_redis: RedisServer
) -> None:
    say(own_redis, nodes=2, workers=1)
    screen = watched.screen(administrator(sqlite))

    watched.turn()
    watched.turn()

    first, second = heard(screen)
    assert [node["nome"] for node in first["nos"]] == ["node1", "node2"]
    assert [worker["nome"] for worker in first["workers"]] == ["worker1"]
    assert [first["por_segundo"], second["por_segundo"]] == [False, True]


def test_to_anybody_else_there_is_no_panel(sqlite: Database, watched: Watched) -> None:
    screen = watched.node.screen(new_customer(sqlite).id)

    with pytest.raises(NotFound):
        watched.ask(wire.PAINEL_ACOMPANHAR, screen)

    assert watched.turn() == IDLE_S


def test_who_is_removed_or_left_or_ended_is_told_nothing_more_and_the_others_are(
    sqlite: Database, watched: Watched, own_redis: RedisServer
) -> None:
    say(own_redis, nodes=1)
    removed, left, ended, expired, stays = (watched.screen(administrator(sqlite)) for _ in range(5))
    watched.turn()
    assert [len(heard(screen)) for screen in (removed, left, ended, expired, stays)] == [1] * 5

    assert removed.session.identity
    sqlite.transact(administrators.unmake, int(removed.session.identity.key))
    watched.ask(wire.PAINEL_SAIR, left)
    watched.node.sockets.close(ended.session.sid)
    expired.session.deadline_s = 0.0
    watched.turn()

    assert [len(heard(screen)) for screen in (removed, left, ended, expired, stays)] == [0, 0, 0, 0, 1]
    watched.ask(wire.PAINEL_SAIR, stays)
    assert watched.turn() == IDLE_S


def test_the_panel_takes_less_than_a_hundredth_of_a_core(
    sqlite: Database, watched: Watched, own_redis: RedisServer
) -> None:
    """By the processor's time of this thread, of all that a turn does; twenty processes, two watchers."""
    say(own_redis, nodes=15, workers=5)
    for _ in range(2):
        watched.screen(administrator(sqlite))
    watched.turn()

    began_s, pauses_s = time.thread_time(), sum(watched.turn() for _ in range(20))
    spent_s = time.thread_time() - began_s

    assert spent_s / pauses_s < 0.01
