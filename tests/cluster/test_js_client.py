"""The client of the guide's page, the real JavaScript one: polling only, WebSocket only, and from one to the other."""

import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local import binaries
from tests.support.cluster import Cluster
from tests.support.people import WAIT_S, Event, Person

PROGRAM = Path(__file__).parent / "js_client.mjs"
TRANSPORTS = pytest.mark.parametrize(
    "transports",
    [("polling",), ("websocket",), ("polling", "websocket")],
    ids=["polling only", "websocket only", "upgrade"],
)


class Browser:
    """A running js_client.mjs and everything that it has said."""

    def __init__(self, url: str, transports: Sequence[str], auth: dict[str, Any] | None = None) -> None:
        node = binaries.on_path("node")
        assert node, "node is not installed"
        command = [node, str(PROGRAM), url, json.dumps(transports), *([json.dumps(auth)] if auth else [])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events: list[Event] = []
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            with self._arrived:
                self.events.append(Event(said["event"], said.get("payload")))
                self._arrived.notify_all()

    def emit(self, *event: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()

    def named(self, name: str) -> list[Any]:
        return [event.payload for event in self.events if event.name == name]

    def wait_for(self, name: str, count: int = 1) -> Any:
        """The `count`-th payload of that name."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.named(name)) >= count, WAIT_S)
            assert arrived, f"waited {WAIT_S} s for {name}; arrived: {self.events}"
            return self.named(name)[count - 1]

    def close(self) -> None:
        self._process.communicate()
        self._reader.join()


@contextmanager
def browser(url: str, transports: Sequence[str], **auth: Any) -> Iterator[Browser]:
    opened = Browser(url, transports, auth)
    try:
        yield opened
    finally:
        opened.close()


@TRANSPORTS
def test_the_guide_s_page_works_unchanged(alice: Person, transports: Sequence[str]) -> None:
    with browser(alice.url, transports) as page:
        greeting = page.wait_for("conexao")
        page.emit("autenticar", {"token": alice.token})
        answer = page.wait_for("autenticado")
        page.emit("solicitar_saldo", {"token": alice.token, "correntista_id": alice.account})
        first = page.wait_for("saldo_atualizado")
        operation = alice.deposit("12.50").json()
        told = page.wait_for("notificacao")
        second = page.wait_for("saldo_atualizado", 2)
        assert page.named("disconnect") == page.named("connect_error") == []

    assert greeting["mensagem"] == "Conectado ao servidor WebSocket"
    assert (answer["mensagem"], answer["usuario_id"]) == ("Autenticado com sucesso", alice.id)
    assert (first["Saldo"], second["Saldo"]) == (0, 12.5)
    assert (told["tipo"], told["dados"]["movimentacoes"]) == ("deposito", [operation["movimentacao"]])
    assert [told["seq"] for told in page.named("notificacao")] == [1]
    assert page.named("connect")[0]["transport"] in transports


@TRANSPORTS
def test_what_was_missed_comes_in_order(alice: Person, transports: Sequence[str]) -> None:
    with alice.listening() as feed:
        epoch = feed.named("autenticado")[0]["epoca"]
    for _ in range(30):
        alice.deposit("1.00")

    with browser(alice.url, transports, token=alice.token, ultimo_seq=5, epoca=epoch) as page:
        page.wait_for("notificacao", 25)
        alice.deposit("1.00")
        page.wait_for("notificacao", 26)

    assert [told["seq"] for told in page.named("notificacao")] == list(range(6, 32))


def test_a_polling_page_is_upgraded_on_its_node_and_misses_nothing(alice: Person) -> None:
    with browser(alice.url, ["polling", "websocket"], token=alice.token) as page:
        page.wait_for("autenticado")
        for _ in range(5):
            alice.deposit("1.00")
        page.wait_for("upgrade")
        for _ in range(5):
            alice.deposit("1.00")
        page.wait_for("notificacao", 10)

    assert [told["seq"] for told in page.named("notificacao")] == list(range(1, 11))
    assert page.named("upgrade") == [{"transport": "websocket"}]
    assert len(page.named("connect")) == 1
    assert page.named("connect")[0]["id"].startswith(f"{page.named('conexao')[0]['no']}.")


@TRANSPORTS
def test_a_page_on_another_node_sees_the_transfer(
    cluster: Cluster, alice: Person, bob: Person, transports: Sequence[str]
) -> None:
    alice.deposit("100.00")
    with (
        browser(cluster.node_url("web1"), transports, token=alice.token) as hers,
        browser(cluster.node_url("web3"), transports, token=bob.token) as his,
    ):
        hers.wait_for("autenticado")
        his.wait_for("autenticado")
        alice.transfer(bob, "30.00")
        assert his.wait_for("saldo_atualizado")["Saldo"] == 30
        assert hers.wait_for("saldo_atualizado")["Saldo"] == 70
        assert his.wait_for("notificacao")["mensagem"] == "Você recebeu R$ 30,00 de Alice Souza"
        hers.wait_for("notificacao")

    assert (len(hers.named("notificacao")), len(his.named("notificacao"))) == (1, 1)


def test_a_page_that_is_logged_out_is_told_why(alice: Person) -> None:
    with browser(alice.url, ["websocket"], token=alice.token) as page:
        page.wait_for("autenticado")
        alice.post("/logout", None)
        page.wait_for("sessao_encerrada")
        assert page.wait_for("disconnect")["reason"] in ("io server disconnect", "transport close")
