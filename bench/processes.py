"""CPU time and memory of a server process and its children, as the kernel counts them."""

import time
from collections.abc import Iterable
from pathlib import Path

CPUCLOCK_SCHED = 2


def tree(pid: int) -> list[int]:
    """`pid` and every living descendant."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in task.read_text().split())
            except OSError:
                continue
    return found


def cpu_ns(pids: Iterable[int]) -> int:
    """CPU time used so far by the processes and their descendants, to the nanosecond.

    The kernel's own clock of another process (clock_getcpuclockid(3)): /proc/<pid>/stat counts in hundredths
    of a second, too coarse for a window of a few.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED) for root in pids for pid in tree(root))


def memory_kib(pids: Iterable[int]) -> dict[str, int]:
    """`{"Rss": …, "Pss": …}` of the processes and their descendants, in KiB."""
    total = {"Rss": 0, "Pss": 0}
    for root in pids:
        for pid in tree(root):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in total:
                    total[name] += int(rest.split()[0])
    return total
