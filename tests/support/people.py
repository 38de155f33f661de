"""People of the tests: each has an account, speaks HTTP, and listens through a Socket.IO client of the real kind."""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.support.ordered_client import OrderedClient

WAIT_S = 15.0
HTTP_TIMEOUT_S = 30.0
PASSWORD = "correta-cavalo-bateria"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Event:
    """One event as a client received it."""

    name: str
    payload: Any


class Feed:
    """A connected socket and everything that it received, in order. `wait_s`: for the connection."""

    def __init__(
        self,
        url: str,
        *,
        transports: Sequence[str] = ("websocket",),
        auth: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        self.events: list[Event] = []
        self._arrived = threading.Condition()
        self.client = OrderedClient()
        self.client.on("*", self._keep)
        self.client.on("disconnect", self._gone)
        self.client.connect(url, headers or {}, auth, list(transports), wait_timeout=wait_s)
        self.node = str(self.wait_for("conexao", timeout_s=wait_s).payload["no"])

    def _keep(self, name: str, *payload: Any) -> None:
        with self._arrived:
            self.events.append(Event(name, payload[0] if payload else None))
            self._arrived.notify_all()

    def _gone(self, *_: Any) -> None:
        with self._arrived:
            self._arrived.notify_all()

    def wait_until(self, condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
        """What `condition` returns, once it is true. Raises AssertionError with all that arrived."""
        with self._arrived:
            if not self._arrived.wait_for(condition, timeout_s):
                raise AssertionError(f"waited {timeout_s} s for {what}; arrived: {self.events}")
            return condition()

    def named(self, name: str) -> list[Any]:
        """The payloads of all events of that name so far."""
        return [event.payload for event in self.events if event.name == name]

    def wait_for(self, name: str, where: Callable[[Any], bool] = lambda _: True, timeout_s: float = WAIT_S) -> Event:
        """The first event of that name whose payload fits."""

        def found() -> Event | None:
            return next((e for e in self.events if e.name == name and where(e.payload)), None)

        event = self.wait_until(found, name, timeout_s)
        assert isinstance(event, Event)
        return event

    def seqs(self) -> list[int]:
        """The seqs of the durable events, in the order of arrival."""
        return [e.payload["seq"] for e in self.events if isinstance(e.payload, dict) and "id" in e.payload]

    def wait_for_seq(self, seq: int, timeout_s: float = WAIT_S) -> None:
        self.wait_until(lambda: seq in self.seqs(), f"seq {seq}", timeout_s)

    def wait_closed(self, timeout_s: float = WAIT_S) -> None:
        self.wait_until(lambda: not self.client.connected, "the end of the connection", timeout_s)

    def emit(self, name: str, payload: Any) -> None:
        self.client.emit(name, payload)

    def settle(self) -> None:
        """Return when everything that the node had for this socket before is here: an own question is answered."""
        mark = len(self.named("erro"))
        self.emit("sincronizar", {"desde": -1})
        self.wait_until(lambda: len(self.named("erro")) > mark, "the answer to a question of our own")

    def close(self) -> None:
        self.client.disconnect()


class FromAddress(HTTPAdapter):
    """Connects from one address of this machine's own network, which has sixteen million."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def some_address() -> str:
    """Of somebody who lives alone."""
    return f"127.{secrets.randbelow(64) + 1}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"


@dataclass(frozen=True)
class Registered:
    """What the bank knows of a person from then on."""

    id: int
    account: int
    token: str


# By name and e-mail; the password is PASSWORD.
Register = Callable[[str, str], Registered]


class Person:
    """A registered user and the first account, with an address of their own. Money as decimal strings in reais.

    Registers like anybody, by HTTP, unless another way is given.
    """

    def __init__(self, url: str, name: str | None = None, register: Register | None = None) -> None:
        number = f"{next(_numbers)}-{secrets.token_hex(4)}"
        self.url = url
        self.address = some_address()
        self.name = name or f"Pessoa {number}"
        self.email = f"pessoa-{number}@teste.example"
        registered = (register or self._register_by_http)(self.name, self.email)
        self.id, self.account, self.token = registered.id, registered.account, registered.token

    def get(self, path: str, **query: Any) -> requests.Response:
        with self.session() as session:
            return session.get(self.url + path, params=query, headers=self._headers(), timeout=HTTP_TIMEOUT_S)

    def post(self, path: str, body: Any, *, key: str | None = None, token: str | None = "own") -> requests.Response:
        headers = self._headers() if token == "own" else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        with self.session() as session:
            return session.post(self.url + path, json=body, headers=headers, timeout=HTTP_TIMEOUT_S)

    def put(self, path: str, body: Any) -> requests.Response:
        return requests.put(self.url + path, json=body, headers=self._headers(), timeout=HTTP_TIMEOUT_S)

    def delete(self, path: str) -> requests.Response:
        with self.session() as session:
            return session.delete(self.url + path, headers=self._headers(), timeout=HTTP_TIMEOUT_S)

    def deposit(self, value: str, **options: Any) -> requests.Response:
        return self.post("/deposito", {"correntista_id": self.account, "valor": value}, **options)

    def withdraw(self, value: str, **options: Any) -> requests.Response:
        return self.post("/saque", {"correntista_id": self.account, "valor": value}, **options)

    def pay(self, value: str, description: str = "Luz", **options: Any) -> requests.Response:
        body = {"correntista_id": self.account, "valor": value, "descricao": description}
        return self.post("/pagamento", body, **options)

    def transfer(self, to: "Person", value: str, **options: Any) -> requests.Response:
        body = {"correntista_id_origem": self.account, "correntista_id_destino": to.account, "valor": value}
        return self.post("/transferencia", body, **options)

    def balance(self) -> float:
        return float(self.get("/correntistas").json()[0]["Saldo"])

    @contextmanager
    def listening(self, url: str | None = None, *, wait_s: float = WAIT_S, **options: Any) -> Iterator[Feed]:
        """A socket that has sent `autenticar`, as the guide's clients do, and was answered within `wait_s`."""
        ask = options.pop("ask", {})
        feed = Feed(url or self.url, wait_s=wait_s, **options)
        try:
            feed.emit("autenticar", {"token": self.token, **ask})
            feed.wait_for("autenticado", timeout_s=wait_s)
            yield feed
        finally:
            feed.close()

    def session(self) -> requests.Session:
        """Connections from the person's own address."""
        session = requests.Session()
        session.mount("http://", FromAddress(self.address))
        return session

    def _register_by_http(self, name: str, email: str) -> Registered:
        answer = self.post("/registro", {"nome": name, "email": email, "senha": PASSWORD}, token=None)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        self.token = str(body["token"])
        account = int(self.get("/correntistas").json()[0]["CorrentistaID"])
        return Registered(int(body["usuario"]["id"]), account, self.token)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def in_parallel(calls: Sequence[Callable[[], Any]], at_once: int) -> list[Any]:
    """Run all calls with `at_once` threads; results in the order of the calls. Raises what a call raised."""
    with ThreadPoolExecutor(at_once) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def eventually(condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)
    return answer
