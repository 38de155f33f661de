"""Push over HTTP: the key, a subscription, and what is refused."""

import requests

from app.db import Database
from app.push.routes import SUBSCRIPTIONS_BY_USER
from tests.conftest import NO_PUSH_SERVICE
from tests.integration.customers import rows
from tests.support.cluster import Cluster
from tests.support.people import Person, eventually
from tests.support.push_service import Browser, from_base64url


def delete(person: Person, path: str) -> requests.Response:
    with person.session() as session:
        return session.delete(person.url + path, headers={"Authorization": f"Bearer {person.token}"}, timeout=30)


def test_every_node_gives_the_same_key(cluster: Cluster, alice: Person) -> None:
    answers = []
    for node in ("web1", "web2", "web3"):
        alice.url = cluster.node_url(node)
        answers.append(alice.get("/push/chave").json())

    assert [answer["disponivel"] for answer in answers] == [True] * 3
    assert len({answer["chave"] for answer in answers}) == 1
    assert len(from_base64url(answers[0]["chave"])) == 65


def test_the_workers_push_and_say_how_it_went(cluster: Cluster) -> None:
    db = Database(cluster.database())
    question = "SELECT last_result FROM jobs WHERE name = 'push' AND last_ok = 1"
    ((result,),) = eventually(lambda: rows(db, question), "a run of the job")
    assert str(result).startswith("devices: ")
    db.dispose()


def test_a_device_is_subscribed_and_cancelled_by_its_owner_alone(alice: Person, bob: Person) -> None:
    made = alice.post("/push/inscricoes", Browser(NO_PUSH_SERVICE, f"/{alice.id}").subscription)
    assert made.status_code == 201
    path = f"/push/inscricoes/{made.json()['id']}"

    assert delete(bob, path).status_code == 404
    assert delete(alice, path).status_code == 204
    assert delete(alice, path).status_code == 404


def test_the_address_of_no_push_service_is_refused(alice: Person) -> None:
    for url in ("http://127.0.0.1:8080", "https://attacker.example", "http://fcm.googleapis.com"):
        refused = alice.post("/push/inscricoes", Browser(url).subscription)
        assert (refused.status_code, refused.json()["codigo"]) == (422, "dados_invalidos")


def test_nobody_subscribes_all_the_time(alice: Person) -> None:
    subscription = Browser(NO_PUSH_SERVICE, f"/{alice.id}").subscription
    # Two minutes' worth: the minute may end meanwhile.
    attempts = (
        alice.post("/push/inscricoes", subscription) for _ in range(2 * SUBSCRIPTIONS_BY_USER.window.amount + 1)
    )

    refused = next(answer for answer in attempts if answer.status_code != 201)
    assert (refused.status_code, refused.json()["codigo"]) == (429, "muitas_requisicoes")


def test_a_logout_ends_the_push_to_that_device(cluster: Cluster, alice: Person) -> None:
    made = alice.post("/push/inscricoes", Browser(NO_PUSH_SERVICE, f"/{alice.id}").subscription)
    assert made.status_code == 201

    assert alice.post("/logout", {}).status_code == 204

    db = Database(cluster.database())
    assert rows(db, "SELECT id FROM push_subscriptions WHERE user_id = :user", user=alice.id) == []
    db.dispose()
