"""What a run has to say for itself."""

from collections import Counter
from dataclasses import dataclass, field

from tests.cluster.chaos.devices import Page
from tests.cluster.chaos.lab import Lab
from tests.cluster.chaos.record import CALM, PROMISED_S, Record


@dataclass
class Line:
    """One fault. `delay_s`: the longest time from a 201 to a reachable screen, and of all deliveries."""

    fault: str
    held_s: float = 0.0
    times: int = 0
    deliveries: int = 0
    delay_s: float = 0.0
    bound_s: float = 0.0


@dataclass
class Report:
    seed: str
    duration_s: float
    operations: int
    messages: int
    schedules: int
    dates_done: int
    dates_refused: int
    jobs_left: int
    repeats: int
    events: int
    screens: int
    dropped: int
    balance_reads: int
    faults: int
    stood_still_s: float
    problems: list[str]
    lines: dict[str, Line] = field(default_factory=dict)
    pauses_s: dict[str, float] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """How many problems are of a kind: lost, duplicated, leaked."""
        return sum(f": {kind}" in problem for problem in self.problems)

    def __str__(self) -> str:
        counts = Counter({kind: self.count(kind) for kind in ("lost", "duplicated", "leaked")})
        facts = [
            ("seed", self.seed),
            ("duration", f"{self.duration_s:.0f} s"),
            ("operations acknowledged", self.operations),
            ("messages written", self.messages),
            ("schedules made", self.schedules),
            ("their dates done", self.dates_done),
            ("their dates refused", self.dates_refused),
            ("workers killed while they did what is due", self.jobs_left),
            ("requests repeated under their key", self.repeats),
            ("events", self.events),
            ("deliveries to screens", self.screens),
            ("repeated on the wire, dropped by seq", self.dropped),
            ("faults", self.faults),
            ("the machine stood still", f"{self.stood_still_s:.2f} s"),
            ("lost", counts["lost"]),
            ("duplicated", counts["duplicated"]),
            ("leaked", counts["leaked"]),
            ("reads of all balances, each conserved", self.balance_reads),
            ("other problems", len(self.problems) - counts.total()),
        ]
        table = [f"| {name} | {value} |" for name, value in facts]
        rows = [
            f"| {line.fault} | {line.held_s:g} s | {line.times} | {line.deliveries} | {line.delay_s:.2f} s "
            f"| {line.bound_s:g} s |"
            for line in self.lines.values()
        ]
        heads = ["| Run | |", "|---|---|"]
        delays = ["| Fault | Held | Times | Deliveries | Longest delay | Bound |", "|---|---|---|---|---|---|"]
        problems = [f"PROBLEM {problem}" for problem in self.problems]
        pauses = [f"| {fault} | {pause_s:.2f} s |" for fault, pause_s in self.pauses_s.items()]
        if pauses:
            pauses = ["", "| Fault | Longest until an operation was acknowledged |", "|---|---|", *pauses]
        answers = [
            f"| {fault} | {code} | {times} | {longest_s:.2f} s |"
            for (fault, code), (times, longest_s) in sorted(self.answers.items())
        ]
        told = ["| Fault | Requests for money were answered | Times | Longest |", "|---|---|---|---|", *answers]
        return "\n".join([*heads, *table, "", *delays, *rows, *pauses, "", *told, "", *problems])


def write(seed: str, lab: Lab, duration_s: float) -> Report:
    """Also looks for events that came later than promised."""
    record = lab.record
    lines = _lines(record)
    events: set[tuple[int, int]] = set()
    screens = 0
    for listener in lab.listeners():
        screens += len(listener.shown)
        for shown in listener.shown:
            events.add((listener.login.user_id, shown.seq))
            done_at = record.done_at(shown.fact)
            if done_at is None:
                continue
            delay_s = listener.reachable_s(done_at, shown.at)
            window = record.window_of(done_at, max(done_at, shown.at))
            line = lines[window.fault if window else CALM]
            line.deliveries += 1
            line.delay_s = max(line.delay_s, delay_s)
            if delay_s > line.bound_s:
                record.problem(f"late: {listener.name} got {shown.seq} after {delay_s:.2f} s during {line.fault}")
    return Report(
        seed=seed,
        duration_s=duration_s,
        operations=len(record.operations),
        messages=len(record.messages),
        schedules=len(record.schedules),
        dates_done=record.dates_done,
        dates_refused=record.dates_refused,
        jobs_left=record.jobs_left,
        repeats=record.repeats,
        events=len(events),
        screens=screens,
        dropped=sum(listener.dropped for listener in lab.listeners() if isinstance(listener, Page)),
        balance_reads=record.balance_reads,
        faults=len(record.windows),
        stood_still_s=record.stalls.stood_still_s(record.begun),
        problems=list(record.problems),
        lines=lines,
        pauses_s=dict(record.pauses_s),
        answers=dict(record.answers),
    )


def _lines(record: Record) -> dict[str, Line]:
    lines = {CALM: Line(CALM, bound_s=PROMISED_S)}
    for window in record.windows:
        line = lines.setdefault(window.fault, Line(window.fault, window.held_s, bound_s=PROMISED_S + window.extra_s))
        line.times += 1
    return lines
