"""What one emit to one user costs the whole cluster, by the number of its nodes."""

from pathlib import Path

from bench.lab import Lab
from bench.load import Client, Pattern
from bench.payload import users
from bench.peers import Node, NodeSharded
from bench.stack import Stack, drained, stack

CLIENTS = 400
PER_S = 1000
WARM_UP_S = 1


def run(lab: Lab) -> None:
    # Beside the adapter that Node's documentation starts with, the one that also has a channel for each room.
    sharded = [NodeSharded()] if any(isinstance(peer, Node) for peer in lab.peers) else []
    for peer in [*lab.peers, *sharded]:
        with stack(peer, Path(lab.directory / f"{peer.name}-cluster")) as running:
            for size in lab.scale.clusters:
                running.add_nodes(size - len(running.ports))
                client = running.client(users(CLIENTS))
                client.connect(CLIENTS)
                _emit(running, client, WARM_UP_S)
                lab.results.add("cluster", f"{size} nodes", peer.name, **_emit(running, client, lab.scale.window_s))
                client.disconnect(CLIENTS)
                client.close()


def _emit(running: Stack, client: Client, seconds: float) -> dict[str, float]:
    client.reset()
    before, redis_before = running.cpu_ns(), running.redis_cpu_ns()
    sent = running.emit(users(CLIENTS), Pattern(count=int(PER_S * seconds), rate=PER_S)).wait()
    delivered = drained(client, int(sent["sent"]))
    return {
        "nodes_cpu_us_per_emit": (running.cpu_ns() - before) / 1e3 / sent["sent"],
        "redis_cpu_us_per_emit": (running.redis_cpu_ns() - redis_before) / 1e3 / sent["sent"],
        "p99_ms": client.report()["p99_us"] / 1e3,
        "undelivered": sent["sent"] - delivered,
    }
