"""People over several nodes: who is online, and what they say to each other, told to those alone whom it concerns."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.delivery import Confirmations
from sqlalchemy import update

from app.contacts.models import Contact
from app.db import Database
from app.streams.stream import streams
from app.wire import room_of
from tests.support.cluster import Cluster
from tests.support.people import Feed, Person, eventually


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def states(feed: Feed, person: Person) -> list[bool]:
    """What the socket was told of somebody's presence."""
    return [event["online"] for event in feed.named("presenca") if event["usuario_id"] == person.id]


def wait_told(feed: Feed, person: Person, *expected: bool) -> None:
    feed.wait_until(lambda: states(feed, person) == [*expected], f"{person.name} told as {expected}")


def asked(feed: Feed) -> dict[str, Any]:
    mark = len(feed.named("presenca_lista"))
    feed.emit("presenca_listar", {})
    feed.wait_until(lambda: len(feed.named("presenca_lista")) > mark, "presenca_lista")
    listing: dict[str, Any] = feed.named("presenca_lista")[mark]
    return listing


def test_contacts_see_each_other_come_and_go_on_whatever_node_and_nobody_else_does(
    cluster: Cluster, person: Callable[..., Person], befriend: Callable[..., None], sockets: ExitStack
) -> None:
    alice, bob, eva = person("Alice Souza"), person("Bob Pereira"), person("Eva Lima")
    befriend(alice, bob)
    one, two, three = (cluster.node_url(name) for name in ("web1", "web2", "web3"))
    watching = sockets.enter_context(alice.listening(one))
    stranger = sockets.enter_context(eva.listening(three))
    with bob.listening(two) as tab:
        wait_told(watching, bob, True)
        wait_told(tab, alice, True)
        listing = asked(watching)
        assert listing["usuarios"] == [{"usuario_id": bob.id, "nome": "Bob Pereira"}]
        assert alice.get("/usuarios/online").json() == listing["usuarios"]
        assert asked(stranger)["usuarios"] == []
        with bob.listening(three):
            pass
    wait_told(watching, bob, True, False)
    gone = watching.named("presenca")[-1]
    assert asked(watching)["vistos"] == {str(bob.id): gone["visto_em"]}
    assert stranger.named("presenca") == []


def test_who_is_not_shown_is_not_seen_and_sees_nobody(
    cluster: Cluster, person: Callable[..., Person], befriend: Callable[..., None], sockets: ExitStack
) -> None:
    alice, bob = person("Alice Souza"), person("Bob Pereira")
    befriend(alice, bob)
    watching, hidden = (sockets.enter_context(p.listening()) for p in (alice, bob))
    wait_told(watching, bob, True)
    wait_told(hidden, alice, True)

    assert bob.put("/preferencias/presenca", {"mostrar": False, "mostrar_visto": True}).status_code == 200
    wait_told(watching, bob, True, False)
    wait_told(hidden, alice, True, False)
    assert (asked(watching)["usuarios"], asked(hidden)["usuarios"]) == ([], [])
    assert bob.put("/preferencias/presenca", {"mostrar": True, "mostrar_visto": True}).status_code == 200
    wait_told(watching, bob, True, False, True)
    assert bob.get("/preferencias/presenca").json() == {"mostrar": True, "mostrar_visto": True}


def test_a_message_reaches_every_device_of_both_once_and_its_ticks_come_back(
    cluster: Cluster, person: Callable[..., Person], befriend: Callable[..., None], sockets: ExitStack
) -> None:
    alice, bob = person("Alice Souza"), person("Bob Pereira")
    befriend(alice, bob)
    before = alice.get(f"/conversas/{bob.id}/mensagens").json()
    assert before["pessoa"] == {"usuario_id": bob.id, "nome": "Bob Pereira", "pode_escrever": True}
    phone, laptop = (sockets.enter_context(alice.listening(cluster.node_url(n))) for n in ("web1", "web2"))
    other = sockets.enter_context(bob.listening(cluster.node_url("web3")))

    message = {"para": bob.id, "texto": "Vamos? 🫖\nàs 8", "id_cliente": "m1"}
    answer = phone.client.call("chat_enviar", message)
    assert phone.client.call("chat_enviar", message) == answer
    body = {"texto": message["texto"], "id_cliente": "m1"}
    assert alice.post(f"/conversas/{bob.id}/mensagens", body).json()["mensagem_id"] == answer["id"]
    received = other.wait_for("chat_mensagem").payload
    assert (received["mensagem_id"], received["texto"], received["nao_lidas"]) == (answer["id"], message["texto"], 1)

    other.client.call("chat_recebida", {"usuario_id": alice.id, "ate": answer["id"]})
    assert other.client.call("chat_lida", {"usuario_id": alice.id, "ate": answer["id"]})["nao_lidas"] == 0
    for device in (phone, laptop):
        device.wait_for("chat_lida", lambda e: (e["recebida_ate"], e["lida_ate"]) == (answer["id"], 0))
        device.wait_for("chat_lida", lambda e: e["lida_ate"] == answer["id"])
        assert len(device.named("chat_mensagem")) == 1
        assert device.seqs() == [1, 2, 3]
    assert other.wait_for("chat_lida").payload["nao_lidas"] == 0

    phone.client.call("chat_editar", {"id": answer["id"], "texto": "Vamos às 9?"})
    phone.client.call("chat_apagar", {"id": answer["id"]})
    laptop.wait_for("chat_alterada", lambda e: e["apagada"])
    assert [e["texto"] for e in other.named("chat_alterada")][:1] == ["Vamos às 9?"]
    phone.emit("chat_digitando", {"para": bob.id})
    assert other.wait_for("chat_digitando").payload == {"usuario_id": alice.id}
    shown = bob.get("/conversas").json()
    assert (shown["nao_lidas"], shown["conversas"][0]["ultima"]["apagada"]) == (0, True)
    assert bob.get(f"/conversas/{alice.id}/mensagens").json()["mensagens"][0]["texto"] == ""


def test_a_stranger_hears_and_reaches_nobody(
    person: Callable[..., Person], befriend: Callable[..., None], bank: Database, sockets: ExitStack
) -> None:
    alice, bob, eva = person("Alice Souza"), person("Bob Pereira"), person("Eva Lima")
    befriend(alice, bob)
    hers, stranger = (sockets.enter_context(p.listening()) for p in (alice, eva))
    for payload, code in (
        ({"para": alice.id, "texto": "Oi", "id_cliente": "x"}, "nao_sao_contatos"),
        ({"para": alice.id, "texto": "   ", "id_cliente": "x"}, "dados_invalidos"),
        ({"para": alice.id, "texto": "x" * 2001, "id_cliente": "x"}, "dados_invalidos"),
        ({"para": alice.id, "texto": "a\0b", "id_cliente": "x"}, "dados_invalidos"),
    ):
        assert stranger.client.call("chat_enviar", payload) is None
        assert stranger.named("erro")[-1]["codigo"] == code
    assert stranger.client.call("chat_digitando", {"para": alice.id}) is None
    bank.transact(lambda c: c.execute(update(Contact).where(Contact.user_id == alice.id).values(blocked=1)))
    with bob.listening() as blocked:
        assert blocked.client.call("chat_enviar", {"para": alice.id, "texto": "Oi", "id_cliente": "x"}) is None
        assert blocked.named("erro")[-1]["codigo"] == "nao_sao_contatos"

    hers.settle()
    assert [e.name for e in hers.events if e.name.startswith("chat")] == []
    nothing: dict[str, Any] = {"pessoa": None, "conversa": None, "mensagens": []}
    assert eva.get(f"/conversas/{alice.id}/mensagens").json() == nothing
    # Bob is blocked, and not told so.
    assert bob.get(f"/conversas/{alice.id}/mensagens").json() == nothing


def test_what_was_asked_for_in_a_conversation_is_paid_by_a_transfer(
    person: Callable[..., Person], befriend: Callable[..., None]
) -> None:
    alice, bob = person("Alice Souza"), person("Bob Pereira")
    befriend(alice, bob)
    alice.deposit("100.00")
    body = {"usuario_id": alice.id, "correntista_id": bob.account, "valor": "12.50", "descricao": "Pizza"}
    asked_for = bob.post("/cobrancas", {**body, "id_cliente": "c1"})
    assert asked_for.status_code == 201
    request = asked_for.json()
    with alice.listening() as feed:
        pay = {"correntista_id_origem": alice.account, "correntista_id_destino": bob.account, "valor": "12.50"}
        paid = alice.post("/transferencia", {**pay, "cobranca_id": request["mensagem_id"]}, key="k")
        again = alice.post("/transferencia", {**pay, "cobranca_id": request["mensagem_id"]}, key="k")
        assert (paid.status_code, again.json()) == (201, paid.json())
        settled = feed.wait_for("chat_alterada").payload
    assert (settled["situacao"], settled["operacao_id"]) == ("paga", paid.json()["operacao_id"])
    refused = alice.post("/transferencia", {**pay, "cobranca_id": request["mensagem_id"]})
    assert (refused.status_code, refused.json()["codigo"]) == (409, "cobranca_encerrada")
    assert bob.post("/cobrancas/1/recusar", {}).status_code == 404
    eventually(lambda: bob.balance() == 12.5, "paid once")


def test_a_page_that_has_an_event_says_so_and_one_that_sleeps_does_not(
    cluster: Cluster, person: Callable[..., Person], sockets: ExitStack
) -> None:
    awake, asleep, away = person(), person(), person()
    keys = Keys([cluster.bus_key().encode()])
    confirmations = Confirmations(cluster.redis(), streams, room_of=room_of, keys=keys)
    feeds = [sockets.enter_context(p.listening(cluster.node_url("web2"))) for p in (awake, asleep)]
    last = {"seq": 0}
    feeds[0].client.on("confirmar", lambda _: last["seq"])
    for p, feed in ((awake, feeds[0]), (asleep, feeds[1])):
        p.deposit("1.00")
        feed.wait_for_seq(1)

    assert not confirmations.taken(awake.id, 1), "it has the one before"
    last["seq"] = 1
    assert confirmations.taken(awake.id, 1)
    assert not confirmations.taken(asleep.id, 1)
    assert not confirmations.taken(away.id, 1)
