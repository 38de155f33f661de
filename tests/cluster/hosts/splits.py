"""The splits: `b` loses a network, or both, while everybody goes on."""

import threading
import time
from functools import partial

from deploy.local.readiness import http_status, redis_answers
from tests.cluster.chaos.devices import Page
from tests.cluster.chaos.faults import Fault
from tests.cluster.chaos.lab import HEALTHY_WITHIN_S, Lab
from tests.cluster.chaos.plan import Step
from tests.cluster.hosts.network import INSIDE, OUTSIDE
from tests.cluster.hosts.parts import NGINX_PORT, HostsCluster, Part
from tests.support.people import eventually

CALM_S = 3.0
PAY_EVERY_S = 0.5
# A client gives up a connection that says nothing for two pings less five seconds, and then comes back within seconds.
MOVED_WITHIN_S = 60.0


class HostsLab(Lab):
    @property
    def bank(self) -> HostsCluster:
        assert isinstance(self.cluster, HostsCluster)
        return self.cluster

    def mend(self) -> None:
        self.bank.hosts.mend()

    def wait_healthy(self) -> None:
        """Return when every part answers again, and hears itself through Redis."""
        eventually(lambda: redis_answers(self.redis.port, self.redis.host), "Redis", HEALTHY_WITHIN_S)
        for name, node in self.bank.web.items():
            eventually(partial(_is_ready, node), f"{name} ready", HEALTHY_WITHIN_S)
        nginx = self.bank.front
        eventually(lambda: http_status(NGINX_PORT, "/healthz", nginx) == 200, "nginx", HEALTHY_WITHIN_S)

    def wait_somebody_on(self, host: str) -> None:
        """To cut off a host on which nobody is would prove nothing."""
        eventually(lambda: any(page.node.startswith(f"{host}-") for page in self.pages()), f"a page on {host}")

    def pages(self) -> list[Page]:
        return [listener for listener in self.listeners() if isinstance(listener, Page)]


def _is_ready(node: Part) -> bool:
    return http_status(node.port, "/readyz", node.host) == 200


def _is_on_a(page: Page) -> bool:
    return page.node.startswith("a-") and page.authenticated.is_set()


def _split(lab: Lab, hold_s: float, networks: tuple[str, ...]) -> None:
    """The witnesses pay each other until it is over, and once more afterwards."""
    assert isinstance(lab, HostsLab)
    lab.wait_somebody_on("b")
    over = threading.Event()
    payments = threading.Thread(target=_pay, args=[lab, over])
    for network in networks:
        lab.bank.hosts.pull("b", network)
    payments.start()
    lab.hold(hold_s)
    lab.mend()
    over.set()
    payments.join()
    lab.burst()


def _pay(lab: Lab, over: threading.Event) -> None:
    name = lab.record.windows[-1].fault
    while not over.wait(PAY_EVERY_S):
        before = time.monotonic()
        lab.burst(1)
        lab.record.pause(name, time.monotonic() - before)


def lose_stores(lab: Lab, hold_s: float) -> None:
    _split(lab, hold_s, (INSIDE,))


def lose_front(lab: Lab, hold_s: float) -> None:
    _split(lab, hold_s, (OUTSIDE,))


def lose_both(lab: Lab, hold_s: float) -> None:
    _split(lab, hold_s, (INSIDE, OUTSIDE))


def lose_front_until_all_moved(lab: Lab, hold_s: float) -> None:
    """Everybody who was on `b` goes to `a`, and none comes back before it can be reached."""
    assert isinstance(lab, HostsLab)
    lab.wait_somebody_on("b")
    lab.bank.hosts.pull("b", OUTSIDE)
    lab.burst(1)
    try:
        for page in lab.pages():
            eventually(partial(_is_on_a, page), f"{page.name} on a", MOVED_WITHIN_S)
        lab.burst()
        lab.hold(hold_s)
        if left := [page.name for page in lab.pages() if page.node.startswith("b-")]:
            lab.record.problem(f"not moved: {left}")
    finally:
        lab.mend()


# What the network has swallowed is sent again after pauses that double, so it may take as long again as the split was.
STEPS = [
    Step(CALM_S, Fault("b loses the stores", lose_stores, 15, None, extra_s=30), 15),
    Step(CALM_S, Fault("b loses the front", lose_front, 12, None, extra_s=24), 12),
    Step(CALM_S, Fault("b loses both", lose_both, 12, None, extra_s=24), 12),
    # As long as a client needs to give up, and to come back.
    Step(
        CALM_S,
        Fault("b loses the front until all have moved", lose_front_until_all_moved, 3, None, extra_s=MOVED_WITHIN_S),
        3,
    ),
]
