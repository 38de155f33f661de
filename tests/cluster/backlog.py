"""python -m tests.cluster.backlog --seconds 60: all workers stand still under load, and then work off what waits.

Money goes on moving all the time. Measured: how many rows of the outbox wait when the workers go on, and how long it
takes until the last of these is gone. A page that listens must have every event once and in order.
"""

import argparse
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import click

from tests.support.cluster import Cluster, running_cluster
from tests.support.people import HTTP_TIMEOUT_S, Person, eventually
from tests.support.registering import registering
from tests.support.servers import DatabaseServer, mariadb_server, redis_server

NODES, WORKERS = 3, 2
DATABASE = "backlog"
PAIRS = 8
DRAINED_WITHIN_S = 600.0
TOLD_WITHIN_S = 60.0


class Payer:
    """Transfers to one other person, one transfer after the other, until the end."""

    def __init__(self, cluster: Cluster, payer: Person, payee: Person) -> None:
        self._url = f"{cluster.url}/transferencia"
        self._headers = {"Authorization": f"Bearer {payer.token}"}
        self._body: dict[str, Any] = {
            "correntista_id_origem": payer.account,
            "correntista_id_destino": payee.account,
            "valor": "1.00",
        }
        self._session = payer.session()
        self.done = 0

    def work(self, over: threading.Event) -> None:
        for number in itertools.count():
            if over.is_set():
                return
            key = {"Idempotency-Key": str(number)}
            answer = self._session.post(
                self._url, json=self._body, headers={**self._headers, **key}, timeout=HTTP_TIMEOUT_S
            )
            assert answer.status_code == 201, answer.text
            self.done += 1


class Outbox:
    """Looked at past the application."""

    def __init__(self, server: DatabaseServer) -> None:
        self._server = server

    def last_id(self) -> int:
        return int(self._one("SELECT COALESCE(MAX(id), 0) FROM outbox"))

    def waiting(self) -> int:
        return int(self._one("SELECT COUNT(*) FROM outbox"))

    def is_past(self, row_id: int) -> bool:
        return not self._one(f"SELECT EXISTS (SELECT id FROM outbox WHERE id <= {row_id})")

    def _one(self, sql: str) -> Any:
        with self._server.connection() as connection, connection.cursor() as cursor:
            connection.select_db(DATABASE)
            cursor.execute(sql)
            row = cursor.fetchone()
            assert row is not None
            return row[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.backlog")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the workers stand still")
    seconds = parser.parse_args().seconds
    with (
        mariadb_server() as server,
        redis_server() as redis,
        running_cluster(
            database_url=server.create_database(DATABASE),
            redis_url=redis.url,
            nodes=NODES,
            workers=WORKERS,
            env={"LIMITS_DRY_RUN": "on"},
        ) as cluster,
    ):
        payers, payee = _people(cluster)
        with payee.listening() as feed, _at_work(payers):
            _measure(cluster, Outbox(server), payers, seconds)
        told = payers[0].done
        eventually(lambda: len(feed.seqs()) >= told, "every event on the page", TOLD_WITHIN_S)
        assert feed.seqs() == list(range(1, told + 1))
        click.echo(f"the page of one payee showed all of its {told} events, once and in order")
    return 0


def _people(cluster: Cluster) -> tuple[list[Payer], Person]:
    """Those who pay, and whom the first one pays."""
    with registering(cluster) as register:
        pairs = [(Person(cluster.url, None, register), Person(cluster.url, None, register)) for _ in range(PAIRS)]
    for payer, _ in pairs:
        assert payer.deposit("1000000.00").status_code == 201
    return [Payer(cluster, payer, payee) for payer, payee in pairs], pairs[0][1]


@contextmanager
def _at_work(payers: list[Payer]) -> Iterator[None]:
    """Raises what one of them raised."""
    over = threading.Event()
    with ThreadPoolExecutor(len(payers)) as pool:
        working = [pool.submit(payer.work, over) for payer in payers]
        try:
            yield
        finally:
            over.set()
        for future in working:
            future.result()


def _measure(cluster: Cluster, outbox: Outbox, payers: list[Payer], seconds: float) -> None:
    pids = [cluster.pid(f"worker{number}") for number in range(1, WORKERS + 1)]
    begun, before = time.monotonic(), sum(payer.done for payer in payers)
    _signal(pids, signal.SIGSTOP)
    threading.Event().wait(seconds)
    waiting, last = outbox.waiting(), outbox.last_id()
    stopped_s, done = time.monotonic() - begun, sum(payer.done for payer in payers) - before
    _signal(pids, signal.SIGCONT)
    begun = time.monotonic()
    eventually(lambda: outbox.is_past(last), "an outbox that is worked off", DRAINED_WITHIN_S)
    drained_s = time.monotonic() - begun
    click.echo(f"{done} transfers in {stopped_s:.0f} s without workers ({done / stopped_s:.0f}/s): {waiting} rows wait")
    click.echo(f"worked off in {drained_s:.1f} s under the same load: {waiting / drained_s:.0f} rows a second")


def _signal(pids: list[int], signal_number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, signal_number)


if __name__ == "__main__":
    sys.exit(main())
