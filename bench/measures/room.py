"""One emit to a room in which every client of the node is."""

import time
from collections import defaultdict
from pathlib import Path

from bench.lab import Lab, Live
from bench.load import Pattern
from bench.payload import users
from bench.stack import drained

PER_S = 5


def run(lab: Lab, lives: list[Live]) -> None:
    templates = {live.name: _template(live) for live in lives}
    size = lab.scale.clients
    pattern = Pattern(count=int(PER_S * lab.scale.window_s), rate=PER_S)
    for live in lab.rounds(lives):
        live.client.reset()
        before = live.stack.cpu_ns()
        sent = live.stack.emit(users(1), pattern, templates[live.name]).wait()
        delivered = drained(live.client, int(sent["sent"]) * size)
        time.sleep(0.1)
        used = live.stack.cpu_ns() - before
        last_seen: dict[int, int] = defaultdict(int)
        for stamp, seen in live.client.samples(lab.directory / "samples"):
            last_seen[stamp] = max(last_seen[stamp], seen - stamp)
        spreads = sorted(last_seen.values())
        lab.results.add(
            "room",
            f"a room of {size}",
            live.name,
            cpu_us_per_event=used / 1e3 / max(1, delivered),
            last_client_p50_ms=spreads[len(spreads) // 2] / 1e6 if spreads else 0,
            undelivered=sent["sent"] * size - delivered,
        )


def _template(live: Live) -> Path:
    peer = live.stack.peer
    return live.stack.capture("room", peer.emit_command(live.stack.redis.port, peer.big_room))
