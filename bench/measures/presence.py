"""What it costs to know who is online, at rest and when thousands come or go at once."""

import time
from collections.abc import Iterable
from typing import Any

import gevent
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.presence import Presence
from flask_socketio_cluster.streams.stream import Key
from sqlalchemy import Connection, insert

from app import clock
from app.contacts.models import Contact
from app.contacts.presence import ContactPresence
from app.db import Database
from app.limiter import connect as connect_limiter
from app.migrations import runner
from app.users.models import User
from app.wire import room_of
from bench.lab import Lab
from bench.processes import cpu_ns
from tests.support.servers import DatabaseServer, RedisServer, redis_server

NODES = 3
CONTACTS = 20
ROWS_AT_ONCE = 5000
IDLE_BEATS = 10


class Teller:
    """In place of a node's Delivery: publishes as it does, and counts."""

    def __init__(self, bus: RoutedRedisManager) -> None:
        self._bus = bus
        self.told: list[tuple[int, bool]] = []
        self.messages = 0

    def tell_each(self, event: str, messages: Iterable[tuple[Key, Any]]) -> None:
        ready = [(room_of(key), payload) for key, payload in messages]
        self._bus.emit_each(event, ready, namespace="/")
        self.messages += len(ready)
        self.told += {(payload["usuario_id"], payload["online"]): None for _, payload in ready}

    def keys(self) -> list[Key]:
        return []


class Nodes:
    """Nodes of one process: their presence, and what they tell."""

    def __init__(self, db: Database, redis: RedisServer) -> None:
        self.tellers, self.presences = [], []
        for number in range(NODES):
            bus = RoutedRedisManager(redis.url, node_id=f"web{number}", write_only=True)
            presence = Presence(redis.url, node_id=f"web{number}")
            teller = Teller(bus)
            ContactPresence(db, connect_limiter(redis.url), presence, teller)  # type: ignore[arg-type]  # see Teller
            self.presences.append(presence)
            self.tellers.append(teller)

    def of(self, user_id: int) -> Presence:
        return self.presences[user_id % NODES]

    def start(self) -> None:
        for presence in self.presences:
            for loop in presence.loops:
                loop.start()

    def stop(self) -> None:
        for presence in self.presences:
            for loop in presence.loops:
                loop.stop()

    @property
    def told(self) -> int:
        return sum(len(teller.told) for teller in self.tellers)

    @property
    def messages(self) -> int:
        return sum(teller.messages for teller in self.tellers)

    def wait_told(self, count: int) -> None:
        while self.told < count:
            gevent.sleep(0.05)


def run(lab: Lab, database: DatabaseServer) -> None:
    db = Database(database.create_database("presence"))
    runner.upgrade(db)
    users = range(1, lab.scale.online + 1)
    db.transact(_fill, len(users))
    with redis_server() as redis:
        nodes = Nodes(db, redis)
        nodes.start()
        _storm(lab, nodes, redis, f"{len(users):,} come", [(user_id, True) for user_id in users])
        _idle(lab, nodes, redis, len(users))
        _storm(lab, nodes, redis, f"{len(users) // 2:,} go", [(user_id, False) for user_id in users[::2]])
        nodes.stop()
    db.dispose()


def _storm(lab: Lab, nodes: Nodes, redis: RedisServer, case: str, changes: list[tuple[int, bool]]) -> None:
    told, messages = nodes.told, nodes.messages
    cpu, redis_cpu, started = time.process_time_ns(), cpu_ns([redis.pid]), time.monotonic()
    for user_id, online in changes:
        if online:
            nodes.of(user_id).enter(f"s{user_id}", user_id)
        else:
            nodes.of(user_id).leave(f"s{user_id}")
    nodes.wait_told(told + len(changes))
    lab.results.add(
        "presence",
        case,
        "ours",
        told_after_s=time.monotonic() - started,
        nodes_cpu_us_per_change=(time.process_time_ns() - cpu) / 1e3 / len(changes),
        redis_cpu_us_per_change=(cpu_ns([redis.pid]) - redis_cpu) / 1e3 / len(changes),
        messages_per_change=(nodes.messages - messages) / len(changes),
    )


def _idle(lab: Lab, nodes: Nodes, redis: RedisServer, online: int) -> None:
    """The loops beat too, now and then: nothing else runs while these are counted."""
    cpu, redis_cpu = time.process_time_ns(), cpu_ns([redis.pid])
    for _ in range(IDLE_BEATS):
        for presence in nodes.presences:
            presence.beat()
    beats = IDLE_BEATS * NODES
    lab.results.add(
        "presence",
        f"{online:,} online, nothing happens",
        "ours",
        cpu_us_per_beat=(time.process_time_ns() - cpu) / 1e3 / beats,
        redis_cpu_us_per_beat=(cpu_ns([redis.pid]) - redis_cpu) / 1e3 / beats,
    )


def _fill(connection: Connection, count: int) -> None:
    """People who each know the CONTACTS next ones, round a circle."""
    now = clock.now()
    people = [
        {
            "id": i,
            "email": f"{i}@teste.example",
            "name": f"Pessoa {i}",
            "password_hash": "x" * 60,
            "token_generation": 1,
            "created_at": now,
        }
        for i in range(1, count + 1)
    ]
    flags = {"consents": 1, "refused": 0, "listed": 1, "favourite": 0, "blocked": 0}
    half = CONTACTS // 2
    steps = [*range(1, half + 1), *range(-half, 0)]
    pairs = [{"user_id": i + 1, "other_id": (i + step) % count + 1, **flags} for i in range(count) for step in steps]
    for table, rows in ((User, people), (Contact, pairs)):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.execute(insert(table), rows[start : start + ROWS_AT_ONCE])
