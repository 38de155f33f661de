"""python -m tests.cluster.soak: a cluster at work for MINUTES (30), whose memory must be flat at the end.

Customers pay and are told, over WebSocket and polling; now and then somebody's network is cut, so that connections
come and go. The same account as after chaos is taken at the end. Writes a table of memory and open files.
"""

import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click

from tests.cluster.chaos.lab import Lab, running_lab
from tests.cluster.chaos.record import Record
from tests.cluster.chaos.run import account

MINUTES = 30.0
EVERY_S = 5.0
# How often somebody's network is cut, in samples, and for how long.
CUT_EVERY = 2
CUT_S = 1.0
# What came before is warming up: pools fill, code is compiled, the first pages are read.
WARM_UP_SHARE = 1 / 3
# The end is compared with what followed the warming up, each over this share of the samples.
COMPARED_SHARE = 1 / 6
GROWTH_SHARE_MAX = 0.03
GROWTH_KIB_MAX = 2_048


@dataclass
class Samples:
    """Of one process, one after the other."""

    name: str
    pid: int
    memory_kib: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def take(self) -> None:
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        self.memory_kib.append(next(int(line.split()[1]) for line in lines if line.startswith("Pss:")))
        self.files.append(len(os.listdir(f"/proc/{self.pid}/fd")))

    @property
    def early_kib(self) -> float:
        start = int(len(self.memory_kib) * WARM_UP_SHARE)
        return median(self.memory_kib[start : start + self._compared])

    @property
    def late_kib(self) -> float:
        return median(self.memory_kib[-self._compared :])

    @property
    def _compared(self) -> int:
        return max(1, int(len(self.memory_kib) * COMPARED_SHARE))

    def is_flat(self) -> bool:
        return self.late_kib <= self.early_kib * (1 + GROWTH_SHARE_MAX) + GROWTH_KIB_MAX

    def row(self) -> str:
        files = f"{min(self.files)} to {max(self.files)}"
        sizes = (self.memory_kib[0], self.early_kib, self.late_kib, max(self.memory_kib))
        cells = (self.name, *(f"{size / 1024:.1f}" for size in sizes), files, "flat" if self.is_flat() else "GROWS")
        return f"| {' | '.join(cells)} |"


def main() -> int:
    minutes = float(os.environ.get("MINUTES") or MINUTES)
    seed = os.environ.get("SEED") or secrets.token_hex(4)
    record = Record()
    click.echo(f"seed {seed}, {minutes:g} minutes")
    with record.stalls.watching(), running_lab(seed, record) as lab:
        record.begun = time.monotonic()
        processes = [Samples(entry["name"], _working_pid(entry["pid"])) for entry in lab.cluster.processes()]
        watched = [process for process in processes if process.name.startswith(("web", "worker"))]
        _work(lab, watched, minutes * 60)
        lab.stop()
        lab.wait_all_told()
        account(lab)
    events = sum(len(device.shown) for device in lab.listeners())
    click.echo(f"\n{len(record.operations)} operations, {events} events shown, {len(watched[0].memory_kib)} samples\n")
    click.echo("| Process | MiB at first | after warming up | at the end | most | open files | |")
    click.echo("|---|---|---|---|---|---|---|")
    for process in watched:
        click.echo(process.row())
    for problem in record.problems:
        click.echo(f"PROBLEM {problem}")
    return 1 if record.problems or not all(process.is_flat() for process in watched) else 0


def _work(lab: Lab, watched: list[Samples], lasting_s: float) -> None:
    until = time.monotonic() + lasting_s
    taken = 0
    while time.monotonic() < until:
        lab.hold(EVERY_S)
        taken += 1
        if taken % CUT_EVERY == 0:
            link = lab.random.choice(lab.customers).link
            link.cut()
            lab.hold(CUT_S)
            link.heal()
        for process in watched:
            process.take()


def _working_pid(pid: int) -> int:
    """gunicorn's worker, where the process is gunicorn's master; itself otherwise."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


if __name__ == "__main__":
    sys.exit(main())
