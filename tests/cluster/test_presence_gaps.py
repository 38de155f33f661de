"""A node that lost its subscription for a while: its pages hear in the end who went meanwhile."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask_socketio_cluster.bus.channels import Channels
from redis import Redis
from sqlalchemy import insert

from app.contacts.models import Contact
from app.db import Database
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import Feed, Person, eventually
from tests.support.servers import RedisServer, redis_server

FLAGS = {"consents": 1, "listed": 1, "refused": 0, "favourite": 0, "blocked": 0}


def befriend(cluster: Cluster, one: Person, other: Person) -> None:
    pairs = [{"user_id": a.id, "other_id": b.id, **FLAGS} for a, b in ((one, other), (other, one))]
    db = Database(cluster.database())
    db.transact(lambda connection: connection.execute(insert(Contact), pairs))
    db.dispose()


def is_told(redis: Redis, person: Person) -> bool:
    """Whether all nodes that can were told that this person has gone."""
    prefix = Channels().presence
    return not redis.sismember(f"{prefix}:online", str(person.id)) and redis.zcard(f"{prefix}:untold") == 0


def worker_of(pid: int) -> int:
    """The process behind gunicorn's master that serves."""
    (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(worker)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def sees_nobody(feed: Feed) -> bool:
    return any(listing["usuarios"] == [] for listing in feed.named("presenca_lista")) or any(
        not told["online"] for told in feed.named("presenca")
    )


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """As one that has lost nothing, so that no list is sent for another reason."""
    with redis_server() as started:
        with Redis.from_url(started.url) as redis:
            redis.hset(f"{Channels().presence}:clock", mapping={"beat": 1, "restored": 0, "version": 1})
        yield started


def test_a_page_hears_who_went_while_its_node_had_no_subscription(server: RedisServer) -> None:
    with running_cluster(redis_url=server.url, nodes=2) as cluster:
        alice, bob = Person(cluster.url, "Alice Souza"), Person(cluster.url, "Bob Pereira")
        befriend(cluster, alice, bob)
        with Redis.from_url(server.url) as redis, alice.listening(cluster.node_url("web1")) as watching:
            with bob.listening(cluster.node_url("web2")) as tab:
                watching.wait_for("presenca", lambda told: told["online"])
                with frozen(worker_of(cluster.pid("web1"))):
                    redis.client_kill_filter(_type="pubsub")
                    tab.close()
                    eventually(lambda: is_told(redis, bob), "Bob has gone, and that was told")
            watching.wait_until(lambda: sees_nobody(watching), "that Bob has gone")
