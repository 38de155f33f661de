"""The figures of the panel, in the terminal and on its page, from what nodes and workers say of themselves in Redis."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask_socketio_cluster.node.leaving import is_leaving
from flask_socketio_cluster.node.report import CPU_SECONDS, NODE, WORKER, Reported

SECOND, IN_ALL = "second", "all"

_SENT = "socketio_cluster_stream_events_sent_total"
_DELIVERED = "socketio_cluster_delivery_seconds_bucket"
_RELAYED = "socketio_cluster_relay_seconds"
_ANSWERS = "saldo_vivo_http_answers_total"


@dataclass(frozen=True, slots=True)
class Node:
    """Numbers a second are those of the time between two looks, or of all time where there was one look only; what a
    process counted before it was started anew is not in them. `None`: nothing was delivered, or there was one look."""

    name: str
    is_gone: bool
    is_leaving: bool
    age_s: float
    sockets: int
    users: int
    sessions: int
    sessions_max: int
    cpu_percent: float | None
    events: float
    from_database: float
    requests: float
    failed: float
    handshakes: float
    refused: float
    limited: float
    slow: float
    waiting: int
    p50_ms: float | None
    p99_ms: float | None
    canary_s: float


@dataclass(frozen=True, slots=True)
class Worker:
    name: str
    is_gone: bool
    age_s: float
    cpu_percent: float | None
    outbox_rows: int
    outbox_oldest_s: float
    relayed: float
    relay_p99_ms: float | None
    set_aside: int
    loop_failures: float


@dataclass(frozen=True, slots=True)
class JobStand:
    name: str
    ok: bool
    overdue_s: float


@dataclass(frozen=True, slots=True)
class Panel:
    """`per`: what the rates are of, SECOND or IN_ALL."""

    per: str
    nodes: list[Node]
    workers: list[Worker]
    jobs: list[JobStand]


class Change:
    """How one process's counters have grown from one look to the next, a second; without a former look, in all."""

    def __init__(self, now: Reported, before: Reported | None, seconds: float | None) -> None:
        # A counter that fell was begun anew.
        restarted = before is not None and now.value(CPU_SECONDS) < before.value(CPU_SECONDS)
        self._now, self._before = now, None if restarted else before
        self._seconds = seconds if before is not None and seconds else None

    def grown(self, name: str, **labels: str) -> float:
        former = self._before.value(name, **labels) if self._before else 0.0
        return max(0.0, self._now.value(name, **labels) - former)

    def rate(self, name: str, **labels: str) -> float:
        grown = self.grown(name, **labels)
        return round(grown / self._seconds, 2) if self._seconds else grown

    def cpu_percent(self) -> float | None:
        """Of a core; None without a former look."""
        return round(100 * self.grown(CPU_SECONDS) / self._seconds, 1) if self._seconds else None

    def quantiles_ms(self, name: str, *shares: float) -> list[float | None]:
        """Of a histogram's new observations."""
        now, before = _by_bound(self._now, name), _by_bound(self._before, name) if self._before else {}
        buckets = sorted((bound, max(0.0, count - before.get(bound, 0.0))) for bound, count in now.items())
        return [quantile_ms(buckets, share) for share in shares]


def _by_bound(reported: Reported, name: str) -> dict[float, float]:
    """How many lie below each bound of a histogram, whatever its other labels."""
    found: dict[float, float] = {}
    for sample in reported.named(name):
        if bound := sample.labels.get("le"):
            found[float(bound)] = found.get(float(bound), 0.0) + sample.value
    return found


def quantile_ms(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """`buckets`: upper bound in seconds and how many lie below, ascending. What lies within one counts as spread
    evenly; above the last bound it counts as that bound."""
    if not buckets or buckets[-1][1] <= 0:
        return None
    wanted = buckets[-1][1] * share
    low_s, below = 0.0, 0.0
    for bound_s, count in buckets:
        if count >= wanted:
            if bound_s == float("inf"):
                return round(low_s * 1000, 1)
            part = (wanted - below) / (count - below) if count > below else 1.0
            return round((low_s + (bound_s - low_s) * part) * 1000, 1)
        low_s, below = bound_s, count
    return round(low_s * 1000, 1)


def panel(now: Sequence[Reported], before: Sequence[Reported] = (), seconds: float | None = None) -> Panel:
    """`before`: the look `seconds` ago."""
    former = {(r.role, r.name): r for r in before}
    changes = [(r, Change(r, former.get((r.role, r.name)), seconds)) for r in now]
    return Panel(
        per=SECOND if seconds else IN_ALL,
        nodes=[_node(r, change) for r, change in changes if r.role == NODE],
        workers=[_worker(r, change) for r, change in changes if r.role == WORKER],
        jobs=_jobs([r for r in now if r.role == WORKER and not r.is_gone]),
    )


def snapshot(now: Sequence[Reported]) -> dict[str, Any]:
    """One look, as JSON has it."""
    return asdict(panel(now))


def _node(now: Reported, change: Change) -> Node:
    p50_ms, p99_ms = change.quantiles_ms(_DELIVERED, 0.5, 0.99)
    return Node(
        name=now.name,
        is_gone=now.is_gone,
        is_leaving=is_leaving(now),
        age_s=now.age_s,
        sockets=int(now.value("socketio_cluster_sockets")),
        users=int(now.value("socketio_cluster_users")),
        sessions=int(now.value("socketio_cluster_sessions")),
        sessions_max=int(now.value("socketio_cluster_sessions_max")),
        cpu_percent=change.cpu_percent(),
        events=change.rate(_SENT),
        from_database=change.rate(_SENT, way="database"),
        requests=change.rate(_ANSWERS),
        failed=sum(change.rate(_ANSWERS, status=str(status)) for status in range(500, 512)),
        handshakes=change.rate("socketio_cluster_handshakes_total"),
        refused=change.rate("socketio_cluster_handshakes_refused_total"),
        limited=change.rate("socketio_cluster_rates_exceeded_total") + change.rate("socketio_cluster_limited_total"),
        slow=change.rate("socketio_cluster_sessions_ended_total", reason="slow"),
        waiting=int(now.value("saldo_vivo_gate_waiting")),
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        canary_s=round(now.value("socketio_cluster_canary_age_seconds"), 1),
    )


def _worker(now: Reported, change: Change) -> Worker:
    (relay_p99_ms,) = change.quantiles_ms(f"{_RELAYED}_bucket", 0.99)
    return Worker(
        name=now.name,
        is_gone=now.is_gone,
        age_s=now.age_s,
        cpu_percent=change.cpu_percent(),
        outbox_rows=int(now.value("socketio_cluster_outbox_rows")),
        outbox_oldest_s=round(now.value("socketio_cluster_outbox_oldest_seconds"), 1),
        relayed=change.rate(f"{_RELAYED}_count"),
        relay_p99_ms=relay_p99_ms,
        set_aside=int(now.value("socketio_cluster_outbox_rows_set_aside_total")),
        loop_failures=change.rate("socketio_cluster_loop_failures_total"),
    )


def _jobs(workers: Sequence[Reported]) -> list[JobStand]:
    """All workers see the same jobs, some seconds apart."""
    ok, overdue_s = "saldo_vivo_job_ok", "saldo_vivo_job_overdue_seconds"
    names = sorted({s.labels.get("job", "") for r in workers for s in (*r.named(ok), *r.named(overdue_s))})
    return [
        JobStand(
            name,
            any(r.value(ok, job=name) > 0 for r in workers),
            round(max(r.value(overdue_s, job=name) for r in workers), 1),
        )
        for name in names
    ]
