"""Faults between a customer and nginx. For as long as they last, the customer's devices count as away."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.chaos.customers import Customer
from tests.cluster.chaos.lab import Lab

LAG_S = 0.25
BYTES_PER_S = 8_000


def slow(lab: Lab, hold_s: float) -> None:
    with _troubled(lab) as customer:
        customer.link.slow(lag_s=LAG_S, bytes_per_s=BYTES_PER_S)
        lab.burst()
        lab.hold(hold_s)


def stall(lab: Lab, hold_s: float) -> None:
    with _troubled(lab) as customer:
        customer.link.stall()
        lab.hold(hold_s)


def cut(lab: Lab, hold_s: float) -> None:
    with _troubled(lab) as customer:
        customer.link.cut()
        lab.hold(hold_s)


def vanish(lab: Lab, hold_s: float) -> None:
    """The server keeps connections to devices that are back on new ones."""
    with _troubled(lab) as customer:
        customer.link.vanish()
        lab.hold(hold_s)


@contextmanager
def _troubled(lab: Lab) -> Iterator[Customer]:
    """One of those who are busy."""
    customer = lab.random.choice(lab.customers[2:])
    for device in customer.devices:
        device.away()
    try:
        yield customer
    finally:
        customer.link.heal()
        for device in customer.devices:
            device.back()
