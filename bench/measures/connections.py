"""What a connection costs: to open, to keep and to close."""

import time
from pathlib import Path

from bench.lab import Lab
from bench.load import Client
from bench.payload import users
from bench.peers.ours import NodeChecked, Ours
from bench.processes import memory_kib
from bench.stack import Stack, stack

STEP_MAX = 1000
WARM_UP = 20


def run(lab: Lab) -> None:
    checked = [NodeChecked(peer) for peer in lab.peers if isinstance(peer, Ours) and "node" in lab.names]
    for peer in [*lab.peers, *checked]:
        with stack(peer, Path(lab.directory / f"{peer.name}-crowd")) as running:
            running.add_nodes(1)
            _measure(lab, running)


def _measure(lab: Lab, running: Stack) -> None:
    """Costs at a size are those of the last thousand to come and of the first thousand to go."""
    client = running.client(users(max(lab.scale.crowds)))
    client.connect(WARM_UP)
    client.disconnect(WARM_UP)
    time.sleep(lab.scale.settle_s)
    empty, have = memory_kib(running.node_pids), 0
    step = min(STEP_MAX, *lab.scale.crowds)
    for size in lab.scale.crowds:
        client.connect(max(0, size - step - have))
        handshake = _cpu_us_each(lab, running, client, step, opening=True)
        full, have = memory_kib(running.node_pids), size
        lab.results.add(
            "connections",
            f"at {size}",
            running.peer.name,
            rss_kib_per_connection=(full["Rss"] - empty["Rss"]) / size,
            pss_kib_per_connection=(full["Pss"] - empty["Pss"]) / size,
            cpu_us_per_handshake=handshake,
        )
    for size in reversed(lab.scale.crowds):
        client.disconnect(have - size)
        cost = _cpu_us_each(lab, running, client, step, opening=False)
        have = size - step
        lab.results.add("connections", f"at {size}", running.peer.name, cpu_us_per_disconnect=cost)


def _cpu_us_each(lab: Lab, running: Stack, client: Client, count: int, *, opening: bool) -> float:
    time.sleep(lab.scale.settle_s)
    before = running.cpu_ns()
    answer = client.connect(count) if opening else client.disconnect(count)
    if answer.get("forced"):
        raise RuntimeError(f"{running.peer.name} did not answer {answer['forced']:g} close frames")
    time.sleep(lab.scale.settle_s)
    return (running.cpu_ns() - before) / 1e3 / count
