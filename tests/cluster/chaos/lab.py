"""A cluster with everything around it that can be broken: servers, links, customers and the auditor."""

import itertools
import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from deploy.local.readiness import http_status, redis_answers
from deploy.local.spawn import kill_group
from tests.cluster.chaos.audit import Auditor
from tests.cluster.chaos.bank_operator import BankOperator
from tests.cluster.chaos.customers import FIRST_DEPOSIT_CENTS, Customer, Routine
from tests.cluster.chaos.listener import Listener
from tests.cluster.chaos.network import ClientLink, Network
from tests.cluster.chaos.record import Operation, Record
from tests.cluster.chaos.redis_link import RedisLink
from tests.cluster.chaos.stores import OneOfEach, SeveralOfEach, one_of_each, several_of_each
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import eventually
from tests.support.servers import DatabaseServer, RedisServer
from tests.support.small_disk import ServerOnASmallDisk

NODES = 3
WORKERS = 2
CUSTOMERS = 6
DATABASE = "chaos"
HEALTHY_WITHIN_S = 60.0
SETTLE_WITHIN_S = 30.0
SCHEDULES_DONE_WITHIN_S = 60.0
# Of a node that was killed, and of a Redis that lost everything.
PRESENCE_WITHIN_S = 15.0
LOOK_EVERY_S = 1.0
# Longer than anybody insists on a new login.
BACK_WITHIN_S = 150.0


@dataclass
class Lab:
    """`witnesses` are the first two customers: they only do what a fault asks of them, and nobody pays them, so
    that after a burst nothing follows which could bring the last event along."""

    cluster: Cluster
    stores: OneOfEach | SeveralOfEach
    auditor: Auditor
    operator: BankOperator
    record: Record
    random: random.Random
    customers: list[Customer] = field(default_factory=list)
    routines: list[Routine] = field(default_factory=list)
    trips: threading.Event = field(default_factory=threading.Event)
    _clock: threading.Event = field(default_factory=threading.Event)

    @property
    def mariadb(self) -> DatabaseServer:
        return self._one.mariadb

    @property
    def small_disk(self) -> ServerOnASmallDisk:
        server = self._one.mariadb
        assert isinstance(server, ServerOnASmallDisk), "a run on a disk that can be filled up"
        return server

    @property
    def redis(self) -> RedisServer:
        return self._one.redis

    @property
    def redis_link(self) -> RedisLink:
        link = self._one.redis_link
        assert link is not None, "a run with a link to Redis"
        return link

    @property
    def several(self) -> SeveralOfEach:
        assert isinstance(self.stores, SeveralOfEach), "a run with HA=1"
        return self.stores

    @property
    def _one(self) -> OneOfEach:
        assert isinstance(self.stores, OneOfEach), "a run without HA=1"
        return self.stores

    @property
    def witnesses(self) -> tuple[Customer, Customer]:
        return self.customers[0], self.customers[1]

    def listeners(self) -> Iterator[Listener]:
        for customer in self.customers:
            yield from customer.devices

    def hold(self, duration_s: float) -> None:
        """Let a fault, or the calm between two, last for so long."""
        self._clock.wait(duration_s)

    def burst(self, count: int = 4) -> list[Operation]:
        """Transfers from one witness to the other, after which nothing happens to either."""
        payer, payee = self.witnesses
        if self.random.random() < 0.5:
            payer, payee = payee, payer
        done = [payer.teller.transfer(payee.login, self.random.randint(1_00, 1_20)) for _ in range(count)]
        return [operation for operation in done if operation is not None]

    def mend(self) -> None:
        """Whatever a fault that did not go as it should has left broken."""
        self.stores.mend()
        for customer in self.customers:
            customer.link.heal()
        for entry in self.cluster.processes():
            kill_group(entry["pid"], signal.SIGCONT)

    def wait_healthy(self) -> None:
        """Return when every part answers again, and hears itself through Redis."""
        ports = [self.cluster.process(f"web{n}")["port"] for n in range(1, NODES + 1)]
        eventually(lambda: redis_answers(self.stores.redis.port), "Redis", HEALTHY_WITHIN_S)
        for port in ports:
            eventually(partial(_is_ready, port), "a ready node", HEALTHY_WITHIN_S)
        nginx = self.cluster.http_port
        eventually(lambda: http_status(nginx, "/healthz") == 200, "nginx", HEALTHY_WITHIN_S)

    def wait_all_told(self) -> None:
        """Every device has what was committed until now. What is missing goes into the record."""
        self.trips.clear()
        eventually(lambda: not any(listener.is_away() for listener in self.listeners()), "all back", BACK_WITHIN_S)
        heads = self.auditor.heads(customer.login.user_id for customer in self.customers)
        deadline = time.monotonic() + SETTLE_WITHIN_S
        for listener in self.listeners():
            head = heads[listener.login.user_id]
            try:
                eventually(_has(listener, head), f"event {head}", deadline - time.monotonic())
            except AssertionError:
                self.record.problem(f"lost: {listener.name} is at {listener.position}, its stream at {head}")
        self.trips.set()

    def wait_presence_true(self) -> None:
        """Everybody whose devices are there is seen so by their contacts. What is not goes into the record."""
        friends = {customer.login.user_id for customer in self.customers[2:]}
        for customer in self.customers[2:]:
            wanted, deadline = friends - {customer.login.user_id}, time.monotonic() + PRESENCE_WITHIN_S
            while (seen := customer.sees_online()) != wanted:
                if time.monotonic() > deadline:
                    self.record.problem(f"presence: user {customer.login.user_id} sees {seen} instead of {wanted}")
                    break
                self.hold(LOOK_EVERY_S)

    def stop(self) -> None:
        """Returns when nobody asks for anything any more, and what is due is done. What is not, the audit finds."""
        for routine in self.routines:
            routine.stop()
        with suppress(AssertionError):
            made = list(self.record.schedules)
            eventually(lambda: self.operator.are_over(made), "every schedule done", SCHEDULES_DONE_WITHIN_S)


def _is_ready(port: int) -> bool:
    return http_status(port, "/readyz") == 200


def _has(listener: Listener, head: int) -> Callable[[], bool]:
    return lambda: listener.position >= head


@contextmanager
def running_lab(seed: str, record: Record, databases: str | None = None) -> Iterator[Lab]:
    """A lab at work; at the end everything is gone. `databases`: a kind of `several_databases`, and several Redis with
    it; else there is one of each."""
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        stores: OneOfEach | SeveralOfEach
        if databases is None:
            stores = stack.enter_context(one_of_each(network))
        else:
            stores = stack.enter_context(several_of_each(databases))
        cluster = stack.enter_context(
            running_cluster(
                database_url=stores.databases.create_database(DATABASE),
                redis_url=stores.redis_url,
                nodes=NODES,
                workers=WORKERS,
            )
        )
        auditor = Auditor(stores.databases, DATABASE, record)
        operator = BankOperator(stores.databases, DATABASE, cluster, record)
        lab = Lab(cluster, stores, auditor, operator, record, random.Random(f"{seed} faults"))
        with at_work(lab, partial(ClientLink, network, cluster.http_port), seed):
            yield lab


@contextmanager
def at_work(lab: Lab, link: Callable[[], ClientLink], seed: str) -> Iterator[None]:
    """People, auditor and operator do what they do; at the end all have stopped. `link`: a new way to nginx."""
    # The clients' library complains of every connection that is cut; what goes wrong is in the record.
    logging.getLogger("engineio.client").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        _people(lab, link, seed)
        lab.auditor.start()
        stack.callback(lab.auditor.stop)
        lab.operator.start()
        stack.callback(lab.operator.stop)
        for routine in lab.routines:
            routine.start()
        lab.trips.set()
        stack.callback(_end_listeners, lab)
        stack.callback(lab.stop)
        yield


def _people(lab: Lab, link: Callable[[], ClientLink], seed: str) -> None:
    """Register everybody, connect every device before the first event, and give everybody money."""
    for number in range(CUSTOMERS):
        customer = Customer.register(link(), record=lab.record, seed=seed)
        lab.customers.append(customer)
        customer.add_page("websocket", seed=seed, says_it_in_handshake=True)
        customer.add_page("polling", seed=seed, says_it_in_handshake=False)
        customer.add_plain_client("polling" if number % 3 == 2 else "websocket", seed=seed)
    for listener in lab.listeners():
        listener.start()
    for listener in lab.listeners():
        eventually(_has(listener, 0), f"{listener.name} online")
    for one, other in itertools.combinations(lab.customers[2:], 2):
        one.befriend(other)
    for customer in lab.customers:
        customer.teller.deposit(FIRST_DEPOSIT_CENTS)
    others = lab.customers[2:]
    lab.routines = [Routine(customer, others, trips=lab.trips, seed=seed) for customer in others]


def _end_listeners(lab: Lab) -> None:
    for listener in lab.listeners():
        listener.end()
    for listener in lab.listeners():
        listener.join()
