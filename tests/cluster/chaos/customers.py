"""The people of a run: each has an account, a network of its own and devices, and does things at random."""

import queue
import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.cluster.chaos.agenda import WEEKS_MAX, Agenda
from tests.cluster.chaos.devices import Page, PlainClient
from tests.cluster.chaos.listener import Listener, Login
from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Record
from tests.cluster.chaos.teller import Teller
from tests.cluster.chaos.writer import Writer
from tests.support.people import PASSWORD, Person

REST_S = (0.1, 1.5)
BURST_MAX = 4
# Bursts of money, messages, requests for money, schedules, trips of one device, logins, logouts everywhere.
DOINGS_WEIGHTS = (18, 8, 2, 2, 5, 1, 1)
# More than anybody has, now and then.
TOO_MUCH_CENTS = 1_000_000_00
TOO_MUCH_SHARE = 0.2
TRIP_S = (0.3, 3.0)
FIRST_DEPOSIT_CENTS = 500_00
ANSWER_TIMEOUT_S = 10.0
AGAIN_AFTER_S = 0.3
INSIST_S_MAX = 120.0


@dataclass
class Customer:
    """One person. `devices` are all on the person's own network, through which the money requests go too."""

    login: Login
    email: str
    link: ClientLink
    teller: Teller
    writer: Writer
    agenda: Agenda
    record: Record
    devices: list[Listener] = field(default_factory=list)
    # What contacts ask for: who, the message, how much.
    asked: "queue.SimpleQueue[tuple[Login, int, int]]" = field(default_factory=queue.SimpleQueue)
    _pause: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def register(cls, link: ClientLink, *, record: Record, seed: str) -> "Customer":
        person = Person(link.url)
        login = Login(person.id, person.account, person.token)
        teller = Teller(login, link, record, seed=f"{seed} money")
        writer = Writer(login, link, record, seed=f"{seed} words")
        agenda = Agenda(login, link, record, seed=f"{seed} days")
        return cls(login, person.email, link, teller, writer, agenda, record)

    def befriend(self, other: "Customer") -> None:
        """Each a contact of the other's. Before anything is broken."""
        self._post_once("/contatos", {"email": other.email})
        other._post_once(f"/contatos/{self.login.user_id}/aceitar", {})

    def _post_once(self, path: str, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self.login.token}"}
        requests.post(self.link.url + path, json=body, headers=headers, timeout=ANSWER_TIMEOUT_S).raise_for_status()

    def sees_online(self) -> set[int] | None:
        """Whom the person sees online; None when nobody says."""
        headers = {"Authorization": f"Bearer {self.login.token}"}
        with suppress(requests.RequestException):
            answer = requests.get(f"{self.link.url}/usuarios/online", headers=headers, timeout=ANSWER_TIMEOUT_S)
            if answer.status_code == 200:
                return {each["usuario_id"] for each in answer.json()}
        return None

    def add_page(self, transport: str, *, seed: str, says_it_in_handshake: bool) -> None:
        name = f"user {self.login.user_id}'s page over {transport}"
        page = Page(name, self.login, self.link, transport, record=self.record, seed=f"{seed} {name}")
        page.says_it_in_handshake = says_it_in_handshake
        self.devices.append(page)

    def add_plain_client(self, transport: str, *, seed: str) -> None:
        name = f"user {self.login.user_id}'s plain client over {transport}"
        plain = PlainClient(name, self.login, self.link, transport, record=self.record, seed=f"{seed} {name}")
        self.devices.append(plain)

    def log_in_again(self) -> None:
        """A new token for everything that this person does from now on."""
        answer = self._insist("/login", {"email": self.email, "senha": PASSWORD}, done=(200,))
        if answer is not None:
            self.login.token = answer.json()["token"]

    def log_out_everywhere(self) -> None:
        """End every token, and log in again."""
        for device in self.devices:
            device.away()
        # 401: an earlier attempt has done it, and its answer got lost.
        self._insist("/logout", {"todos": True}, done=(204, 401))
        self.login.ended_at[self.login.token] = time.monotonic()
        self.log_in_again()
        for device in self.devices:
            device.back()

    def _insist(self, path: str, body: dict[str, Any], *, done: Sequence[int]) -> requests.Response | None:
        """Ask until it is done; None when that took too long, which goes into the record."""
        headers = {"Authorization": f"Bearer {self.login.token}"}
        deadline = time.monotonic() + INSIST_S_MAX
        while time.monotonic() < deadline:
            pause_s = AGAIN_AFTER_S
            with suppress(requests.RequestException):
                answer = requests.post(self.link.url + path, json=body, headers=headers, timeout=ANSWER_TIMEOUT_S)
                if answer.status_code in done:
                    return answer
                pause_s = float(answer.headers.get("Retry-After", AGAIN_AFTER_S))
            self._pause.wait(pause_s)
        self.record.problem(f"user {self.login.user_id}: {path} did not succeed in {INSIST_S_MAX:g} s")
        return None


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
        doings = (
            self._burst,
            self._write,
            self._ask,
            self._schedule,
            self._trip,
            self._customer.log_in_again,
            self._log_out,
        )
        while not self._over.wait(self._random.uniform(*REST_S)):
            self._random.choices(doings, DOINGS_WEIGHTS)[0]()
            self._pay_what_was_asked()

    def _burst(self) -> None:
        teller = self._customer.teller
        for _ in range(self._random.randint(1, BURST_MAX)):
            cents = self._random.randint(1_00, 50_00)
            kind = self._random.choices(("transfer", "deposit", "withdraw", "pay"), (6, 2, 1, 1))[0]
            if kind == "transfer":
                teller.transfer(self._random.choice(self._others).login, cents)
            else:
                getattr(teller, kind)(cents)

    def _write(self) -> None:
        self._customer.writer.write(self._random.choice(self._others).login)

    def _ask(self) -> None:
        other, cents = self._random.choice(self._others), self._random.randint(1_00, 5_00)
        if request := self._customer.writer.ask(other.login, cents):
            other.asked.put((self._customer.login, request.id, cents))

    def _schedule(self) -> None:
        agenda, weeks = self._customer.agenda, self._random.randint(1, WEEKS_MAX)
        too_much = self._random.random() < TOO_MUCH_SHARE
        cents = TOO_MUCH_CENTS if too_much else self._random.randint(1_00, 20_00)
        if self._random.random() < 0.7:
            agenda.transfer(self._random.choice(self._others).login, cents, weeks=weeks)
        else:
            agenda.pay(cents, weeks=weeks)

    def _pay_what_was_asked(self) -> None:
        with suppress(queue.Empty):
            asker, request_id, cents = self._customer.asked.get_nowait()
            self._customer.teller.transfer(asker, cents, request_id=request_id)

    def _trip(self) -> None:
        device = self._random.choice(self._customer.devices)
        away_s = self._random.uniform(*TRIP_S)
        if not self._trips.is_set() or device.is_away():
            return
        device.leave()
        self._over.wait(away_s)
        device.come_back()

    def _log_out(self) -> None:
        if self._trips.is_set():
            self._customer.log_out_everywhere()
