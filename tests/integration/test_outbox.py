"""The outbox: relayed in order, kept until Redis has it, and each row by one worker at a time."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import islice

import gevent
import pytest
from flask_socketio_cluster import clock, redis_client, trace
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.delivery.relaying import StreamPublisher
from flask_socketio_cluster.streams import relay as relay_module
from flask_socketio_cluster.streams.outbox import BATCH_MAX, Outbox
from flask_socketio_cluster.streams.relay import Relay
from flask_socketio_cluster.streams.stream import Append, Key, Stored
from flask_socketio_cluster.streams.watch import OutboxWatch
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from sqlalchemy import Connection, text

from app import wire
from app.db import Database
from app.streams.stream import streams
from app.wire import room_of
from tests.integration.customers import Customer, new_customer, rows, write
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


def tell(customer: Customer, times: int) -> None:
    """That many events, in one transaction."""
    customer.db.transact(_tell, customer.id, times)


def _tell(connection: Connection, user_id: int, times: int) -> None:
    for number in range(times):
        streams.append(connection, [Append(user_id, wire.NOTIFICACAO, {"mensagem": f"n{number}"})])


def test_what_waits_is_published_in_order_and_then_gone(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 5)
    published = Published()

    assert database.transact(outbox.drain, published) == 5

    assert published.seqs == [(alice.id, seq) for seq in range(1, 6)]
    assert waiting(database) == 0
    assert database.transact(outbox.drain, published) == 0


def test_a_batch_has_a_limit_and_the_rest_follows(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, BATCH_MAX + 3)
    published = Published()

    counts = [database.transact(outbox.drain, published) for _ in range(3)]

    assert counts == [BATCH_MAX, 3, 0]
    assert published.seqs == [(alice.id, seq) for seq in range(1, BATCH_MAX + 4)]


def test_what_is_published_says_when_and_by_which_request_it_was_appended(database: Database) -> None:
    alice = new_customer(database)
    relayed = counted("socketio_cluster_relay_seconds_count")
    trace.begin("0123456789abcdef0123456789abcdef")
    before_s = clock.unix_s()
    tell(alice, 1)
    trace.end()
    tell(alice, 1)
    published: list[Stored] = []

    database.transact(outbox.drain, published.extend)

    origins = [event.origin for event in published]
    assert [origin and origin.trace for origin in origins] == ["0123456789abcdef0123456789abcdef", None]
    assert all(origin and before_s - 0.001 <= origin.at_s <= clock.unix_s() for origin in origins)
    assert counted("socketio_cluster_relay_seconds_count") == relayed + 2


def test_what_waits_is_shown_with_the_age_of_the_oldest(database: Database) -> None:
    alice = new_customer(database)
    watch = OutboxWatch(database, streams, expected=())
    watch.look()
    assert (counted("socketio_cluster_outbox_rows"), counted("socketio_cluster_outbox_oldest_seconds")) == (0, 0)
    tell(alice, 3)
    an_hour_ago = (clock.now() - timedelta(hours=1)).replace(tzinfo=None)
    write(database, "UPDATE stream_events SET created_at = :moment WHERE seq = 1", moment=an_hour_ago)

    watch.look()

    assert counted("socketio_cluster_outbox_rows") == 3
    assert 3600 <= counted("socketio_cluster_outbox_oldest_seconds") < 3600 + 60


def test_an_oldest_row_without_its_event_hides_no_others(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 2)
    write(database, "DELETE FROM stream_events WHERE seq = 1")

    assert database.read(outbox.stand) == (2, None)


def test_what_redis_refuses_stays(database: Database) -> None:
    alice = new_customer(database)
    tell(alice, 3)

    def refuse(_events: Sequence[Stored]) -> None:
        raise RedisConnectionError

    with pytest.raises(RedisError):
        database.transact(outbox.drain, refuse)

    assert waiting(database) == 3
    published = Published()
    database.transact(outbox.drain, published)
    assert published.seqs == [(alice.id, 1), (alice.id, 2), (alice.id, 3)]


def test_several_streams_are_published_together_each_in_its_order(database: Database) -> None:
    people = [new_customer(database) for _ in range(3)]
    for person in people * 2:
        tell(person, 2)
    published = Published()

    assert database.transact(outbox.drain, published) == 12

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
        listener.subscribe(Channels().room("/", room_of(alice.id)))
        arriving = listener.listen()
        assert next(arriving)["type"] == "subscribe"

        assert relay(database, redis.url).drain() == 2

        assert [message["data"].decode().split("\n")[0] for message in islice(arriving, 2)] == ["1", "2"]
    assert waiting(database) == 0


@pytest.mark.parametrize(("claimed", "rest"), [(1, 2), (20, 20), (BATCH_MAX, BATCH_MAX)])
def test_what_another_worker_has_claimed_is_skipped_and_the_rest_relayed(
    emptied_mariadb: Database, claimed: int, rest: int
) -> None:
    database = emptied_mariadb
    alice, bob = new_customer(database), new_customer(database)
    tell(alice, claimed)
    published, holding, release = Published(), threading.Event(), threading.Event()

    def hold(_events: Sequence[Stored]) -> None:
        holding.set()
        assert release.wait(20)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(database.transact, outbox.drain, hold)
        assert holding.wait(20)
        tell(bob, rest)
        second = database.transact(outbox.drain, published)
        assert not first.done(), "the second one waited for the first"
        release.set()

        assert (first.result(), second) == (claimed, rest)
    assert published.seqs == [(bob.id, seq) for seq in range(1, rest + 1)]
    assert waiting(database) == 0


def test_a_worker_does_not_wait_for_who_is_appending(emptied_mariadb: Database) -> None:
    database = emptied_mariadb
    alice, bob = new_customer(database), new_customer(database)
    tell(alice, 20)
    published = Published()
    with database.engine.connect() as connection, connection.begin():
        _tell(connection, bob.id, 3)

        assert database.transact(outbox.drain, published) == 20


def test_an_event_that_somebody_has_locked_is_relayed_all_the_same(emptied_mariadb: Database) -> None:
    database = emptied_mariadb
    alice = new_customer(database)
    tell(alice, 3)
    published, before = Published(), counted("socketio_cluster_outbox_rows_set_aside_total")
    with database.engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT * FROM stream_events WHERE seq = 2 FOR UPDATE")).all()

        assert database.transact(outbox.drain, published) == 3

    assert published.seqs == [(alice.id, seq) for seq in (1, 2, 3)]
    assert counted("socketio_cluster_outbox_rows_set_aside_total") == before


def test_what_is_not_committed_is_skipped_and_not_set_aside(emptied_mariadb: Database) -> None:
    database = emptied_mariadb
    alice, bob = new_customer(database), new_customer(database)
    published = Published()
    with database.engine.connect() as connection, connection.begin():
        _tell(connection, alice.id, 1)
        tell(bob, 1)
        assert database.transact(outbox.drain, published) == 1

    assert database.transact(outbox.drain, published) == 1
    assert published.seqs == [(bob.id, 1), (alice.id, 1)]


def test_three_workers_publish_everything_once(emptied_mariadb: Database) -> None:
    database = emptied_mariadb
    people = [new_customer(database) for _ in range(6)]
    done = threading.Event()
    sent: list[tuple[Key, int]] = []

    def publish(events: Sequence[Stored]) -> None:
        keyed = [(event.key, event.seq) for event in events]
        assert all(seqs == sorted(seqs) for seqs in map(partial(_seqs, keyed), people)), "in order within a batch"
        sent.extend(keyed)

    def work() -> None:
        while not done.is_set() or waiting(database):
            database.transact(outbox.drain, publish)

    before = counted("socketio_cluster_outbox_rows_set_aside_total")
    with ThreadPoolExecutor(6) as pool:
        workers = [pool.submit(work) for _ in range(3)]
        try:
            for teller in [pool.submit(tell, person, 1) for person in people * 10]:
                teller.result()
        finally:
            done.set()
        for worker in workers:
            worker.result()

    assert {person.id: sorted(_seqs(sent, person)) for person in people} == {
        person.id: list(range(1, 11)) for person in people
    }
    assert counted("socketio_cluster_outbox_rows_set_aside_total") == before


def _seqs(sent: Sequence[tuple[Key, int]], person: Customer) -> list[int]:
    return [seq for key, seq in sent if key == person.id]


def test_what_is_committed_while_a_relay_rests_shares_a_round(
    database: Database, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = new_customer(database)
    rested: list[float] = []

    def rest(pause_s: float) -> None:
        rested.append(pause_s)
        tell(alice, 3)

    monkeypatch.setattr(gevent, "sleep", rest)
    now_s = clock.monotonic_s()
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s)
    batches: list[int] = []
    publish = StreamPublisher.publish

    def counting(publisher: StreamPublisher, events: Sequence[Stored]) -> None:
        batches.append(len(events))
        publish(publisher, events)

    monkeypatch.setattr(StreamPublisher, "publish", counting)
    relaying = relay(database, redis.url)

    for _ in range(2):
        assert relaying._round() is None

    assert batches == [3, 3]
    assert rested[0] == 0, "nobody waits for more where there was no round just before"
    assert rested[1] == pytest.approx(relay_module.GATHER_S)


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
        assert database.transact(outbox.drain, published) == 3

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
    monkeypatch.setattr(redis_client, "PATIENCE_S", 0.1)
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
