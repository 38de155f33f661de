"""Every refusal over HTTP has one shape, the fitting status, and nothing of anybody else's or of the machinery."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.cluster import Cluster
from tests.support.fetch import Answer, fetch
from tests.support.limits import counted_together
from tests.support.people import PASSWORD, Person

POSTS = ["/registro", "/login", "/logout", "/correntistas", "/deposito", "/saque", "/pagamento", "/transferencia"]
PROTECTED = [
    ("GET", "/perfil"),
    ("GET", "/correntistas"),
    ("GET", "/correntistas/1/titular"),
    ("GET", "/movimentacoes"),
    ("GET", "/extrato/1"),
    ("GET", "/extrato/1/totais"),
    ("GET", "/resumo"),
    ("GET", "/extrato/1.csv"),
    ("GET", "/extrato/1.ofx"),
    ("GET", "/comprovante/1"),
    ("GET", "/comprovante/1.pdf"),
    ("GET", "/notificacoes"),
    ("GET", "/preferencias"),
    ("PUT", "/preferencias"),
    ("POST", "/notificacoes/lidas"),
    ("POST", "/token/renovar"),
    *(("POST", path) for path in POSTS if path not in ("/registro", "/login")),
]
MACHINERY = ("Traceback", "sqlalchemy", "pymysql", "SELECT", "INSERT", "werkzeug", ".py", "Exception")


@pytest.fixture(scope="module")
def carla(cluster: Cluster) -> Person:
    return Person(cluster.url, "Carla Nunes")


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


def told(answer: Answer) -> tuple[int, str]:
    """Status and slug of a refusal, once its shape is as the contract says."""
    assert answer.headers["Content-Type"].startswith("application/json")
    body = json.loads(answer.body)
    assert set(body) == {"erro", "codigo"}
    assert body["erro"].endswith((".", "!"))
    assert [word for word in MACHINERY if word in body["erro"]] == []
    return answer.status, body["codigo"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "raw", [b"{", b"valor=1&correntista_id=1", b"\xff\xfe", b"{'a': 1}", b'{"a": 1} x', b"[" * 60_000]
)
def test_a_body_that_is_not_json_is_400(carla: Person, path: str, raw: bytes) -> None:
    answer = fetch(carla.url, path, method="POST", body=raw, headers=bearer(carla))

    assert told(answer) == (400, "json_invalido")


@pytest.mark.parametrize("path", [path for path in POSTS if path != "/logout"])
def test_no_body_is_400(carla: Person, path: str) -> None:
    assert told(fetch(carla.url, path, method="POST", body=b"", headers=bearer(carla))) == (400, "json_invalido")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"', b"1"])
def test_json_that_is_no_object_is_422(carla: Person, path: str, raw: bytes) -> None:
    answer = fetch(carla.url, path, method="POST", body=raw, headers=bearer(carla))

    assert told(answer) == (422, "dados_invalidos")


@pytest.mark.parametrize("path", POSTS)
def test_a_repeated_field_is_422(carla: Person, path: str) -> None:
    answer = fetch(carla.url, path, method="POST", body=b'{"a": 1, "a": 1}', headers=bearer(carla))

    assert told(answer) == (422, "campo_repetido")


@pytest.mark.parametrize("query", ["limite=1&limite=2", "limite=&limite=2", "limite=1&antes=9&limite=1"])
def test_a_repeated_field_of_a_query_is_422(carla: Person, query: str) -> None:
    answer = fetch(carla.url, f"/movimentacoes?{query}", headers=bearer(carla))

    assert told(answer) == (422, "campo_repetido")


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_no_token_is_401(carla: Person, method: str, path: str) -> None:
    answer = fetch(carla.url, path, method=method, body=b"{}" if method != "GET" else None)

    assert told(answer) == (401, "nao_autenticado")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic", "Token", ""])
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "á", "x" * 5000])
def test_a_bad_token_is_401(carla: Person, scheme: str, token: str) -> None:
    value = f"{scheme} {token}".strip().encode().decode("latin-1")

    answer = fetch(carla.url, "/perfil", headers={"Authorization": value})

    assert told(answer)[0] == 401


def test_a_token_of_another_scheme_is_401(carla: Person) -> None:
    answer = fetch(carla.url, "/perfil", headers={"Authorization": f"Basic {carla.token}"})

    assert told(answer) == (401, "nao_autenticado")


@pytest.mark.parametrize(
    "path",
    [
        "/nada",
        "/extrato/999999999",
        "/extrato/0",
        "/extrato/99999999999999999999999",
        "/correntistas/999999999/titular",
    ],
)
def test_what_does_not_exist_is_404(carla: Person, path: str) -> None:
    assert told(fetch(carla.url, path, headers=bearer(carla)))[0] == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "/deposito"), ("DELETE", "/perfil"), ("PUT", "/login")])
def test_another_method_is_405_and_says_which_are_allowed(carla: Person, method: str, path: str) -> None:
    answer = fetch(carla.url, path, method=method, headers=bearer(carla))

    assert told(answer) == (405, "metodo_nao_permitido")
    assert answer.headers["Allow"]


def test_an_address_that_is_taken_is_409_in_any_letters(carla: Person) -> None:
    body = {"nome": "Outra", "email": carla.email.upper(), "senha": PASSWORD}

    answer = carla.post("/registro", body, token=None)

    assert (answer.status_code, answer.json()["codigo"]) == (409, "email_em_uso")
    assert carla.name not in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nome", ""),
        ("nome", "x" * 121),
        ("nome", 7),
        ("nome", "a\x00b"),
        ("nome", "Ana\u202eaznuoS"),
        ("nome", "\u0410na Souza"),
        ("nome", "Saldo Vivo Segurança"),
        ("nome", None),
        ("email", "ana"),
        ("email", ["ana@teste.example"]),
        ("senha", "curta"),
        ("senha", " " * 12),
        ("senha", "1234567890"),
        ("senha", "minhasenha1"),
        ("senha", "x" * 73),
        ("senha", "€" * 25),
    ],
)
def test_a_registration_that_is_not_allowed_is_422_and_names_the_field(
    carla: Person, field: str, value: object
) -> None:
    good: dict[str, Any] = {"nome": "Ana", "email": f"{secrets.token_hex(6)}@teste.example", "senha": PASSWORD}

    answer = carla.post("/registro", {**good, field: value}, token=None)

    assert (answer.status_code, answer.json()["codigo"]) == (422, "dados_invalidos")
    assert answer.json()["erro"].startswith(f"{field}: ")


def test_too_many_questions_are_429_and_say_how_long_to_wait(
    cluster: Cluster, person: Callable[..., Person], carla: Person
) -> None:
    def ask() -> list[requests.Response]:
        curious = person()
        return [curious.get(f"/correntistas/{carla.account}/titular") for _ in range(21)]

    def is_exact(answers: list[requests.Response]) -> bool:
        return [answer.status_code for answer in answers] == [200] * 20 + [429]

    answers = counted_together(cluster, ask, is_exact)

    assert answers[-1].json()["codigo"] == "muitas_requisicoes"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 121
    assert carla.get(f"/correntistas/{carla.account}/titular").status_code == 200


def test_no_answer_names_the_machinery(carla: Person) -> None:
    headers = fetch(carla.url, "/perfil", headers=bearer(carla)).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert not [name for name in ("Server", "X-Powered-By") if any(c.isdigit() for c in headers.get(name, ""))]
