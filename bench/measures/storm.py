"""Nodes die with thousands of clients on them: how soon those are back, on which nodes, and what others feel."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import kill
from signal import SIGKILL

import requests

from bench.lab import Lab
from bench.load import Client, Http, Reconnect, percentile, write_requests
from bench.measures.money import USERS, transfers
from bench.payload import EVENT, users
from bench.peers import READY_EVENT
from bench.peers.ours import Ours
from bench.processes import tree
from tests.support.cluster import Cluster
from tests.support.metrics import metric
from tests.support.servers import DatabaseServer

NODES = 3
REGAIN_S = 60
EVEN_WITHIN_S = 40
# Of the mean, what a node may have more or less and still have its share.
EVEN = 0.15
PROBES_PER_S = 40
MONEY_PER_S = 20
# They all come from the address of this machine, and whom one address pays is limited.
PAYEES = 5
HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def run(lab: Lab, database: DatabaseServer) -> None:
    ours = Ours(database.create_database("storm"))
    # All of them come from the address of this machine: what they do is counted, and not limited.
    cluster = Cluster(database_url=ours.database_url, nodes=NODES, env={"LIMITS_DRY_RUN": "on"})
    ours.prepare(users(max(USERS, lab.scale.storm)))
    cluster.start()
    try:
        ours = Ours(ours.database_url, cluster.jwt_secret())
        for mode in (Reconnect.AT_ONCE, Reconnect.STOCK_DELAYS):
            for killed in (1, NODES):
                figures = _storm(lab, cluster, ours, killed, mode)
                lab.results.add(
                    "storm", f"{killed} of {NODES} nodes, {mode.name.lower().replace('_', ' ')}", "ours", **figures
                )
    finally:
        cluster.stop()


def _storm(lab: Lab, cluster: Cluster, ours: Ours, killed: int, mode: Reconnect) -> dict[str, float]:
    auths = lab.directory / "storm-auths"
    ours.write_auths(auths, users(lab.scale.storm))
    client = Client([cluster.http_port], auths, ready=READY_EVENT, counted=EVENT)
    try:
        client.connect(lab.scale.storm)
        _wait_even(cluster)
        client.reset()
        client.reconnect(mode)
        with _asked(lab, cluster, ours) as asked:
            for number in range(killed):
                _kill(cluster.pid(f"web{number + 1}"))
            regained = client.regain(REGAIN_S)
            back = time.monotonic()
        even = _wait_even(cluster) - back
    finally:
        client.close()
    return {
        "regained_s": regained["seconds"],
        "even_after_s": even,
        "outside": regained["missing"],
        "refused": regained["refused"],
        **asked,
    }


@contextmanager
def _asked(lab: Lab, cluster: Cluster, ours: Ours) -> Iterator[dict[str, float]]:
    """`/healthz` and transfers, all the while, through nginx; the figures are there afterwards."""
    probes, money = lab.directory / "storm-probes", lab.directory / "storm-money"
    write_requests(probes, iter([HEALTHZ]))
    write_requests(money, transfers(ours, payees=PAYEES))
    port, figures = cluster.http_port, dict[str, float]()
    asking = [
        Http(port, path, connections=16, seconds=REGAIN_S * 2, rate=rate, dump=path.with_suffix(".dump"))
        for path, rate in ((probes, PROBES_PER_S), (money, MONEY_PER_S))
    ]
    try:
        yield figures
    finally:
        answers = [one.stop() for one in asking]
    waits = [seen - due for due, seen in asking[0].samples()]
    figures |= {
        "healthz_p99_ms": percentile(waits, 0.99) / 1e6,
        "healthz_max_ms": percentile(waits, 1) / 1e6,
        "money_p99_ms": answers[1]["p99_us"] / 1e3,
        "failed_healthz": answers[0]["failed"],
        "failed_money": answers[1]["failed"],
    }


def _kill(pid: int) -> None:
    for one in tree(pid):
        with suppress(ProcessLookupError):
            kill(one, SIGKILL)


def _wait_even(cluster: Cluster) -> float:
    """When every node had its share, by the monotonic clock; infinity when that did not come."""
    limit = time.monotonic() + EVEN_WITHIN_S
    while time.monotonic() < limit:
        counts = _counts(cluster)
        mean = sum(counts) / NODES
        if all(abs(count - mean) <= EVEN * mean for count in counts):
            return time.monotonic()
        time.sleep(0.2)
    print(f"not even: {counts}", flush=True)
    return float("inf")


def _counts(cluster: Cluster) -> list[float]:
    counts = []
    for number in range(NODES):
        with suppress(requests.RequestException):
            counts.append(metric(cluster.node_url(f"web{number + 1}"), "socketio_cluster_sockets"))
    return counts + [0.0] * (NODES - len(counts))
