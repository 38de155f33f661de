"""A run's figures as RESULTS.md: every table, and the rows that ours wins and loses."""

from collections.abc import Iterator

from bench.results import Results
from bench.sections import METRICS, MORE_IS_BETTER, NEUTRAL, SECTIONS, Section

OURS, STOCK, NODE, SHARDS, CHECKED, BARE = "ours", "stock", "node", "shards", "checked", "bare"
PEERS = (OURS, STOCK, NODE, SHARDS, CHECKED, BARE)
TITLES = {
    OURS: "Saldo Vivo",
    STOCK: "Flask-SocketIO",
    NODE: "Node socket.io",
    SHARDS: "Node, sharded adapter",
    CHECKED: "Node, same checks",
    BARE: "bare PyMySQL",
}
# Two figures closer than this are called equal: rounds of one server differ by as much.
EQUAL_WITHIN = 0.05


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
        "Each figure is the median of its rounds, with the smallest and the largest in brackets. CPU is what the "
        "kernel counts for the server process and its children: on a machine that does other work too it moves less "
        "than times do. Ratios below 1 are in favour of Saldo Vivo, except for events or operations a second."
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
