"""A device on which somebody listens, whatever it makes of what it hears."""

import random
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from socketio.exceptions import SocketIOError

from tests.cluster.chaos.network import ClientLink
from tests.cluster.chaos.record import Record, message_fact, operation_fact, refusal_fact
from tests.support.ordered_client import OrderedClient
from tests.support.stalls import uncovered_s

CONNECT_TIMEOUT_S = 10.0
# As the page: full jitter under a ceiling that doubles.
CEILING_FIRST_S = 0.5
CEILING_MAX_S = 2.0
LOOK_S = 0.05
CHAT = ("chat_mensagem", "chat_alterada", "chat_lida")
# A node learns within a second that a token was ended; what it has sent before may still be on its way.
ENDED_WITHIN_S = 3.0


@dataclass
class Login:
    """Who listens. The token changes when the person logs in again; `ended_at`: since when an older one is dead."""

    user_id: int
    account: int
    token: str
    ended_at: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """A durable event as the person saw it."""

    seq: int
    # What it tells of: `record.operation_fact`, `message_fact`, `refusal_fact`, or another event's name.
    fact: str
    at: float


class Listener(ABC):
    """One device: a thread that connects, listens, and comes back whenever the connection ends."""

    def __init__(self, name: str, login: Login, link: ClientLink, transport: str, *, record: Record, seed: str) -> None:
        self.name = name
        self.login = login
        self.link = link
        self.shown: list[Shown] = []
        self.connections = 0
        self.balance: tuple[int, Any] = (-1, None)  # `versao` and `Saldo` of the account
        self.authenticated = threading.Event()
        self._record = record
        self._transport = transport
        self._random = random.Random(seed)
        self._wanted = threading.Event()
        self._wanted.set()
        self._over = threading.Event()
        self._away: list[list[float]] = []
        self._away_depth = 0
        # Of an older connection that is still on its way out nothing counts any more.
        self._client: OrderedClient | None = None
        self._token = login.token
        self._handling = threading.Lock()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    @property
    def node(self) -> str:
        """The node that has its session; nothing while there is none."""
        client = self._client
        return str(client.eio.sid or "").partition(".")[0] if client else ""

    @property
    @abstractmethod
    def position(self) -> int:
        """The last event that this device has, or may leave to others; -1 while it is not authenticated."""

    @abstractmethod
    def _handshake(self) -> dict[str, Any] | None: ...

    @abstractmethod
    def _question(self) -> dict[str, Any] | None:
        """What `autenticar` says after the connection was made; None when the handshake has said it."""

    @abstractmethod
    def _begin(self, answer: dict[str, Any]) -> None:
        """`autenticado` came."""

    @abstractmethod
    def _event(self, client: OrderedClient, event: dict[str, Any], fact: str) -> None: ...

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Returns at once; `join` waits."""
        self._over.set()
        self._wanted.clear()

    def join(self) -> None:
        self._thread.join(CONNECT_TIMEOUT_S * 2)

    # -- being away ----------------------------------------------------------------------------

    def leave(self) -> None:
        """Put the device away: it disconnects and stays so."""
        self._wanted.clear()
        self.away()

    def come_back(self) -> None:
        self.back()
        self._wanted.set()

    def away(self) -> None:
        """From now on it is not the server's fault when nothing arrives. May be nested."""
        with self._handling:
            if self._away_depth == 0:
                self._away.append([time.monotonic(), float("inf")])
            self._away_depth += 1

    def back(self) -> None:
        with self._handling:
            self._away_depth -= 1
            if self._away_depth == 0:
                self._away[-1][1] = time.monotonic()

    def is_away(self) -> bool:
        return self._away_depth > 0

    def reachable_s(self, begun: float, ended: float) -> float:
        """How much of that time this device could be reached, on a machine that did not stand still."""
        away = [(since, until) for since, until in self._away]
        return uncovered_s(begun, ended, [*away, *self._record.stalls.spans()])

    # -- the connection ------------------------------------------------------------------------

    def _live(self) -> None:
        failures = 0
        while not self._over.is_set():
            if not self._wanted.wait(LOOK_S):
                continue
            was_there = self._connect_once()
            failures = 0 if was_there else failures + 1
            ceiling_s = min(CEILING_MAX_S, CEILING_FIRST_S * 2**failures)
            self._over.wait(self._random.random() * ceiling_s)

    def _connect_once(self) -> bool:
        """One connection, until it ends or the device is put away; whether it was authenticated."""
        client = self._client = OrderedClient()
        self._token = self.login.token
        client.on("*", lambda name, payload=None: self._handle(client, name, payload))
        try:
            client.connect(
                self.link.url,
                transports=[self._transport],
                auth=self._handshake(),
                wait_timeout=CONNECT_TIMEOUT_S,
            )
            question = self._question()
            if question is not None:
                client.emit("autenticar", question)
            while not client.ended.wait(LOOK_S) and self._wanted.is_set():
                pass
        except (SocketIOError, OSError):
            pass
        finally:
            with self._handling:
                self._client = None
                was_there = self.authenticated.is_set()
                self.authenticated.clear()
            # Saying goodbye waits for the network, and the person does not.
            threading.Thread(target=_farewell, args=[client], daemon=True).start()
        return was_there

    def _handle(self, client: OrderedClient, name: str, payload: Any) -> None:
        with self._handling:
            if client is not self._client:
                return
            try:
                self._receive(client, name, payload)
            except Exception as error:  # the library would only log it
                self._record.problem(f"{self.name} could not take {name} {payload}: {error!r}")

    def _receive(self, client: OrderedClient, name: str, payload: Any) -> None:
        if name == "autenticado":
            self._authenticated(payload)
        elif name == "notificacao":
            self._notification(client, payload)
        elif name in CHAT:
            self._chat(client, name, payload)
        elif name == "saldo_atualizado":
            self._balance(payload)
        elif name == "erro":
            self._refused(client, payload)

    def _authenticated(self, answer: dict[str, Any]) -> None:
        self.connections += 1
        if answer["usuario_id"] != self.login.user_id:
            self._record.problem(f"leaked: {self.name} became user {answer['usuario_id']}")
        self._begin(answer)
        self.authenticated.set()

    def _refused(self, client: OrderedClient, error: dict[str, Any]) -> None:
        """The database is away: ask again on the same connection, in a while. The token is dead: on a new one."""
        code = error.get("codigo")
        if code == "token_revogado" and (self.is_away() or self._token in self.login.ended_at):
            client.eio.disconnect(abort=True)
        elif code not in ("banco_indisponivel", "resultado_desconhecido"):
            self._record.problem(f"{self.name} was told {error}")
        elif not self.authenticated.is_set():
            again = threading.Timer(self._random.uniform(0.2, 1.0), self._ask_again, [client])
            again.daemon = True
            again.start()

    def _ask_again(self, client: OrderedClient) -> None:
        with suppress(SocketIOError):
            client.emit("autenticar", self._question() or self._handshake())

    def _balance(self, payload: dict[str, Any]) -> None:
        if payload["CorrentistaID"] != self.login.account:
            self._record.problem(f"leaked: {self.name} received the balance {payload}")
        elif payload["versao"] > self.balance[0]:
            self.balance = (payload["versao"], payload["Saldo"])

    def _notification(self, client: OrderedClient, event: dict[str, Any]) -> None:
        own = event["id"] == f"{self.login.user_id}-{event['seq']}"
        rows = event["dados"].get("movimentacoes", [])
        if not own or any(row["CorrentistaID"] != self.login.account for row in rows):
            self._record.problem(f"leaked: {self.name} received {event}")
        self._check_token()
        self._event(client, event, fact_of("notificacao", event))

    def _chat(self, client: OrderedClient, name: str, event: dict[str, Any]) -> None:
        own = event["id"] == f"{self.login.user_id}-{event['seq']}"
        if not own or (name != "chat_lida" and self.login.user_id not in (event["de"], event["para"])):
            self._record.problem(f"leaked: {self.name} received {event}")
        self._check_token()
        self._event(client, event, fact_of(name, event))

    def _check_token(self) -> None:
        """What comes long after the token of this connection was ended should not have come."""
        now = time.monotonic()
        window = self._record.window_of(now, now)
        limit_s = ENDED_WITHIN_S + (window.extra_s if window else 0.0)
        ended_s = self.reachable_s(self.login.ended_at.get(self._token, now), now)
        if ended_s > limit_s:
            self._record.problem(f"leaked: {self.name} heard something {ended_s:.1f} s after its token was ended")

    def _show(self, event: dict[str, Any], fact: str) -> None:
        self.shown.append(Shown(event["seq"], fact, time.monotonic()))


def fact_of(name: str, event: dict[str, Any]) -> str:
    """What an event tells of. Events of one fact come once to each person."""
    data = event["dados"] if name == "notificacao" else {}
    if "operacao_id" in data:
        return operation_fact(data["operacao_id"])
    if "agendamento_id" in data:
        return refusal_fact(data["agendamento_id"], data["data"], event["mensagem"])
    return message_fact(event["mensagem_id"]) if name == "chat_mensagem" else name


def _farewell(client: OrderedClient) -> None:
    with suppress(Exception):  # it may meet a connection that is gone
        client.disconnect()
