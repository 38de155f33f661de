"""Coming and going: registration, login, renewal, and the end of a token on every node at once."""

import http.client
import json
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from app.users.tokens import Tokens
from tests.support.cluster import Cluster
from tests.support.limits import counted_together
from tests.support.metrics import metric
from tests.support.people import PASSWORD, Feed, Person, eventually, in_parallel
from tests.support.stalls import Stalls

NODES = ("web1", "web2", "web3")
# The promise: dead on every node, its sockets dropped.
LOGOUT_S_MAX = 1.0
# Of a token whose end a test waits for; before that a socket must be connected and authenticated with it.
SHORT_TTL_S = 8
UNTIL_EXPIRED_S = SHORT_TTL_S + 15.0
SILENT_UNTIL_S = 30.0
GUESSES_PER_MINUTE = 10
# Where the hurried clients come from; what they use up is nobody else's.
HASTY_ADDRESS = "127.88.0.1"


def login(person: Person, password: str = PASSWORD, email: str | None = None) -> requests.Response:
    return person.post("/login", {"email": email or person.email, "senha": password}, token=None)


def profile_status(url: str, token: str) -> int:
    return requests.get(f"{url}/perfil", headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


def with_token(person: Person, token: str) -> Person:
    """The same person on another device."""
    other = object.__new__(Person)
    other.__dict__.update(person.__dict__, token=token)
    return other


def test_who_registers_is_in_and_has_an_account(alice: Person) -> None:
    assert alice.get("/correntistas").json() == [
        {"CorrentistaID": alice.account, "NomeCorrentista": "Alice Souza", "Saldo": 0.0, "versao": 0}
    ]
    profile = alice.get("/perfil").json()
    assert profile["usuario"].pop("data_criacao").endswith("+00:00")
    assert profile == {"usuario": {"id": alice.id, "email": alice.email, "nome": "Alice Souza"}, "administrador": False}


def test_a_login_gives_a_token_in_any_letters_of_the_address(alice: Person) -> None:
    body = login(alice, email=f" {alice.email.upper()} ").json()

    assert body["usuario"] == {"id": alice.id, "email": alice.email, "nome": "Alice Souza"}
    assert body["mensagem"]
    assert profile_status(alice.url, body["token"]) == 200


def test_a_wrong_password_and_an_unknown_address_are_told_alike(alice: Person) -> None:
    answers = [login(alice, "outra-senha"), login(alice, email=f"{secrets.token_hex(6)}@teste.example")]

    assert [(a.status_code, a.text) for a in answers] == [(401, answers[0].text)] * 2


def test_a_renewed_token_is_good_and_the_old_one_too(alice: Person) -> None:
    renewed = alice.post("/token/renovar", {}).json()["token"]

    assert renewed != alice.token
    assert [profile_status(alice.url, token) for token in (renewed, alice.token)] == [200, 200]


def test_guessing_is_slowed_down_on_all_nodes_together(cluster: Cluster, person: Callable[..., Person]) -> None:
    urls = [f"{cluster.node_url(node)}/login" for node in NODES] * (GUESSES_PER_MINUTE // 3 + 1)

    def guess() -> list[requests.Response]:
        victim = person()
        body = {"email": victim.email, "senha": "outra-senha"}
        from_there = {"X-Forwarded-For": victim.address}
        return in_parallel([partial(requests.post, url, json=body, headers=from_there, timeout=30) for url in urls], 3)

    def is_exact(answers: list[requests.Response]) -> bool:
        return sorted(answer.status_code for answer in answers) == [401] * GUESSES_PER_MINUTE + [429] * 2

    answers = counted_together(cluster, guess, is_exact)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(1 <= int(answer.headers["Retry-After"]) <= 121 for answer in refused)
    assert {answer.json()["codigo"] for answer in refused} == {"muitas_requisicoes"}


def test_what_nobody_waits_for_any_more_is_not_worked_on(cluster: Cluster) -> None:
    node = cluster.node_url("web1")
    given_up = 'saldo_vivo_http_seconds_count{route="/login",status="499"}'
    host, port = str(urlsplit(node).hostname), urlsplit(node).port
    before = metric(node, given_up)
    with ExitStack() as connections:
        for _ in range(30):  # more than the node works on at once; nginx hangs up as its clients do
            connection = connections.enter_context(
                closing(http.client.HTTPConnection(host, port, source_address=(HASTY_ADDRESS, 0)))
            )
            email = f"{secrets.token_hex(6)}@teste.example"
            body = json.dumps({"email": email, "senha": "palpite qualquer"})
            connection.request("POST", "/login", body, {"Content-Type": "application/json"})

    # It has begun on some, and finds that nobody wants the rest.
    eventually(lambda: metric(node, given_up) >= before + 5, "logins given up")


def test_a_logout_ends_what_was_renewed_from_its_login_and_no_other_session(
    cluster: Cluster, alice: Person, stalls: Stalls
) -> None:
    renewed = with_token(alice, alice.post("/token/renovar", {}).json()["token"])
    again = with_token(alice, renewed.post("/token/renovar", {}).json()["token"])
    elsewhere = with_token(alice, login(alice).json()["token"])
    with again.listening(cluster.node_url("web2")) as mine, elsewhere.listening(cluster.node_url("web3")) as theirs:
        assert renewed.post("/logout", None).status_code == 204
        begun = time.monotonic()

        mine.wait_closed()
        assert stalls.since_s(begun) < LOGOUT_S_MAX
        theirs.settle()
    for node in NODES:
        statuses = [profile_status(cluster.node_url(node), p.token) for p in (alice, renewed, again, elsewhere)]
        assert statuses == [401, 401, 401, 200]
    assert again.post("/token/renovar", {}).status_code == 401


def test_a_logout_ends_the_token_on_every_node_at_once(cluster: Cluster, alice: Person) -> None:
    assert alice.post("/logout", None).status_code == 204

    assert [profile_status(cluster.node_url(node), alice.token) for node in NODES] == [401] * 3
    assert alice.get("/perfil").json()["codigo"] == "token_revogado"
    assert alice.post("/logout", None).status_code == 401


@pytest.mark.parametrize("everywhere", [False, True], ids=["this token", "todos"])
def test_a_logout_drops_the_sockets_of_what_it_ends(
    cluster: Cluster, alice: Person, stalls: Stalls, everywhere: bool
) -> None:
    other = with_token(alice, login(alice).json()["token"])
    with ExitStack() as stack:
        mine = [stack.enter_context(alice.listening(cluster.node_url(node))) for node in NODES]
        theirs = [stack.enter_context(other.listening(cluster.node_url(node))) for node in NODES[:2]]  # a user has five
        ended = mine + theirs if everywhere else mine

        assert alice.post("/logout", {"todos": everywhere}).status_code == 204
        begun = time.monotonic()
        for feed in ended:
            feed.wait_closed()
        assert stalls.since_s(begun) < LOGOUT_S_MAX

        # Whichever the node hears first, the bus or the database.
        said = [feed.named("sessao_encerrada") for feed in ended]
        assert [reasons for reasons in said if reasons not in ([{"motivo": "logout"}], [{"motivo": "revogado"}])] == []
        assert profile_status(alice.url, other.token) == (401 if everywhere else 200)
        if not everywhere:
            other.deposit("1.00")
            for feed in theirs:
                feed.wait_for_seq(2)  # the first told of the login
        assert [feed.seqs() for feed in mine] == [[]] * 3


def test_after_todos_a_new_login_is_good(alice: Person) -> None:
    alice.post("/logout", {"todos": True})

    assert profile_status(alice.url, login(alice).json()["token"]) == 200


def test_a_logout_ends_nobody_else_s_token(alice: Person, bob: Person) -> None:
    with bob.listening() as feed:
        alice.post("/logout", {"todos": True, "usuario_id": bob.id})

        assert profile_status(bob.url, bob.token) == 200
        feed.settle()
        assert feed.client.connected


def test_a_socket_is_dropped_when_its_token_expires(cluster: Cluster, alice: Person) -> None:
    secret = (cluster.run_dir / "jwt_secret").read_text().strip()
    guest = with_token(alice, Tokens(secret, SHORT_TTL_S).issue(alice.id, 1))
    with guest.listening() as feed, alice.listening() as staying:
        feed.wait_closed(UNTIL_EXPIRED_S)
        expires_at = jwt.decode(guest.token, options={"verify_signature": False})["exp"]
        alice.deposit("1.00")
        staying.wait_for_seq(1)

    assert feed.named("sessao_encerrada") == [{"motivo": "expirado"}]
    assert feed.seqs() == []
    assert time.time() >= expires_at
    assert profile_status(alice.url, guest.token) == 401


def test_a_renewed_token_keeps_the_socket(cluster: Cluster, alice: Person) -> None:
    secret = (cluster.run_dir / "jwt_secret").read_text().strip()
    short = with_token(alice, Tokens(secret, SHORT_TTL_S).issue(alice.id, 1))
    with short.listening() as kept, short.listening() as dropped:
        kept.emit("autenticar", {"token": alice.token})
        dropped.wait_closed(UNTIL_EXPIRED_S)
        kept.settle()
        alice.deposit("1.00")
        kept.wait_for_seq(1)


def test_a_socket_that_never_says_who_it_is_is_dropped_after_ten_seconds(cluster: Cluster, stalls: Stalls) -> None:
    begun = time.monotonic()
    silent = [Feed(cluster.url, transports=(way,)) for way in ("websocket", "polling")]

    for feed in silent:
        feed.wait_closed(SILENT_UNTIL_S)

    assert time.monotonic() - begun > 9.0
    assert stalls.since_s(begun) < 13.0
    assert [feed.named("sessao_encerrada") for feed in silent] == [[{"motivo": "sem_autenticacao"}]] * 2


def test_another_password_drops_the_sockets_of_the_other_sessions_on_every_node_and_keeps_this_one(
    cluster: Cluster, alice: Person, stalls: Stalls
) -> None:
    mine = with_token(alice, login(alice).json()["token"])
    with ExitStack() as stack:
        kept = [stack.enter_context(mine.listening(cluster.node_url(node))) for node in NODES]
        dropped = [stack.enter_context(alice.listening(cluster.node_url(node))) for node in ("web2", "web3")]

        assert mine.post("/senha", {"atual": PASSWORD, "nova": "grampo-lua-bicicleta"}).status_code == 204
        begun = time.monotonic()
        for feed in dropped:
            feed.wait_closed()
        assert stalls.since_s(begun) < LOGOUT_S_MAX

        for feed in kept:
            feed.wait_for("notificacao", lambda told: told["tipo"] == "seguranca")
            feed.settle()
            assert feed.named("sessao_encerrada") == []
    assert [profile_status(cluster.node_url(node), mine.token) for node in NODES] == [200] * 3
    assert [profile_status(cluster.node_url(node), alice.token) for node in NODES] == [401] * 3


def test_a_login_on_a_new_device_is_told_live_to_the_others(cluster: Cluster, alice: Person) -> None:
    with alice.listening(cluster.node_url("web3")) as feed:
        assert login(alice).status_code == 200

        told = feed.wait_for("notificacao").payload
    assert (told["tipo"], told["dados"]["local"]) == ("seguranca", alice.address)
    assert alice.post("/logout", None).status_code == 204


def test_a_session_that_is_ended_from_another_loses_its_sockets_on_every_node(
    cluster: Cluster, alice: Person, stalls: Stalls
) -> None:
    other = with_token(alice, login(alice).json()["token"])
    with other.listening(cluster.node_url("web2")) as theirs, alice.listening(cluster.node_url("web1")) as mine:
        (listed,) = (each for each in alice.get("/sessoes").json() if not each["atual"])
        assert alice.delete(f"/sessoes/{listed['id']}").status_code == 204
        begun = time.monotonic()

        theirs.wait_closed()
        assert stalls.since_s(begun) < LOGOUT_S_MAX
        mine.settle()
    assert [profile_status(cluster.node_url(node), other.token) for node in NODES] == [401] * 3
