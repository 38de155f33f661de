"""The outbox: relayed in order, kept until Redis has it, and by one worker at a time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from flask_socketio_cluster.bus import publisher
from flask_socketio_cluster.bus.channels import room_channel
from flask_socketio_cluster.delivery.relaying import StreamPublisher
from flask_socketio_cluster.streams.outbox import BATCH_MAX, Outbox
from flask_socketio_cluster.streams.relay import Relay
from flask_socketio_cluster.streams.stream import PARTITIONS, Append, Key, Stored
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from sqlalchemy import Connection, text

from app import wire
from app.db import Database
from app.streams.stream import streams
from app.wire import room_of
from tests.integration.customers import Customer, new_customer, rows
from tests.support import package_log
from tests.support.metrics import counted
from tests.support.people import eventually
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import RedisServer, redis_server
from worker.relay import relay

outbox = Outbox(streams)


class Published:
    """What a worker would have sent, in order."""

    def __init__(self) -> None:
        self.seqs: list[tuple[Key, int]] = []

    def __call__(self, events: Sequence[Stored]) -> None:
        self.seqs += [(event.key, event.seq) for event in events]


def waiting(database: Database) -> int:
    return len(rows(database, "SELECT id FROM outbox"))


def partition_of(customer: Customer) -> int:
    return customer.id % PARTITIONS


def tell(customer: Customer, times: int) -> None:
    """That many events, in one transaction."""
    customer.db.transact(_tell, customer.id, times)


def _tell(connection: Connection, user_id: int, times: int) -> None:
    for number in range(times):
        streams.append(connection, [Append(user_id, wire.NOTIFICACAO, {"mensagem": f"n{number}"})])


def drain_all(database: Database, publish: Callable[[Sequence[Stored]], None]) -> int:
    return sum(database.transact(outbox.drain, [partition], publish) for partition in database.read(outbox.waiting))


def test_what_waits_is_published_in_order_and_then_gone(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 5)
    published = Published()

    assert database.transact(outbox.drain, [partition_of(alice)], published) == 5

    assert published.seqs == [(alice.id, seq) for seq in range(1, 6)]
    assert waiting(database) == 0
    assert database.transact(outbox.drain, [partition_of(alice)], published) == 0


def test_a_batch_has_a_limit_and_the_rest_follows(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, BATCH_MAX + 3)
    published = Published()

    counts = [database.transact(outbox.drain, [partition_of(alice)], published) for _ in range(3)]

    assert counts == [BATCH_MAX, 3, 0]
    assert published.seqs == [(alice.id, seq) for seq in range(1, BATCH_MAX + 4)]


def test_only_the_partitions_with_rows_are_waiting(database: Database) -> None:
    alice, bob, _carla = new_customer(database), new_customer(database), new_customer(database)
    tell(alice, 2)
    tell(bob, 1)

    assert sorted(database.read(outbox.waiting)) == sorted({partition_of(alice), partition_of(bob)})


def test_what_redis_refuses_stays(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 3)

    def refuse(_events: Sequence[Stored]) -> None:
        raise RedisConnectionError

    with pytest.raises(RedisError):
        database.transact(outbox.drain, [partition_of(alice)], refuse)

    assert waiting(database) == 3
    published = Published()
    drain_all(database, published)
    assert published.seqs == [(alice.id, 1), (alice.id, 2), (alice.id, 3)]


def test_several_partitions_are_published_together_each_stream_in_its_order(database: Database) -> None:
    people = [new_customer(database) for _ in range(3)]
    for person in people * 2:
        tell(person, 2)
    published = Published()

    assert database.transact(outbox.drain, sorted(map(partition_of, people)), published) == 12

    for person in people:
        assert [seq for key, seq in published.seqs if key == person.id] == [1, 2, 3, 4]
    assert waiting(database) == 0


def test_a_worker_without_redis_keeps_every_row(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 3)

    with pytest.raises(RedisError):
        relay(database, f"redis://{LOOPBACK}:{free_port()}").drain()

    assert waiting(database) == 3


def test_a_worker_publishes_to_the_user_s_own_channel(database: Database, redis: RedisServer) -> None:
    alice = new_customer(database)
    tell(alice, 2)
    with Redis.from_url(redis.url, socket_timeout=5) as client, client.pubsub() as listener:
        listener.subscribe(room_channel("/", room_of(alice.id)))
        arriving = listener.listen()
        assert next(arriving)["type"] == "subscribe"

        assert relay(database, redis.url).drain() == 2

        assert [message["data"].decode().split("\n")[0] for message in islice(arriving, 2)] == ["1", "2"]
    assert waiting(database) == 0


def test_a_partition_that_another_worker_holds_is_skipped(emptied_mariadb: Database) -> None:
    database = emptied_mariadb
    alice = new_customer(database)
    tell(alice, 1)
    published, holding, release = Published(), threading.Event(), threading.Event()

    def hold(_events: Sequence[Stored]) -> None:
        holding.set()
        assert release.wait(20)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(database.transact, outbox.drain, [partition_of(alice)], hold)
        assert holding.wait(20)
        skipped = database.transact(outbox.drain, [partition_of(alice)], published)
        release.set()

        assert (skipped, first.result()) == (0, 1)
    assert published.seqs == []
    assert waiting(database) == 0


def test_two_workers_publish_everything_once_and_in_order(emptied_mariadb: Database) -> None:
    database = emptied_mariadb
    people = [new_customer(database) for _ in range(6)]
    done = threading.Event()
    sent: list[tuple[Key, int]] = []

    def publish(events: Sequence[Stored]) -> None:
        sent.extend((event.key, event.seq) for event in events)

    def work() -> None:
        while not done.is_set() or waiting(database):
            drain_all(database, publish)

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        for teller in [pool.submit(tell, person, 1) for person in people * 10]:
            teller.result()
        done.set()
        for worker in workers:
            worker.result()

    assert {person.id: [seq for user, seq in sent if user == person.id] for person in people} == {
        person.id: list(range(1, 11)) for person in people
    }


# -- rows that cannot be read, and a Redis that is slow --------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE stream_events SET state = 'no tab' WHERE user_id = :user AND seq = 2",
        "DELETE FROM stream_events WHERE user_id = :user AND seq = 2",
    ],
    ids=["unreadable", "missing"],
)
def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go_on(database: Database, damage: str) -> None:
    alice = new_customer(database)
    tell(alice, 3)
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text(damage), {"user": alice.id})
    published, before = Published(), counted("socketio_cluster_outbox_rows_set_aside_total")

    with package_log.captured() as lines:
        assert database.transact(outbox.drain, [partition_of(alice)], published) == 3

    assert published.seqs == [(alice.id, 1), (alice.id, 3)]
    assert waiting(database) == 0
    assert counted("socketio_cluster_outbox_rows_set_aside_total") == before + 1
    assert [(line.getMessage(), vars(line)["key"], vars(line)["seq"]) for line in lines] == [
        ("outbox_row_set_aside", alice.id, 2)
    ]


def test_an_event_whose_state_cannot_be_read_is_caught_up_with_without_it(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 3)
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE stream_events SET state = 'no tab' WHERE seq = 2"))

    events = database.read(streams.read_after, alice.id, 0)

    assert [(event.seq, event.state) for event in events] == [(1, {}), (2, {}), (3, {})]


def test_a_redis_that_answers_late_is_not_given_the_same_again_before_it_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "ANSWER_TIMEOUT_S", 0.1)
    answered: list[StreamPublisher] = []
    ask = StreamPublisher.ping

    def ping(asked: StreamPublisher) -> None:
        ask(asked)
        answered.append(asked)

    monkeypatch.setattr(StreamPublisher, "ping", ping)
    alice = new_customer(database)
    tell(alice, 5)
    with redis_server() as server:
        relaying = relay(database, server.url)
        server.stop()
        for _ in range(10):
            with pytest.raises(RedisError):
                relaying.drain()
        assert answered == []
        server.cont()
        eventually(lambda: _relayed(relaying) == 5, "a Redis that answers")
        with Redis.from_url(server.url, socket_timeout=5) as client:
            calls = client.info("commandstats")["cmdstat_publish"]["calls"]

    assert answered
    assert calls <= 5 * (1 + len(answered)), "once when it was slow, and once for each time that it answered since"
    assert waiting(database) == 0


def _relayed(relaying: Relay) -> int:
    try:
        return relaying.drain()
    except RedisError:
        return 0
