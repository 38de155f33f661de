"""Which fault comes after which, and how long the calm before it lasts: all of it from the seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.cluster.chaos.faults import FAULTS, Fault

CALM_S = (0.5, 4.0)
CALM_SHORT_S = (0.1, 0.6)


@dataclass(frozen=True)
class Step:
    calm_s: float
    fault: Fault
    hold_s: float


def short(seed: str) -> list[Step]:
    """Every fault that a short run has time for, once."""
    chance = random.Random(f"{seed} plan")
    steps = [
        Step(chance.uniform(*CALM_SHORT_S), fault, fault.short_hold_s)
        for fault in FAULTS
        if fault.short_hold_s is not None
    ]
    chance.shuffle(steps)
    return steps


def endless(seed: str, only: str = "", faults: Sequence[Fault] = FAULTS) -> Iterator[Step]:
    """Every fault with `only` in its name, once in every round, in another order each time."""
    chance = random.Random(f"{seed} plan")
    chosen = [fault for fault in faults if only in fault.name]
    while chosen:
        for fault in chance.sample(chosen, len(chosen)):
            yield Step(chance.uniform(*CALM_S), fault, fault.hold_s)
