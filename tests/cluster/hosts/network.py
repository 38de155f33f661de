"""Hosts on two networks, all inside network namespaces of this machine: nobody outside of them reaches anything.

    outside 10.78.1.0/24   front (nginx), a and b (web nodes), people
    inside  10.78.2.0/24   a and b, stores (MariaDB, Redis, a worker), people: the test is the operator too

A cable that is pulled is taken off its switch: both ends stay up, and whatever is sent is lost without a word.
"""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

OUTSIDE, INSIDE = "outside", "inside"
NETWORKS = {OUTSIDE: "10.78.1", INSIDE: "10.78.2"}
# The last number of each host's addresses, and the networks that it is on.
HOSTS = {
    "front": (1, (OUTSIDE,)),
    "stores": (2, (INSIDE,)),
    "people": (10, (OUTSIDE, INSIDE)),
    "a": (11, (OUTSIDE, INSIDE)),
    "b": (12, (OUTSIDE, INSIDE)),
}
IP_TIMEOUT_S = 20.0


def address(host: str, network: str) -> str:
    number, networks = HOSTS[host]
    assert network in networks, f"{host} is not on {network}"
    return f"{NETWORKS[network]}.{number}"


@dataclass(frozen=True)
class Hosts:
    """A context manager for the one who is root: all namespaces end with it. `run`: tells two at once apart."""

    run: str = field(default_factory=lambda: str(os.getpid()))

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def on(self, host: str) -> list[str]:
        """What the command line of something that runs on `host` begins with."""
        return ["ip", "netns", "exec", self._name(host)]

    def pull(self, host: str, network: str) -> None:
        """Cut `host` off from a network, until `plug`."""
        _ip("-n", self._name("switch"), "link", "set", f"{host}-{network}", "nomaster")

    def plug(self, host: str, network: str) -> None:
        """Also when it is plugged in already."""
        _ip("-n", self._name("switch"), "link", "set", f"{host}-{network}", "master", network)

    def mend(self) -> None:
        for host, (_, networks) in HOSTS.items():
            for network in networks:
                self.plug(host, network)

    def _name(self, host: str) -> str:
        return f"saldo-{self.run}-{host}"

    def _build(self) -> None:
        for host in ("switch", *HOSTS):
            _ip("netns", "add", self._name(host))
            _ip("-n", self._name(host), "link", "set", "lo", "up")
        for network in NETWORKS:
            _ip("-n", self._name("switch"), "link", "add", network, "type", "bridge")
            _ip("-n", self._name("switch"), "link", "set", network, "up")
        for host, (_, networks) in HOSTS.items():
            for network in networks:
                self._wire(host, network)

    def _wire(self, host: str, network: str) -> None:
        switch, there, port = self._name("switch"), self._name(host), f"{host}-{network}"
        _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", network, "netns", there)
        _ip("-n", there, "address", "add", f"{address(host, network)}/24", "dev", network)
        _ip("-n", there, "link", "set", network, "up")
        _ip("-n", switch, "link", "set", port, "up", "master", network)

    def _remove(self) -> None:
        for host in (*HOSTS, "switch"):
            with suppress(subprocess.CalledProcessError):  # not made any more
                _ip("netns", "delete", self._name(host))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=IP_TIMEOUT_S)
