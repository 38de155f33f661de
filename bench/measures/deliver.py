"""What it costs to deliver one event to one user, and how long it takes."""

import time
from pathlib import Path

from bench.lab import Lab, Live
from bench.load import Http, Pattern, percentile, write_requests
from bench.payload import ROOM_MARK, users
from bench.peers import Stock
from bench.peers.ours import Ours
from bench.stack import drained

WARM_UP = Pattern(count=3000, rate=2000)
PROBES_PER_S = 40
PROBE_SECONDS_MAX = 60
SETTLE_S = 0.3


def patterns(lab: Lab) -> dict[str, Pattern]:
    seconds = lab.scale.window_s
    return {
        "500/s": Pattern(count=int(500 * seconds), rate=500),
        "2,000/s": Pattern(count=int(2000 * seconds), rate=2000),
        "bursts of 200, 1,000/s": Pattern(count=int(1000 * seconds), rate=1000, burst=200),
        "flood": Pattern(count=lab.scale.flood, rate=0),
    }


def run(lab: Lab, lives: list[Live]) -> None:
    for live in lives:
        window(lab, live, WARM_UP)
    for case, pattern in patterns(lab).items():
        for live in lab.rounds(lives):
            figures = flood(lab, live, pattern) if case == "flood" else window(lab, live, pattern)
            lab.results.add("deliver", case, live.name, **figures)


def durable(lab: Lab, lives: list[Live]) -> None:
    """Events of the users' streams as the worker relays them, which this project alone has."""
    for live in lives:
        if not isinstance(live.stack.peer, Ours):
            continue
        template = live.stack.capture("durable", live.stack.peer.relay_command(live.stack.redis.port))
        pattern = patterns(lab)["2,000/s"]
        for _ in range(lab.scale.rounds):
            lab.results.add("deliver", "2,000/s, durable", live.name, **window(lab, live, pattern, template))


def idle(lab: Lab, lives: list[Live]) -> None:
    """What a node with its clients uses while nothing is sent."""
    before = [live.stack.cpu_ns() for live in lives]
    time.sleep(lab.scale.idle_s)
    for live, cpu in zip(lives, before, strict=True):
        used = (live.stack.cpu_ns() - cpu) / 1e6 / lab.scale.idle_s
        lab.results.add("idle", f"{lab.scale.clients} clients", live.name, cpu_ms_per_s=used)


def foreign(lab: Lab, lives: list[Live]) -> None:
    """What a message costs a node that does not hold its user; what the node uses when idle is taken off."""
    for live in lab.rounds(lives):
        lab.results.add("foreign", "2,000/s", live.name, cpu_us_per_message=_foreign(lab, live, None))
    for live in lives:
        if isinstance(live.stack.peer, Ours):
            template = live.stack.capture("stock", Stock().emit_command(live.stack.redis.port, ROOM_MARK))
            for _ in range(lab.scale.rounds):
                cost = _foreign(lab, live, template)
                lab.results.add("foreign", "2,000/s, stock emitter", live.name, cpu_us_per_message=cost)


def _foreign(lab: Lab, live: Live, template: Path | None) -> float:
    pattern = Pattern(count=int(2000 * lab.scale.window_s), rate=2000)
    before = live.stack.cpu_ns()
    sent = live.stack.emit(users(lab.scale.clients, skip=50_000), pattern, template).wait()
    time.sleep(SETTLE_S)
    used_us = (live.stack.cpu_ns() - before) / 1e3
    idle_ms = lab.results.median("idle", f"{lab.scale.clients} clients", "cpu_ms_per_s", live.name) or 0
    return max(0.0, used_us - idle_ms * 1e3 * (sent["seconds"] + SETTLE_S)) / sent["sent"]


def window(lab: Lab, live: Live, pattern: Pattern, template: Path | None = None) -> dict[str, float]:
    live.client.reset()
    before, redis_before = live.stack.cpu_ns(), live.stack.redis_cpu_ns()
    sent = live.stack.emit(users(lab.scale.clients), pattern, template).wait()
    delivered = drained(live.client, int(sent["sent"]))
    used, redis_used = live.stack.cpu_ns() - before, live.stack.redis_cpu_ns() - redis_before
    report = live.client.report()
    return {
        "cpu_us_per_event": used / 1e3 / max(1, delivered),
        "p50_ms": report["p50_us"] / 1e3,
        "p99_ms": report["p99_us"] / 1e3,
        "undelivered": sent["sent"] - delivered,
        "redis_cpu_us_per_event": redis_used / 1e3 / max(1, delivered),
        "client_cpu_us_per_event": report["cpu_ns"] / 1e3 / max(1, delivered),
    }


def flood(lab: Lab, live: Live, pattern: Pattern) -> dict[str, float]:
    """A window during which the node is also asked over HTTP; waits are of the questions that fell into it."""
    requests = lab.directory / "healthz"
    write_requests(requests, iter([b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"]))
    probe = Http(
        live.stack.ports[0],
        requests,
        connections=8,
        seconds=PROBE_SECONDS_MAX,
        rate=PROBES_PER_S,
        dump=lab.directory / "probes",
    )
    time.sleep(0.2)
    figures = window(lab, live, pattern)
    probe.stop()
    samples = live.client.samples(lab.directory / "samples")
    begin, end = samples[0][0], samples[-1][1]
    waits = [seen - due for due, seen in probe.samples() if begin <= due <= end]
    return {
        **figures,
        "events_per_s": len(samples) / (end - begin) * 1e9,
        "healthz_p50_ms": percentile(waits, 0.5) / 1e6,
        "healthz_max_ms": percentile(waits, 1) / 1e6,
    }
