"""A run's figures as RESULTS.md: every table, and the rows that ours wins and loses."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import Results

OURS, STOCK, NODE, SHARDS, BARE = "ours", "stock", "node", "shards", "bare"
PEERS = (OURS, STOCK, NODE, SHARDS, BARE)
TITLES = {
    OURS: "Saldo Vivo",
    STOCK: "Flask-SocketIO",
    NODE: "Node socket.io",
    SHARDS: "Node, sharded adapter",
    BARE: "bare PyMySQL",
}
# Two figures closer than this are called equal: rounds of one server differ by as much.
EQUAL_WITHIN = 0.05

METRICS = {
    "cpu_us_per_event": "CPU of the node, µs an event",
    "p50_ms": "emit → client, p50, ms",
    "p99_ms": "emit → client, p99, ms",
    "events_per_s": "events a second",
    "undelivered": "events not delivered",
    "redis_cpu_us_per_event": "CPU of Redis, µs an event",
    "client_cpu_us_per_event": "CPU of the load client, µs an event",
    "healthz_p50_ms": "/healthz meanwhile, p50, ms",
    "healthz_max_ms": "/healthz meanwhile, longest, ms",
    "cpu_ms_per_s": "CPU of the node, ms a second",
    "cpu_us_per_message": "CPU of the node, µs a message",
    "last_client_p50_ms": "emit → last client, p50, ms",
    "deaf_s": "deaf for, s",
    "rss_kib_per_connection": "RSS, KiB a connection",
    "pss_kib_per_connection": "PSS, KiB a connection",
    "cpu_us_per_handshake": "CPU of the node, µs a handshake",
    "cpu_us_per_disconnect": "CPU of the node, µs a disconnect",
    "nodes_cpu_us_per_emit": "CPU of all nodes, µs an emit",
    "redis_cpu_us_per_emit": "CPU of Redis, µs an emit",
    "operations_per_s": "operations a second",
    "cpu_us_per_operation": "CPU of the process, µs an operation",
    "database_cpu_us_per_operation": "CPU of MariaDB, µs an operation",
    "worker_cpu_us_per_operation": "CPU of the worker, µs an operation",
    "http_p50_ms": "request → answer, p50, ms",
    "request_to_screen_p50_ms": "request → client, p50, ms",
    "request_to_screen_p99_ms": "request → client, p99, ms",
    "answer_to_screen_p50_ms": "answer → client, p50, ms",
    "answer_to_screen_p99_ms": "answer → client, p99, ms",
}
MORE_IS_BETTER = {"events_per_s", "operations_per_s"}
# Read to be shown, not to be compared.
NEUTRAL = {"client_cpu_us_per_event", "undelivered"}


@dataclass(frozen=True)
class Section:
    measure: str
    title: str
    about: str


SECTIONS = (
    Section(
        "deliver",
        "One event to one user",
        "About 250 bytes to the rooms of random users among the connected ones of one node, published to Redis in each "
        "server's own wire format. The flood publishes as fast as Redis takes it, so its latency is the length of "
        "the queue; meanwhile /healthz is asked 40 times a second, waits counted from when a question was due.",
    ),
    Section("idle", "Nothing sent", "The same node with its clients, heartbeats only."),
    Section(
        "foreign",
        "A message for another node's user",
        "2,000 a second for users that are not on the node; what the node uses when idle is taken off.",
    ),
    Section("room", "A large room", "One emit to a room in which every client of the node is, 5 a second."),
    Section(
        "cluster",
        "A growing cluster",
        "400 clients spread over the nodes, 1,000 emits a second to one user each: what all nodes use together.",
    ),
    Section(
        "connections",
        "Connections",
        "A fresh node. Costs at a size are those of the last thousand to come and of the first thousand to go, over "
        "WebSocket. Saldo Vivo verifies a token, asks the database for the head of the user's stream and joins through "
        "Redis; the other two trust a number that the client sends.",
    ),
    Section(
        "deaf",
        "After Redis was away",
        "SIGKILL, and a fresh Redis on the same port after the outage; a message every 50 ms. From the moment Redis answers "
        "PING to the emit of the first message that was delivered. What falls between is lost by the other two.",
    ),
    Section(
        "money",
        "Money",
        "Transfers between random users, eight at a time, MariaDB on the same machine, no worker. The bare driver sends the "
        "same statements in the same order from one process with eight greenlets, and does nothing else: no HTTP, no token, "
        "no JSON, no checks.",
    ),
    Section(
        "screen",
        "From a commit to the screen",
        "POST /transferencia on one node, the worker's relay, Redis, and both parties' sockets on the same node, 1,000 of "
        "them. The commit falls between the request and its answer, so the delay from commit to client lies between the two "
        "figures given; an event may be on the screen before the answer is.",
    ),
)


def render(results: Results, about: dict[str, str]) -> str:
    sections = [section for section in SECTIONS if results.rows(section.measure)]
    lines = [*_head(about), *_verdict(results, sections)]
    for section in sections:
        lines += [f"## {section.title}", "", section.about, "", *_table(results, section.measure), ""]
    return "\n".join(lines)


def _head(about: dict[str, str]) -> Iterator[str]:
    yield from ("# Benchmarks", "", "Written by `make bench`; the servers take turns within one run.", "")
    yield from (f"- {name}: {text}" for name, text in about.items())
    yield ""
    yield (
        "Each figure is the median of its rounds, with the smallest and the largest in brackets. CPU is what the kernel "
        "counts for the server process and its children: on a machine that does other work too it moves less than times "
        "do. Ratios below 1 are in favour of Saldo Vivo, except for events a second."
    )
    yield ""


def _verdict(results: Results, sections: list[Section]) -> Iterator[str]:
    """How often ours is better, and every row in which it is not."""
    yield from ("## In short", "")
    for peer in PEERS[1:]:
        rows = list(_compared(results, sections, peer))
        worse = [row for row in rows if row[1] < -EQUAL_WITHIN]
        better = sum(row[1] > EQUAL_WITHIN for row in rows)
        equal = len(rows) - better - len(worse)
        yield f"Against {TITLES[peer]}: better in {better} rows, equal in {equal}, worse in {len(worse)}."
        yield ""
        yield from (f"- worse: {name}" for name, _ in worse)
        yield from [""] * bool(worse)


def _compared(results: Results, sections: list[Section], peer: str) -> Iterator[tuple[str, float]]:
    """Each row that both have, and by how much of the other's figure ours is better."""
    for section in sections:
        for case, metric in results.rows(section.measure):
            ratio = _ratio(results, section.measure, case, metric, peer)
            if metric in NEUTRAL or ratio is None:
                continue
            name = f"{section.title.lower()}, {case}, {METRICS[metric]}: {ratio:.2f} of it"
            yield name, ratio - 1 if metric in MORE_IS_BETTER else 1 - ratio


def _table(results: Results, measure: str) -> Iterator[str]:
    rows = results.rows(measure)
    peers = [p for p in PEERS if any(results.values(measure, case, metric, p) for case, metric in rows)]
    others = [p for p in peers if p != OURS] if OURS in peers else []
    columns = ["", "", *(TITLES[p] for p in peers), *(f"÷ {TITLES[p]}" for p in others)]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * 2}{'---:|' * (len(columns) - 2)}"
    shown = None
    for case, metric in rows:
        if metric == "undelivered" and not any(sum(results.values(measure, case, metric, p)) for p in peers):
            continue
        cells = [_cell(results.values(measure, case, metric, p)) for p in peers]
        ratios = [_ratio(results, measure, case, metric, p) for p in others]
        shares = ["" if ratio is None or metric in NEUTRAL else f"{ratio:.2f}" for ratio in ratios]
        yield f"| {' | '.join(['' if case == shown else case, METRICS[metric], *cells, *shares])} |"
        shown = case


def _ratio(results: Results, measure: str, case: str, metric: str, peer: str) -> float | None:
    ours, other = (results.median(measure, case, metric, p) for p in (OURS, peer))
    return ours / other if ours is not None and other else None


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    if len(ordered) == 1:
        return _number(middle)
    return f"{_number(middle)} ({_number(ordered[0])}–{_number(ordered[-1])})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"
