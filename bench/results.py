"""The figures of a run: every single one is kept, medians and spreads are made when they are shown."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One reading. `metric` ends in its unit; `peer` is the server it was read from."""

    measure: str
    case: str
    metric: str
    peer: str
    value: float


class Results:
    def __init__(self, figures: Iterable[Figure] = ()) -> None:
        self.figures = list(figures)
        # The machine's load average each time that figures came in: what else ran shows in it.
        self.loads: list[float] = []

    def add(self, measure: str, case: str, peer: str, **metrics: float) -> None:
        self.loads.append(os.getloadavg()[0])
        for metric, value in metrics.items():
            figure = Figure(measure=measure, case=case, metric=metric, peer=peer, value=value)
            self.figures.append(figure)
        shown = "  ".join(f"{metric} {value:,.1f}" for metric, value in metrics.items())
        print(f"{measure:12} {case:24} {peer:6} {shown}", flush=True)

    def rows(self, measure: str) -> list[tuple[str, str]]:
        """(case, metric), cases and their metrics in the order in which they were first read."""
        read = dict.fromkeys((f.case, f.metric) for f in self.figures if f.measure == measure)
        cases = list(dict.fromkeys(case for case, _ in read))
        return sorted(read, key=lambda row: cases.index(row[0]))

    def values(self, measure: str, case: str, metric: str, peer: str) -> list[float]:
        wanted = (measure, case, metric, peer)
        return [f.value for f in self.figures if (f.measure, f.case, f.metric, f.peer) == wanted]

    def median(self, measure: str, case: str, metric: str, peer: str) -> float | None:
        """None when it was not measured."""
        values = self.values(measure, case, metric, peer)
        return median(values) if values else None

    def save(self, path: Path, about: dict[str, str]) -> None:
        path.write_text(json.dumps({"about": about, "figures": [asdict(f) for f in self.figures]}, indent=1))

    @classmethod
    def load(cls, path: Path) -> tuple["Results", dict[str, str]]:
        saved = json.loads(path.read_text())
        return cls(Figure(**figure) for figure in saved["figures"]), saved["about"]
