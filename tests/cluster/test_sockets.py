"""What a Socket.IO client of the guide is told, over WebSocket and over polling, on whatever node it is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from app.bank import pace
from tests.support.cluster import Cluster
from tests.support.limits import counted_together, patient
from tests.support.people import Feed, Person, some_address

TRANSPORTS = pytest.mark.parametrize("transports", [("websocket",), ("polling",)], ids=lambda t: t[0])


@pytest.fixture
def stranger(cluster: Cluster) -> Iterator[Feed]:
    """A socket that has not said who it is."""
    feed = Feed(cluster.url)
    yield feed
    feed.close()


def refusal(feed: Feed, event: str, payload: Any) -> tuple[str, str]:
    """Slug and event of the `erro` that answers."""
    mark = len(feed.named("erro"))
    feed.emit(event, payload)
    feed.wait_until(lambda: len(feed.named("erro")) > mark, "erro")
    answer = feed.named("erro")[mark]
    assert set(answer) - {"tentar_em_ms"} == {"mensagem", "codigo", "evento"}
    assert ("tentar_em_ms" in answer) == (answer["codigo"] == "muitas_requisicoes")
    assert answer["mensagem"].endswith(".")
    return answer["codigo"], answer["evento"]


@TRANSPORTS
def test_a_client_of_the_guide_works_unchanged(alice: Person, cluster: Cluster, transports: tuple[str, ...]) -> None:
    feed = Feed(alice.url, transports=transports)
    feed.emit("autenticar", {"token": alice.token})
    answer = feed.wait_for("autenticado").payload
    feed.emit("solicitar_saldo", {"token": alice.token, "correntista_id": alice.account})
    balance = feed.wait_for("saldo_atualizado").payload
    operation = alice.deposit("12.50").json()
    told = feed.wait_for("notificacao").payload
    after = feed.wait_for("saldo_atualizado", lambda b: b["Saldo"] == 12.5).payload
    feed.close()

    assert feed.named("conexao") == [{"mensagem": "Conectado ao servidor WebSocket", "no": feed.node}]
    assert answer.pop("epoca") > 0
    assert answer == {
        "mensagem": "Autenticado com sucesso",
        "usuario_id": alice.id,
        "email": alice.email,
        "seq": 0,
        "recuperado": False,
    }
    account = {"CorrentistaID": alice.account, "NomeCorrentista": "Alice Souza"}
    assert balance == {**account, "Saldo": 0.0, "versao": 0}
    assert after == {**account, "Saldo": 12.5, "versao": 1}
    assert told == {
        "tipo": "deposito",
        "mensagem": "Depósito de R$ 12,50 em Alice Souza",
        "timestamp": operation["movimentacao"]["DataOperacao"],
        "dados": {
            "valor": 12.5,
            "descricao": "Depósito",
            "correntista_id": alice.account,
            "operacao_id": operation["operacao_id"],
            "propria": True,
            "movimentacoes": [operation["movimentacao"]],
        },
        "id": f"{alice.id}-1",
        "seq": 1,
    }


@TRANSPORTS
def test_the_token_may_come_in_the_handshake(alice: Person, transports: tuple[str, ...]) -> None:
    feed = Feed(alice.url, transports=transports, auth={"token": alice.token})
    assert feed.wait_for("autenticado").payload["usuario_id"] == alice.id

    alice.deposit("1.00")
    feed.wait_for_seq(1)
    feed.emit("solicitar_saldo", {"correntista_id": alice.account})
    feed.wait_until(lambda: len(feed.named("saldo_atualizado")) == 2, "the answer")
    feed.close()

    assert [event.name for event in feed.events[:2]] == ["conexao", "autenticado"]


def test_a_bad_token_in_the_handshake_is_told_and_may_be_mended(alice: Person) -> None:
    feed = Feed(alice.url, auth={"token": "x"})
    assert feed.wait_for("erro").payload["codigo"] == "token_invalido"

    feed.emit("autenticar", {"token": alice.token})
    feed.wait_for("autenticado")
    feed.close()


def test_each_operation_is_told_once_and_with_its_balance(alice: Person) -> None:
    with alice.listening() as feed:
        done = [operate("10.00").json() for operate in (alice.deposit, alice.pay, alice.deposit, alice.withdraw)]
        feed.wait_for_seq(4)
        feed.settle()

    told = feed.named("notificacao")
    assert [notice["tipo"] for notice in told] == ["deposito", "pagamento", "deposito", "saque"]
    assert [notice["dados"]["movimentacoes"] for notice in told] == [[answer["movimentacao"]] for answer in done]
    # What a sweep brings before the bus does comes with the last balance only.
    balances = feed.named("saldo_atualizado")
    versions = [balance["versao"] for balance in balances]
    assert versions == sorted(set(versions))
    assert (versions[-1], balances[-1]["Saldo"]) == (4, done[-1]["saldo"])
    assert all(balance["Saldo"] == done[balance["versao"] - 1]["saldo"] for balance in balances)


def test_both_parties_of_a_transfer_are_told_once_on_their_nodes_and_nobody_else(
    cluster: Cluster, alice: Person, bob: Person, person: Callable[..., Person]
) -> None:
    carla = person("Carla Nunes")
    alice.deposit("100.00")
    with ExitStack() as stack:
        giver = stack.enter_context(alice.listening(cluster.node_url("web1")))
        taker = stack.enter_context(bob.listening(cluster.node_url("web2")))
        others = [stack.enter_context(carla.listening(cluster.node_url(f"web{n}"))) for n in (1, 2, 3)]
        strangers = [Feed(cluster.node_url(f"web{n}")) for n in (1, 2, 3)]

        operation = alice.transfer(bob, "30.00").json()
        giver.wait_for_seq(2)
        taker.wait_for_seq(1)
        for feed in (giver, taker, *others, *strangers):
            feed.settle()
        for feed in strangers:
            feed.close()

    (sent,), (received,) = giver.named("notificacao"), taker.named("notificacao")
    assert sent["mensagem"] == "Você enviou R$ 30,00 para Bob Pereira"
    assert received["mensagem"] == "Você recebeu R$ 30,00 de Alice Souza"
    assert sent["dados"]["movimentacoes"] == [operation["movimentacao"]]
    assert received["dados"]["movimentacoes"] == bob.get("/movimentacoes").json()
    assert [b["Saldo"] for b in giver.named("saldo_atualizado")] == [70.0]
    assert [b["Saldo"] for b in taker.named("saldo_atualizado")] == [30.0]
    assert {event.name for feed in others for event in feed.events} == {"conexao", "autenticado", "erro"}
    assert {event.name for feed in strangers for event in feed.events} == {"conexao", "erro"}


def test_every_tab_and_device_of_a_user_is_told(cluster: Cluster, alice: Person) -> None:
    with ExitStack() as stack:
        feeds = [stack.enter_context(alice.listening(cluster.node_url(f"web{n}"))) for n in (1, 1, 2, 3)]

        alice.deposit("5.00")
        for feed in feeds:
            feed.wait_for_seq(1)


def test_a_transfer_between_own_accounts_is_told_once_with_both_rows(alice: Person) -> None:
    alice.deposit("100.00")
    reserve = alice.post("/correntistas", {"nome": "Reserva"}).json()["CorrentistaID"]
    body = {"correntista_id_origem": alice.account, "correntista_id_destino": reserve, "valor": 40}
    with alice.listening() as feed:
        alice.post("/transferencia", body)
        feed.wait_for_seq(2)
        feed.settle()

    (told,) = feed.named("notificacao")
    assert [row["CorrentistaID"] for row in told["dados"]["movimentacoes"]] == [alice.account, reserve]
    balances = {b["CorrentistaID"]: b["Saldo"] for b in feed.named("saldo_atualizado")}
    assert balances == {alice.account: 60.0, reserve: 40.0}
    assert len(feed.named("saldo_atualizado")) == 2


def test_a_balance_may_be_asked_for_with_a_token_alone(stranger: Feed, alice: Person) -> None:
    stranger.emit("solicitar_saldo", {"token": alice.token, "correntista_id": alice.account})

    assert stranger.wait_for("saldo_atualizado").payload["CorrentistaID"] == alice.account
    alice.deposit("5.00")
    stranger.settle()
    assert stranger.named("notificacao") == []


@pytest.mark.parametrize("event", ["autenticar", "solicitar_saldo", "sincronizar"])
@pytest.mark.parametrize(
    ("payload", "slug"),
    [
        ({}, "nao_autenticado"),
        ({"token": None}, "nao_autenticado"),
        ({"token": "x"}, "token_invalido"),
        ({"token": 7}, "token_invalido"),
        ({"token": {"sub": 1}}, "token_invalido"),
        ("x", "dados_invalidos"),
        ([], "dados_invalidos"),
        (None, "nao_autenticado"),  # the event without a payload
    ],
)
def test_who_does_not_say_who_it_is_is_refused(stranger: Feed, event: str, payload: object, slug: str) -> None:
    assert refusal(stranger, event, payload) == (slug, event)


def test_a_question_for_what_is_no_account_is_refused(alice: Person) -> None:
    no_accounts = [None, "1", 1.5, True, 0, -1, 2**63, [1], {"id": 1}]
    with alice.listening() as feed:
        refused = [refusal(feed, "solicitar_saldo", {"correntista_id": account}) for account in no_accounts]

    assert refused == [("dados_invalidos", "solicitar_saldo")] * len(no_accounts)


def test_a_question_for_somebody_else_s_account_is_refused(alice: Person, bob: Person) -> None:
    bob.deposit("77.00")
    with alice.listening() as feed:
        theirs = refusal(feed, "solicitar_saldo", {"token": alice.token, "correntista_id": bob.account})
        nobody_s = refusal(feed, "solicitar_saldo", {"correntista_id": 999_999_999})

    assert (theirs[0], nobody_s[0]) == ("conta_de_outra_pessoa", "conta_inexistente")
    assert feed.named("saldo_atualizado") == []
    assert "77" not in str(feed.named("erro"))


@TRANSPORTS
def test_a_socket_counts_where_its_handshake_was_from(
    alice: Person, cluster: Cluster, transports: tuple[str, ...]
) -> None:
    limits = patient(cluster.redis())

    def ask() -> tuple[set[str], set[str]]:
        """What somebody is told at an address that others have used up, and then elsewhere."""
        curious = Person(cluster.url)
        used_up, fresh = some_address(), some_address()
        told: list[set[str]] = []
        for address in (used_up, fresh):
            told.append(set())
            at = {"X-Forwarded-For": address}  # as nginx says it
            with curious.listening(cluster.node_url("web1"), headers=at, transports=transports) as feed:
                for _ in range(pace.PROBES_BY_USER.window.amount // 3):
                    while not limits.is_used_up(pace.PROBES_BY_ADDRESS, used_up):
                        limits.note(pace.PROBES_BY_ADDRESS, used_up)
                    told[-1].add(refusal(feed, "solicitar_saldo", {"correntista_id": alice.account})[0])
        return told[0], told[1]

    told = counted_together(cluster, ask, lambda told: "muitas_requisicoes" in told[0])

    assert told[1] == {"conta_de_outra_pessoa"}


def test_another_user_s_token_is_refused_on_a_socket_that_has_its_user(alice: Person, bob: Person) -> None:
    asked = {"token": bob.token, "correntista_id": bob.account, "desde": 0}
    with alice.listening() as feed:
        for event in ("autenticar", "solicitar_saldo", "sincronizar"):
            assert refusal(feed, event, asked) == ("usuario_diferente", event)

        bob.deposit("5.00")
        alice.deposit("5.00")
        feed.wait_for_seq(1)
        feed.settle()

    assert [told["id"] for told in feed.named("notificacao")] == [f"{alice.id}-1"]


def test_who_it_is_comes_from_the_token_and_from_no_other_field(alice: Person, bob: Person) -> None:
    claims = {"usuario_id": bob.id, "email": bob.email, "room": f"user_{bob.id}"}
    with alice.listening(ask=claims) as feed:
        assert feed.named("autenticado")[0]["usuario_id"] == alice.id

        bob.deposit("5.00")
        feed.settle()

    assert feed.named("notificacao") == []


def test_a_revoked_token_opens_nothing(stranger: Feed, alice: Person) -> None:
    alice.post("/logout", None)

    assert refusal(stranger, "autenticar", {"token": alice.token})[0] == "token_revogado"
    assert refusal(stranger, "solicitar_saldo", {"token": alice.token, "correntista_id": alice.account}) == (
        "token_revogado",
        "solicitar_saldo",
    )


def test_a_refusal_does_not_end_the_socket(alice: Person) -> None:
    with alice.listening() as feed:
        for payload in ({}, "x", {"correntista_id": -1}, {"correntista_id": 10**30}):
            refusal(feed, "solicitar_saldo", payload)

        alice.deposit("5.00")
        feed.wait_for_seq(1)


def test_a_node_says_its_own_name(cluster: Cluster) -> None:
    for name in ("web1", "web2", "web3"):
        feed = Feed(cluster.node_url(name))
        assert feed.node == name
        feed.close()


@TRANSPORTS
def test_read_on_one_device_is_read_on_all(
    alice: Person, bob: Person, cluster: Cluster, transports: tuple[str, ...]
) -> None:
    bob.deposit("3.00")
    for _ in range(3):
        bob.transfer(alice, "1.00")
    with ExitStack() as stack:
        phone, tab = (
            stack.enter_context(alice.listening(cluster.node_url(node), transports=transports))
            for node in ("web1", "web2")
        )
        other = stack.enter_context(bob.listening(cluster.node_url("web2"), transports=transports))

        answer = phone.client.call("notificacoes_lidas", {"ate": 2})

        assert answer == {"ate": 2, "nao_lidas": 1, "seqs": []}
        for feed in (phone, tab):
            assert feed.wait_for("notificacoes_lidas").payload == answer
        other.settle()
        assert other.named("notificacoes_lidas") == []
    assert alice.get("/notificacoes", nao_lidas="true").json()["nao_lidas"] == 1


def test_who_leaves_the_namespace_is_not_kept(alice: Person, cluster: Cluster) -> None:
    with alice.listening(cluster.node_url("web1")) as feed:
        feed.client.eio.send("1")

        feed.wait_closed()


@pytest.mark.parametrize(
    ("origin", "status"),
    [("own", 200), ("https own", 200), ("https://evil.example", 403), ("null", 403)],
)
def test_only_the_bank_s_own_page_opens_a_socket(cluster: Cluster, origin: str, status: int) -> None:
    own = cluster.url if origin == "own" else cluster.url.replace("http://", "https://")
    headers = {"Origin": own if "own" in origin else origin}

    answer = requests.get(f"{cluster.url}/socket.io/?EIO=4&transport=polling", headers=headers, timeout=10)

    assert answer.status_code == status
