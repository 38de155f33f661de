"""The bus of a whole cluster: who listens to what, and what still works while Redis does not."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import redis
import requests
from flask_socketio import SocketIO
from flask_socketio_cluster.bus.canary import DEAF_S
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.manager import JOIN_WAIT_S

from app.wire import room_of
from tests.cluster.chaos.network import ClientLink, Network
from tests.support.cluster import ROOT, Cluster, running_cluster
from tests.support.deliveries import assert_brought_by_the_bus, deliveries, deposit_and_listen
from tests.support.metrics import metric
from tests.support.people import PASSWORD, Person, eventually
from tests.support.ports import LOOPBACK
from tests.support.servers import DatabaseServer, RedisServer, redis_server
from tests.support.stalls import Stalls

WITHOUT_REDIS_S = 6.0
REQUESTS = 7
# On top of what an operation takes with Redis at hand.
SLOWER_MAX_S = 0.3
LOGOUT_S = 3.0
SCRIPT_TIMEOUT_S = 30.0
LAG_S = 0.05
# More than a request waits for.
SLOW_S = 0.3
# A pause of the machine after which JOIN_WAIT_S may end before Redis has confirmed.
STOOD_STILL_S = (JOIN_WAIT_S - 2 * LAG_S) / 2


@dataclass(frozen=True)
class Bus:
    """Two nodes, one worker and a Redis of their own."""

    cluster: Cluster
    server: RedisServer
    client: redis.Redis
    link: ClientLink

    def node(self, number: int) -> str:
        return self.cluster.node_url(f"web{number}")

    def listeners(self, person: Person) -> int:
        """How many connections are subscribed to this person's channel."""
        channel = Channels().room("/", room_of(person.id))
        return int(self.client.pubsub_numsub(channel)[0][1])

    def channels(self) -> set[str]:
        """Those of stock emitters and of rooms."""
        return {name for name in map(str, self.client.pubsub_channels("*")) if not name.startswith("flask-socketio:")}

    def dropped(self, number: int) -> float:
        """How many messages on the shared channel were for rooms that this node does not hold."""
        return metric(self.node(number), "socketio_cluster_foreign_messages_dropped_total")

    def health(self, number: int) -> requests.Response:
        return requests.get(self.node(number) + "/readyz", timeout=10)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Redis is there, and answers nothing."""
        self.server.stop()
        try:
            yield
        finally:
            self.server.cont()
            self.wait_heard()

    def wait_heard(self) -> None:
        eventually(lambda: self._states() == {"pronto"}, "nodes that hear")

    def _states(self) -> set[str]:
        return {self.health(number).json()["estado"] for number in (1, 2)}


@pytest.fixture(scope="module")
def bus(mariadb: DatabaseServer) -> Iterator[Bus]:
    url = mariadb.create_database("bus")
    with redis_server() as server, Network() as network:
        link = ClientLink(network, server.port)
        through_link = f"redis://{LOOPBACK}:{link.port}/0"
        with running_cluster(database_url=url, redis_url=through_link, nodes=2) as cluster:
            client = redis.Redis(port=server.port, decode_responses=True)
            yield Bus(cluster, server, client, link)
            client.close()


@pytest.fixture
def person(bus: Bus) -> Callable[[], Person]:
    return lambda: Person(bus.cluster.url)


@pytest.fixture
def alice(person: Callable[[], Person]) -> Person:
    return person()


def test_a_node_listens_only_for_the_users_whose_sockets_it_holds(bus: Bus, alice: Person) -> None:
    own = Channels().room("/", room_of(alice.id))
    with alice.listening(bus.node(1)) as feed:
        assert bus.listeners(alice) == 1
        eventually(lambda: bus.channels() == {Channels().shared, own}, "the end of all other subscriptions")
        before = deliveries(bus.node(1)), deliveries(bus.node(2))

        deposit_and_listen(alice, feed)

    assert_brought_by_the_bus(bus.node(1), before[0])
    assert deliveries(bus.node(2)) == before[1]


def test_each_node_that_holds_a_socket_of_the_user_listens_once(bus: Bus, alice: Person) -> None:
    one, two = bus.node(1), bus.node(2)
    with alice.listening(one) as first, alice.listening(one) as second, alice.listening(two) as third:
        assert bus.listeners(alice) == 2

        alice.deposit("5.00")
        for feed in (first, second, third):
            feed.wait_for_seq(1)


def test_a_stock_message_reaches_the_user_and_other_nodes_drop_it_unread(bus: Bus, alice: Person) -> None:
    notice = {"tipo": "aviso", "mensagem": "Olá", "timestamp": "2026-11-23T13:05:09+00:00", "dados": {}}
    with alice.listening(bus.node(1)) as feed:
        before = bus.dropped(1), bus.dropped(2)

        SocketIO(message_queue=bus.cluster.redis()).emit("notificacao", notice, to=room_of(alice.id))
        assert feed.wait_for("notificacao").payload == notice

        eventually(lambda: bus.dropped(2) == before[1] + 1, "a message that was none of this node's business")
        assert bus.dropped(1) == before[0]


def test_the_last_socket_that_leaves_ends_the_subscription(bus: Bus, alice: Person) -> None:
    with alice.listening(bus.node(1)) as staying:
        with alice.listening(bus.node(1)) as leaving:
            pass
        eventually(lambda: metric(bus.node(1), "socketio_cluster_sockets") == 1, "a node that has missed who left")
        before = deliveries(bus.node(1))
        deposit_and_listen(alice, staying)
        assert_brought_by_the_bus(bus.node(1), before)
        assert bus.listeners(alice) == 1
        assert leaving.seqs() == []

    eventually(lambda: bus.listeners(alice) == 0, "the end of the subscription")


def test_who_comes_and_goes_quickly_is_heard_in_the_end(bus: Bus, alice: Person) -> None:
    for _ in range(10):
        with alice.listening(bus.node(1)):
            pass
    with alice.listening(bus.node(1)) as feed:
        alice.deposit("5.00")
        feed.wait_for_seq(1)
        assert bus.listeners(alice) == 1


def test_a_join_is_complete_only_after_redis_has_confirmed_it(
    bus: Bus, person: Callable[[], Person], stalls: Stalls
) -> None:
    people = [person() for _ in range(5)]
    confirmed = []
    bus.link.slow(lag_s=LAG_S, bytes_per_s=1e9)
    try:
        for one in people:
            begun = time.monotonic()
            with one.listening(bus.node(1)):
                # `autenticado` has just arrived: nothing that is published from now on can be missed.
                confirmed.append(bus.listeners(one) == 1 or stalls.stood_still_s(begun) > STOOD_STILL_S)
    finally:
        bus.link.heal()

    assert confirmed == [True] * 5


def test_after_redis_comes_back_the_bus_brings_events_again(bus: Bus, alice: Person) -> None:
    with alice.listening(bus.node(1)) as feed:
        bus.server.kill()
        bus.server.start()
        eventually(lambda: bus.listeners(alice) == 1, "the subscription that is made anew")
        bus.wait_heard()
        before = deliveries(bus.node(1))

        deposit_and_listen(alice, feed)

    assert_brought_by_the_bus(bus.node(1), before)


def test_a_redis_that_is_slow_is_heard_anew_and_brings_events(bus: Bus, alice: Person) -> None:
    with alice.listening(bus.node(1)) as feed:
        bus.link.slow(lag_s=SLOW_S / 2, bytes_per_s=1e9)
        try:
            for kind in ("normal", "pubsub"):
                bus.client.client_kill_filter(_type=kind, skipme=True)
            eventually(lambda: bus.listeners(alice) == 1, "a subscription through a slow link")
            before = deliveries(bus.node(1))

            deposit_and_listen(alice, feed)
        finally:
            bus.link.heal()
        assert_brought_by_the_bus(bus.node(1), before)
    bus.wait_heard()


def test_a_node_that_hears_nothing_says_so_and_still_serves(bus: Bus) -> None:
    with bus.stopped():
        eventually(lambda: bus.health(1).json()["estado"] == "degradado", "a node that knows that it is deaf")
        answer = bus.health(1)
        assert answer.status_code == 200
        assert answer.json()["redis"] == "degradado"
        assert answer.json()["canario_s"] >= DEAF_S
        age_s = metric(bus.node(1), "socketio_cluster_canary_age_seconds")
        eventually(
            lambda: metric(bus.node(1), "socketio_cluster_canary_age_seconds") > age_s + 0.5, "an age that grows"
        )

    assert bus.health(1).json()["canario_s"] < DEAF_S
    # It may have begun to make its subscription anew at the very moment at which the old one was heard again.
    own = Channels().node("web1")
    eventually(lambda: bus.client.pubsub_numsub(own)[0][1] == 1, "one subscription, and no old one")


def test_money_moves_without_redis_hardly_slower_and_the_sweep_brings_the_news(
    bus: Bus, alice: Person, stalls: Stalls
) -> None:
    def median_s() -> float:
        return statistics.median(_deposit_s(alice, stalls) for _ in range(REQUESTS))

    usual_s = median_s()
    with alice.listening(bus.node(1)) as feed, bus.stopped():
        without_s = median_s()
        begun = time.monotonic()
        feed.wait_for_seq(2 * REQUESTS)
        assert stalls.since_s(begun) < WITHOUT_REDIS_S
        assert feed.seqs() == list(range(REQUESTS + 1, 2 * REQUESTS + 1))

    assert without_s < usual_s + SLOWER_MAX_S


def _deposit_s(person: Person, stalls: Stalls) -> float:
    begun = time.monotonic()
    assert person.deposit("1.00").status_code == 201
    return stalls.since_s(begun)


@pytest.mark.parametrize("without_redis", [False, True], ids=["with Redis", "while Redis does not answer"])
def test_logging_out_everywhere_ends_the_sockets_on_every_node(
    bus: Bus, alice: Person, stalls: Stalls, *, without_redis: bool
) -> None:
    with alice.listening(bus.node(1)) as first, alice.listening(bus.node(2)) as second:
        if without_redis:
            bus.server.stop()
        try:
            assert alice.post("/logout", {"todos": True}).status_code == 204
            begun = time.monotonic()
            for feed in (first, second):
                feed.wait_for("sessao_encerrada")
                feed.wait_closed()
            assert stalls.since_s(begun) < LOGOUT_S
        finally:
            if without_redis:
                bus.server.cont()
    bus.wait_heard()


def test_after_a_restore_everybody_logs_in_again_and_starts_afresh(bus: Bus, alice: Person) -> None:
    alice.deposit("1.00")
    alice.deposit("1.00")
    with alice.listening(bus.node(1)) as connected:
        place = {"ultimo_seq": 1, "epoca": connected.wait_for("autenticado").payload["epoca"]}
        with alice.listening(bus.node(2), ask=place) as resumed:
            assert resumed.wait_for("autenticado").payload["recuperado"] is True
            resumed.wait_for_seq(2)

        subprocess.run(
            [sys.executable, "-m", "worker", "restaurado"],
            cwd=ROOT,
            env={"DATABASE_URL": bus.cluster.database(), "REDIS_URL": bus.cluster.redis()},
            check=True,
            timeout=SCRIPT_TIMEOUT_S,
        )
        connected.wait_closed()

    login = alice.post("/login", {"email": alice.email, "senha": PASSWORD}, token=None)
    alice.token = login.json()["token"]
    with alice.listening(bus.node(1), ask=place) as afresh:
        answer = afresh.wait_for("autenticado").payload
        assert answer["epoca"] != place["epoca"]
        assert answer["recuperado"] is False
        assert answer["seq"] == 3, "two deposits, and the word of a login on a new device"
        afresh.settle()
        assert afresh.seqs() == [], "the stream starts at its head; the past is read over HTTP"
