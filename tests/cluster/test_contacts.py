"""Contacts over HTTP and sockets: every tab of both people hears of a change, and an answer tells nothing of others."""

import time

from app.even_time import ANSWER_S
from tests.support.cluster import Cluster
from tests.support.people import Person


def test_asking_answers_alike_and_takes_the_same_time_whether_the_address_is_somebody_s(
    alice: Person, bob: Person
) -> None:
    answers = []
    for email in (bob.email, f"ninguem-{bob.email}"):
        began_s = time.monotonic()
        answer = alice.post("/contatos", {"email": email})
        answers.append((answer.status_code, answer.json()))
        assert time.monotonic() - began_s >= ANSWER_S

    assert answers[0] == answers[1]
    assert answers[0][0] == 202
    assert [each["email"] for each in alice.get("/contatos/pedidos").json()] == [f"ninguem-{bob.email}", bob.email]
    assert alice.get("/contatos").json() == []
    assert alice.post("/contatos", {"email": alice.email}).json()["codigo"] == "proprio_email"


def test_every_tab_of_both_hears_when_they_become_contacts_and_when_they_part(
    cluster: Cluster, alice: Person, bob: Person
) -> None:
    alice.post("/contatos", {"email": bob.email})
    assert [each["situacao"] for each in bob.get("/contatos").json()] == ["pedido_recebido"]

    for who, path in ((bob, f"/contatos/{alice.id}/aceitar"), (alice, f"/contatos/{bob.id}/bloquear")):
        with (
            alice.listening(cluster.node_url("web1")) as tab,
            alice.listening(cluster.node_url("web2")) as other_tab,
            bob.listening(cluster.node_url("web3")) as other,
        ):
            assert who.post(path, {}).status_code == 204
            for feed in (tab, other_tab, other):
                assert feed.wait_for("contatos").payload == {}

    assert [each["situacao"] for each in bob.get("/contatos").json()] == ["historico"]
    assert bob.get(f"/correntistas/{alice.account}/titular").json() == {
        "CorrentistaID": alice.account,
        "Titular": "A**** S****",
        "contato": False,
        "primeira_vez": True,
    }


def test_a_refusal_is_heard_by_nobody_but_who_refuses(alice: Person, bob: Person) -> None:
    alice.post("/contatos", {"email": bob.email})
    with alice.listening() as asking, bob.listening() as refusing:
        assert bob.post(f"/contatos/{alice.id}/recusar", {}).status_code == 204
        refusing.wait_for("contatos")
        asking.settle()
        assert asking.named("contatos") == []
