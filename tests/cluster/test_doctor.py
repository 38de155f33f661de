"""`python -m worker doutor` on a cluster that runs."""

import json
import os
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from tests.support.cluster import ROOT, Cluster
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import DatabaseServer

TIMEOUT_S = 60
NODES = ("web1", "web2", "web3")


def doctor(cluster: Cluster, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and findings, with the settings of the cluster's own nodes."""
    env = {
        **os.environ,
        "DATABASE_URL": cluster.database(),
        "REDIS_URL": cluster.redis(),
        "JWT_SECRET": cluster.jwt_secret(),
        "BUS_KEYS": (cluster.run_dir / "bus_key").read_text(),
    }
    done = subprocess.run(
        [sys.executable, "-m", "worker", "doutor", "--json", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@contextmanager
def round_robin(ports: list[int]) -> Iterator[str]:
    """A proxy that sends each connection to the next node, whatever it asks for; its address."""
    turns = cycle(ports)

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((LOOPBACK, next(turns))) as node, selectors.DefaultSelector() as either:
            either.register(client, selectors.EVENT_READ, node)
            either.register(node, selectors.EVENT_READ, client)
            while True:
                for key, _ in either.select():
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]  # both are sockets
                    if not data:
                        return
                    key.data.sendall(data)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server((LOOPBACK, free_port())) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(TIMEOUT_S)


def test_a_healthy_cluster_has_no_fault_and_an_event_gets_through_every_node(
    cluster: Cluster, mariadb: DatabaseServer
) -> None:
    nodes = [f"--no={cluster.node_url(name)}" for name in NODES]

    with mariadb.setting("innodb_flush_log_at_trx_commit", 1):
        status, found = doctor(cluster, "--url", cluster.url, *nodes)

    assert [each for each in found if each["level"] == "fault"] == []
    assert status == 0
    subjects = {each["subject"] for each in found if each["level"] == "ok"}
    assert {"front websocket", "sticky sessions", *(f"event over {name}" for name in NODES)} <= subjects


def test_a_front_that_is_not_sticky_is_found_out(cluster: Cluster) -> None:
    with round_robin([cluster.process(name)["port"] for name in NODES]) as front:
        status, found = doctor(cluster, "--url", front)

    assert status == 1
    assert "front" in {each["subject"] for each in found if each["level"] == "fault"}


def test_no_finding_has_a_secret_in_it(cluster: Cluster) -> None:
    _, found = doctor(cluster)

    said = json.dumps(found)
    for secret in (cluster.jwt_secret(), (cluster.run_dir / "bus_key").read_text()):
        assert secret not in said
