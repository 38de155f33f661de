"""Nothing dies, and yet something has run out, refuses, or is slow."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from deploy.local.spawn import kill_group
from tests.cluster.chaos.lab import NODES, Lab
from tests.support.open_files import no_more_files
from tests.support.people import eventually
from tests.support.servers import DatabaseServer

LATE_S = 0.3
# The least that MariaDB can be told. The cluster has some hundred.
CONNECTIONS = 10
# Nobody listens there.
NO_PRIMARY_PORT = 1
STOPPED_S, RUNNING_S = 0.45, 0.05
SET_ASIDE_WITHIN_S = 10.0
# Of all parts, while a node may open no more files.
LOG_CHARS_MAX = 20_000


def make_database_read_only(lab: Lab, hold_s: float) -> None:
    """As the operator of a primary does before another one takes over, or MariaDB itself when its disk fails."""
    lab.burst()
    with lab.mariadb.setting("read_only", 1):
        lab.hold(hold_s)
    lab.burst()


def fill_database_disk(lab: Lab, hold_s: float) -> None:
    """Every commit waits for room, for up to a minute after there is some; what is there can be read."""
    lab.burst()
    lab.small_disk.purge_binlogs()
    lab.small_disk.fill_disk()
    lab.hold(hold_s)
    lab.small_disk.free_disk()
    lab.burst()


def use_up_connections(lab: Lab, hold_s: float) -> None:
    """All connections end, and only CONNECTIONS are taken anew, of hundred that are wanted."""
    lab.burst()
    with (
        lab.mariadb.connection() as connection,
        connection.cursor() as cursor,
        lab.mariadb.setting("max_connections", CONNECTIONS),
    ):
        cursor.execute(f"KILL USER {DatabaseServer.USER}")
        lab.hold(hold_s)
    lab.burst()


def fill_redis(lab: Lab, hold_s: float) -> None:
    """Redis refuses whatever would need memory, and goes on publishing."""
    with _told(lab, lambda client: client.config_set("maxmemory", 1), lambda client: client.config_set("maxmemory", 0)):
        lab.burst()
        lab.hold(hold_s)


def make_redis_a_replica(lab: Lab, hold_s: float) -> None:
    """As after a failover of which nobody told the nodes: Redis refuses to write, and goes on publishing."""
    with _told(
        lab,
        lambda client: client.replicaof("127.0.0.1", NO_PRIMARY_PORT),
        lambda client: client.replicaof("NO", "ONE"),
    ):
        lab.burst()
        lab.hold(hold_s)


@contextmanager
def _told(
    lab: Lab, breaking: Callable[[redis.Redis], object], mending: Callable[[redis.Redis], object]
) -> Iterator[None]:
    with redis.Redis(port=lab.redis.port) as client:
        breaking(client)
        try:
            yield
        finally:
            mending(client)


def slow_redis(lab: Lab, hold_s: float) -> None:
    """Each answer and each message is late, also those to whoever has to connect anew, as everybody has."""
    lab.redis_link.slow(LATE_S)
    lab.burst()
    with redis.Redis(port=lab.redis.port) as client:
        for kind in ("normal", "pubsub"):
            client.client_kill_filter(_type=kind, skipme=True)
    lab.hold(hold_s / 2)
    lab.burst()
    lab.hold(hold_s / 2)
    lab.burst()
    lab.redis_link.heal()


def use_up_descriptors(lab: Lab, hold_s: float) -> None:
    """A node may open nothing more than it has open; the others go on."""
    name = f"web{lab.random.randint(1, NODES)}"
    logged = len(lab.cluster.log)
    with no_more_files(lab.cluster.pid(name)):
        lab.burst()
        lab.hold(hold_s)
        lab.burst()
    written = len(lab.cluster.log) - logged
    assert written < LOG_CHARS_MAX, f"{written} characters in the log while {name} had no files"


def starve_web_node(lab: Lab, hold_s: float) -> None:
    """One node gets a tenth of the time."""
    pid, over = lab.cluster.pid(f"web{lab.random.randint(1, NODES)}"), threading.Event()

    def starve() -> None:
        while not over.is_set():
            kill_group(pid, signal.SIGSTOP)
            over.wait(STOPPED_S)
            kill_group(pid, signal.SIGCONT)
            over.wait(RUNNING_S)

    starving = threading.Thread(target=starve)
    starving.start()
    try:
        lab.burst()
        lab.hold(hold_s)
    finally:
        over.set()
        starving.join()


def poison_outbox(lab: Lab, hold_s: float) -> None:
    """A row that no relay can read, in the middle of others."""
    payee = lab.witnesses[1].login
    row = lab.operator.poison_outbox(payee.user_id)
    lab.burst()
    eventually(lambda: not lab.operator.is_in_outbox(row), "the row set aside", SET_ASIDE_WITHIN_S)
