"""Recovery and the second factor on a whole cluster: the code is read where `make run` shows mails."""

import re
from collections.abc import Callable
from html import unescape

import pyotp
import requests

from tests.support.cluster import Cluster
from tests.support.people import PASSWORD, Person

NEW_PASSWORD = "grampo-lua-bicicleta"


def test_a_code_from_the_local_outbox_sets_a_new_password_and_drops_the_sockets_of_every_session(
    cluster: Cluster, alice: Person
) -> None:
    with alice.listening(cluster.node_url("web2")) as feed:
        assert alice.post("/senha/recuperar", {"email": alice.email}, token=None).status_code == 202
        page = alice.get("/correio")
        mail = next(part for part in unescape(page.text).split("<article>") if alice.email in part)
        found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", mail)
        assert found is not None
        body = {"email": alice.email, "codigo": found[0], "nova": NEW_PASSWORD}

        assert alice.post("/senha/redefinir", body, token=None).status_code == 204

        feed.wait_closed()
    statuses = [
        alice.post("/login", {"email": alice.email, "senha": password}, token=None).status_code
        for password in (PASSWORD, NEW_PASSWORD)
    ]
    assert statuses == [401, 200]


def test_the_local_outbox_is_shown_to_this_machine_alone(cluster: Cluster) -> None:
    node = cluster.node_url("web1")

    for address, status in (("127.0.0.1", 200), ("192.0.2.7", 404), ("2001:db8::1", 404)):
        assert requests.get(f"{node}/correio", headers={"X-Forwarded-For": address}, timeout=10).status_code == status


def test_of_two_nodes_that_get_the_same_code_one_lets_in(cluster: Cluster, person: Callable[..., Person]) -> None:
    alice = person()
    secret = alice.post("/segundo-fator", {"senha": PASSWORD}).json()["segredo"]
    totp = pyotp.TOTP(secret)
    confirmed = alice.post("/segundo-fator/confirmar", {"codigo": totp.now()})
    code = confirmed.json()["codigos_de_recuperacao"][0]
    body = {"email": alice.email, "senha": PASSWORD, "codigo": code}

    answers = [
        requests.post(
            f"{cluster.node_url(node)}/login", json=body, headers={"X-Forwarded-For": alice.address}, timeout=30
        ).status_code
        for node in ("web1", "web2")
    ]

    assert answers == [200, 401]
