"""The people of a run: each has an account, a network of its own and devices, and does things at random."""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.cluster.chaos.listener import Listener, Login, Page, PlainClient
from tests.cluster.chaos.network import ClientLink, Network
from tests.cluster.chaos.record import Record
from tests.cluster.chaos.teller import Teller
from tests.support.people import PASSWORD, Person

REST_S = (0.1, 1.5)
BURST_MAX = 4
TRIP_S = (0.3, 3.0)
FIRST_DEPOSIT_CENTS = 500_00
LOGIN_TIMEOUT_S = 10.0


@dataclass
class Customer:
    """One person. `devices` are all on the person's own network, through which the money requests go too."""

    login: Login
    email: str
    link: ClientLink
    teller: Teller
    devices: list[Listener] = field(default_factory=list)

    @classmethod
    def register(cls, network: Network, nginx_port: int, *, record: Record, seed: str) -> "Customer":
        link = ClientLink(network, nginx_port)
        person = Person(link.url)
        login = Login(person.id, person.account, person.token)
        return cls(login, person.email, link, Teller(login, link, record, seed=f"{seed} money"))

    def add_page(self, transport: str, *, record: Record, seed: str) -> None:
        said_in = len(self.devices) % 2 == 0
        name = f"user {self.login.user_id}'s page over {transport}"
        page = Page(
            name, self.login, self.link, transport, record=record, seed=f"{seed} {name}", says_it_in_handshake=said_in
        )
        self.devices.append(page)

    def add_plain_client(self, transport: str, *, record: Record, seed: str) -> None:
        name = f"user {self.login.user_id}'s plain client over {transport}"
        self.devices.append(PlainClient(name, self.login, self.link, transport, record=record, seed=f"{seed} {name}"))

    def log_in_again(self) -> None:
        """A new token for everything that this person does from now on. The rate limit or a fault may refuse."""
        body = {"email": self.email, "senha": PASSWORD}
        try:
            answer = requests.post(self.link.url + "/login", json=body, timeout=LOGIN_TIMEOUT_S)
        except requests.RequestException:
            return
        if answer.status_code == 200:
            self.login.token = answer.json()["token"]


class Routine:
    """What one customer does until told to stop: bursts of money, rests, trips of a device, a login now and then."""

    def __init__(self, customer: Customer, others: Sequence[Customer], *, trips: threading.Event, seed: str) -> None:
        """`trips`: set while devices may leave."""
        self._customer = customer
        self._others = [other for other in others if other is not customer]
        self._trips = trips
        self._random = random.Random(f"{seed} routine {customer.login.user_id}")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"user {customer.login.user_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the last request has its outcome and every device is back."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        actions: list[tuple[Any, int]] = [(self._burst, 12), (self._trip, 2), (self._customer.log_in_again, 1)]
        doings, weights = zip(*actions, strict=True)
        while not self._over.wait(self._random.uniform(*REST_S)):
            self._random.choices(doings, weights)[0]()

    def _burst(self) -> None:
        teller = self._customer.teller
        for _ in range(self._random.randint(1, BURST_MAX)):
            cents = self._random.randint(1, 50_00)
            kind = self._random.choices(("transfer", "deposit", "withdraw", "pay"), (6, 2, 1, 1))[0]
            if kind == "transfer":
                teller.transfer(self._random.choice(self._others).login, cents)
            else:
                getattr(teller, kind)(cents)

    def _trip(self) -> None:
        device = self._random.choice(self._customer.devices)
        away_s = self._random.uniform(*TRIP_S)
        if not self._trips.is_set() or device.is_away():
            return
        device.leave()
        self._over.wait(away_s)
        device.come_back()
