"""The API's document is OpenAPI 3.1, and a live node keeps to it whatever it is sent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import APIOperation

from app import clock
from app.users.tokens import Tokens
from tests.conftest import NO_PUSH_SERVICE
from tests.support.cluster import Cluster
from tests.support.people import PASSWORD, Person
from tests.support.push_service import Browser

EXAMPLES = 6
# Unknown fields of a query are passed over, so one more of them is no fault.
CONFIG = "[generation]\nallow-extra-parameters = false\n"
# What is well-formed may still not be allowed: 422 is the answer to more than a schema can say.
EXCLUDED = ("positive_data_acceptance",)
# Other tests end tokens; a random one would end the caller's.
LEFT_OUT = "/logout"


@pytest.fixture(scope="module")
def caller(cluster: Cluster) -> Person:
    return Person(cluster.node_url("web1"))


@pytest.fixture(scope="module")
def document(caller: Person) -> Any:
    config = SchemathesisConfig.from_str(CONFIG)
    return schemathesis.openapi.from_url(f"{caller.url}/api/openapi.json", config=config)


def keeps_to_the_document(case: Case, token: str) -> Any:
    """The answer of a node, once every check has passed."""
    excluded = [CHECKS.get_one(name) for name in EXCLUDED]
    return case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded)


def operations(document: Any) -> Iterator[APIOperation]:
    for found in document.get_all_operations():
        yield found.ok()


def explore(operation: APIOperation, mode: GenerationMode, token: str) -> None:
    """Random cases, the same in every run."""

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(case=operation.as_strategy(generation_mode=mode).filter(fills_its_query))
    def call(case: Case) -> None:
        keeps_to_the_document(case, token)

    call()


def fills_its_query(case: Case) -> bool:
    """An empty field of a query means that it is not there, as forms send it."""
    return "" not in (case.query or {}).values()


def test_the_document_is_openapi_3_1(document: Any) -> None:
    document.validate()

    assert document.raw_schema["openapi"].startswith("3.1.")


def test_a_body_may_be_left_out_where_the_document_says_so(document: Any) -> None:
    optional = [
        f"{method.upper()} {path}"
        for path, methods in document.raw_schema["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation and not operation["requestBody"]["required"]
    ]

    assert optional == ["POST /logout"]


def test_what_fits_the_document_is_answered_as_it_says(
    document: Any, caller: Person, subtests: pytest.Subtests
) -> None:
    for operation in operations(document.exclude(path=LEFT_OUT)):
        with subtests.test(operation.label):
            explore(operation, GenerationMode.POSITIVE, caller.token)


def test_what_does_not_fit_the_document_is_refused_as_it_says(
    document: Any, caller: Person, subtests: pytest.Subtests
) -> None:
    for operation in operations(document.exclude(path=LEFT_OUT)):
        with subtests.test(operation.label):
            try:
                explore(operation, GenerationMode.NEGATIVE, caller.token)
            except Unsatisfiable:
                # Only what takes nothing, or any text, has no wrong input.
                assert not operation.body
                assert not operation.query


@pytest.fixture
def account(cluster: Cluster) -> dict[str, Any]:
    """What a customer with some history may ask for."""
    person, other = Person(cluster.node_url("web1")), Person(cluster.node_url("web2"))
    done = person.deposit("100.00").json()
    own, theirs = person.account, other.account
    one = {"correntista_id": own, "valor": 1.5}
    # The cluster's workers would do what is due today before it is changed.
    day = clock.day_of(clock.now()) + timedelta(days=2)
    planned = {"tipo": "pagamento", **one, "descricao": "Luz", "data": day.isoformat()}
    scheduled = person.post("/agendamentos", {**planned, "recorrencia": "mensal"}).json()["id"]
    person.post("/login", {"email": person.email, "senha": PASSWORD})
    (elsewhere,) = (each["id"] for each in person.get("/sessoes").json() if not each["atual"])
    return {
        "token": person.token,
        "POST /login": {"body": {"email": person.email, "senha": PASSWORD}},
        "POST /token/renovar": {},
        "GET /sessoes": {},
        "DELETE /sessoes/{sessao_id}": {"path_parameters": {"sessao_id": elsewhere}},
        "GET /perfil": {},
        "GET /correntistas": {},
        "POST /correntistas": {"body": {"nome": "Reserva"}},
        "GET /correntistas/{correntista_id}/titular": {"path_parameters": {"correntista_id": theirs}},
        "POST /deposito": {"body": one},
        "POST /saque": {"body": {**one, "valor": "1.50"}},
        "POST /pagamento": {"body": {**one, "descricao": "Luz"}},
        "POST /transferencia": {
            "body": {"correntista_id_origem": own, "correntista_id_destino": theirs, "valor": 1, "descricao": None},
            "headers": {"Idempotency-Key": "aluguel"},
        },
        "POST /agendamentos": {"body": {**planned, "ate": None}, "headers": {"Idempotency-Key": "luz"}},
        "GET /agendamentos": {},
        "GET /agendamentos/projecao": {"query": {"correntista_id": own, "dias": 30}},
        "PUT /agendamentos/{agendamento_id}": {
            "path_parameters": {"agendamento_id": scheduled},
            "body": {"valor": 2, "descricao": "Água", "data": planned["data"], "recorrencia": "semanal"},
        },
        "DELETE /agendamentos/{agendamento_id}": {"path_parameters": {"agendamento_id": scheduled}},
        "GET /movimentacoes": {"query": {"limite": 2}},
        "GET /extrato/{correntista_id}": {
            "path_parameters": {"correntista_id": own},
            "query": {"de": "2026-01-01", "tipo": "credito", "texto": "Dep"},
        },
        "GET /extrato/{correntista_id}/totais": {
            "path_parameters": {"correntista_id": own},
            "query": {"ate": "2030-01-01", "texto": "R$ 100"},
        },
        "GET /resumo": {},
        "GET /comprovante/{operacao_id}": {"path_parameters": {"operacao_id": done["operacao_id"]}},
        "GET /comprovante/{operacao_id}.pdf": {"path_parameters": {"operacao_id": done["operacao_id"]}},
        "GET /notificacoes": {"query": {"limite": 2, "tipo": "deposito,saque", "sentido": "entrada"}},
        "POST /notificacoes/lidas": {"body": {"ate": 1, "seqs": [2]}},
        "GET /preferencias": {},
        "GET /push/chave": {},
        "POST /push/inscricoes": {"body": Browser(NO_PUSH_SERVICE).subscription},
        "GET /segundo-fator": {},
        "POST /segundo-fator": {"body": {"senha": PASSWORD}},
        "POST /senha/recuperar": {"body": {"email": person.email}},
        "POST /senha": {"body": {"atual": PASSWORD, "nova": "grampo-lua-bicicleta"}},
        "POST /logout": {"body": {"todos": True}},
    }


def test_what_is_done_is_answered_as_the_document_says(
    document: Any, account: dict[str, Any], subtests: pytest.Subtests
) -> None:
    token = account.pop("token")
    for label, parts in account.items():
        method, path = label.split(" ")
        with subtests.test(label):
            answer = keeps_to_the_document(document[path][method].Case(**parts), token)
            assert answer.status_code in (200, 201, 202, 204)


def test_a_token_that_has_expired_is_refused_as_the_document_says(document: Any, cluster: Cluster) -> None:
    secret = cluster.jwt_secret()

    answer = keeps_to_the_document(document["/perfil"]["GET"].Case(), Tokens(secret, -1).issue(1, 1))

    assert (answer.status_code, answer.json()["codigo"]) == (401, "token_expirado")
