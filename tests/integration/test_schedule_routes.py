"""Schedules over HTTP: what may be asked for, by whom, how often; and what is planned."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from werkzeug.test import TestResponse

from app import factory
from app.bank import pace
from app.db import Database
from app.schedules import actions, routes
from app.settings import Settings
from app.users.auth import Auth
from app.users.tokens import Tokens
from app.web import edge
from tests.integration.customers import Customer, clock_at, new_customer, rows
from worker import schedules

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
TOKENS = Tokens(SECRET, 3600)
NOW = "2026-12-01T09:00:00-03:00"


@pytest.fixture
def bank(sqlite: Database, limits: Limiter) -> Iterator[FlaskClient]:
    """The routes of schedules alone, on 1 December 2026."""
    app = Flask("schedules")
    app.register_blueprint(factory.schedules(sqlite, Auth(sqlite.authentication, TOKENS), limits))
    settings = Settings.model_validate({"database_url": "sqlite:////x", "redis_url": "redis://x", "jwt_secret": SECRET})
    edge.install(app, settings, limits)
    with clock_at(NOW):
        yield app.test_client()


@pytest.fixture
def alice(sqlite: Database) -> Customer:
    return new_customer(sqlite, "Alice Souza", cents=100_000)


@pytest.fixture
def bob(sqlite: Database) -> Customer:
    return new_customer(sqlite, "Bob Pereira")


def ask(
    bank: FlaskClient, who: Customer, method: str, path: str = "/agendamentos", body: Any = None, key: str = ""
) -> TestResponse:
    headers = {"Authorization": f"Bearer {TOKENS.issue(who.id, 1)}", **({"Idempotency-Key": key} if key else {})}
    return bank.open(path, method=method, json=body, headers=headers)


def transfer(giver: Customer, taker: Customer, **other: Any) -> dict[str, Any]:
    accounts = {"correntista_id_origem": giver.account, "correntista_id_destino": taker.account}
    return {"tipo": "transferencia", **accounts, "valor": "25.00", "data": "2026-12-24", **other}


def payment(payer: Customer, **other: Any) -> dict[str, Any]:
    known = {"tipo": "pagamento", "correntista_id": payer.account, "valor": 30, "descricao": "Luz"}
    return {**known, "data": "2026-12-25", **other}


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["codigo"]


def test_what_was_asked_for_is_listed_in_the_order_in_which_it_will_be_done(
    bank: FlaskClient, alice: Customer, bob: Customer
) -> None:
    later = ask(bank, alice, "POST", body=payment(alice))
    sooner = ask(bank, alice, "POST", body=transfer(alice, bob, recorrencia="mensal", ate="2027-06-30"))

    assert (later.status_code, sooner.status_code) == (201, 201)
    assert ask(bank, alice, "GET").get_json() == [sooner.get_json(), later.get_json()]
    assert ask(bank, bob, "GET").get_json() == []
    made = later.get_json()
    assert (made["correntista_id"], made["proxima_data"], made["dia_util"]) == (
        alice.account,
        "2026-12-25",
        "2026-12-28",
    )
    assert made["proxima_tentativa"] == "2026-12-28T03:00:00.000000+00:00"
    assert (sooner.get_json()["estado"], sooner.get_json()["ate"], sooner.get_json()["ultima"]) == (
        "ativo",
        "2027-06-30",
        None,
    )


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"data": "2026-11-30"}, "data"),
        ({"data": "2028-12-03"}, "data"),
        ({"data": "2026-02-30"}, "data"),
        ({"data": "20261224"}, "data"),
        ({"data": None}, "data"),
        ({"recorrencia": "anual"}, "recorrencia"),
        ({"ate": "2027-01-01"}, "ate"),
        ({"recorrencia": "semanal", "ate": "2026-12-23"}, "ate"),
        ({"valor": 0}, "valor"),
        ({"valor": "0.99"}, "R$ 1,00"),
        ({"tipo": "deposito"}, "tipo"),
        ({"correntista_id_destino": None}, "correntista_id_destino"),
        ({"descricao": "x" * 141}, "descricao"),
        ({"descricao": "a\u202eb"}, "descricao"),
        ({"tipo": "pagamento"}, "correntista_id"),
    ],
)
def test_what_is_not_allowed_is_refused_by_its_name(
    bank: FlaskClient, alice: Customer, bob: Customer, wrong: dict[str, Any], word: str
) -> None:
    answer = ask(bank, alice, "POST", body=transfer(alice, bob, **wrong))

    assert refusal(answer) == (422, "dados_invalidos")
    assert word in answer.get_json()["erro"]
    assert rows(alice.db, "SELECT id FROM schedules") == []


def test_a_payment_says_what_it_is_for(bank: FlaskClient, alice: Customer) -> None:
    assert refusal(ask(bank, alice, "POST", body=payment(alice, descricao=" "))) == (422, "dados_invalidos")


def test_accounts_are_looked_at_as_for_an_operation_of_now(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    own = {"correntista_id_destino": alice.account}
    nobodys = {"correntista_id_destino": 99_999}
    cash = {"correntista_id_destino": -1}
    answers = [
        refusal(ask(bank, alice, "POST", body=transfer(alice, bob, **wrong)))
        for wrong in ({"correntista_id_origem": bob.account}, own, nobodys, cash)
    ]

    assert answers == [
        (403, "conta_de_outra_pessoa"),
        (422, "mesma_conta"),
        (404, "conta_inexistente"),
        (422, "dados_invalidos"),
    ]


def test_looking_for_accounts_and_new_people_is_limited_as_for_operations(
    bank: FlaskClient, limits: Limiter, alice: Customer, bob: Customer
) -> None:
    while not limits.is_used_up(pace.NEW_RECIPIENTS, str(alice.id)):
        limits.check(pace.NEW_RECIPIENTS, str(alice.id))
    while not limits.is_used_up(pace.PROBES_BY_USER, str(alice.id)):
        limits.check(pace.PROBES_BY_USER, str(alice.id))

    assert refusal(ask(bank, alice, "POST", body=transfer(alice, bob))) == (429, "limite_de_operacoes")
    unknown = transfer(alice, bob, correntista_id_destino=99_999)
    assert refusal(ask(bank, alice, "POST", body=unknown)) == (429, "muitas_requisicoes")


@pytest.mark.parametrize("rate", ["CHANGES_BY_USER", "READS_BY_USER"])
def test_one_person_may_ask_only_so_often(
    bank: FlaskClient, alice: Customer, bob: Customer, rate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, rate, limiter.per_hour("schedules-once", 1))
    calls = {
        "CHANGES_BY_USER": [("POST", "/agendamentos"), ("PUT", "/agendamentos/1"), ("DELETE", "/agendamentos/1")],
        "READS_BY_USER": [("GET", "/agendamentos"), ("GET", "/agendamentos/projecao")],
    }[rate]
    ask(bank, alice, *calls[0], body=payment(alice) if calls[0][0] == "POST" else None)

    assert [ask(bank, alice, method, path, body=payment(alice)).status_code for method, path in calls] == [429] * len(
        calls
    )
    assert ask(bank, bob, *calls[-1]).status_code != 429


def test_a_request_that_is_repeated_makes_one_schedule(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    first, again = (ask(bank, alice, "POST", body=transfer(alice, bob), key="aluguel") for _ in range(2))
    other = ask(bank, alice, "POST", body=transfer(alice, bob, valor=26), key="aluguel")
    his = ask(bank, bob, "POST", body=transfer(bob, alice), key="aluguel")

    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert refusal(other) == (422, "chave_reutilizada")
    assert his.get_json()["id"] != first.get_json()["id"]


def test_a_person_has_so_many_active_ones_and_no_more(
    bank: FlaskClient, alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "ACTIVE_PER_USER_MAX", 2)
    made = [ask(bank, alice, "POST", body=payment(alice)).get_json()["id"] for _ in range(2)]

    assert refusal(ask(bank, alice, "POST", body=payment(alice))) == (422, "agendamentos_demais")
    assert ask(bank, bob, "POST", body=payment(bob)).status_code == 201
    assert ask(bank, alice, "DELETE", f"/agendamentos/{made[0]}").status_code == 204
    assert ask(bank, alice, "POST", body=payment(alice)).status_code == 201


def test_a_change_keeps_the_day_of_the_month_as_long_as_the_date_stays(
    bank: FlaskClient, alice: Customer, bob: Customer
) -> None:
    made = ask(bank, alice, "POST", body=transfer(alice, bob, data="2027-01-31", recorrencia="mensal")).get_json()
    path = f"/agendamentos/{made['id']}"
    kept = {"valor": 9, "descricao": "Outro", "data": "2027-01-31", "recorrencia": "mensal"}

    changed = ask(bank, alice, "PUT", path, kept).get_json()
    moved = ask(bank, alice, "PUT", path, {**kept, "data": "2027-02-15"}).get_json()

    assert (changed["valor"], changed["descricao"], changed["data"]) == (9.0, "Outro", "2027-01-31")
    assert (moved["data"], moved["proxima_data"]) == ("2027-02-15", "2027-02-15")
    assert refusal(ask(bank, alice, "PUT", path, {**kept, "data": "2026-11-01"})) == (422, "dados_invalidos")


def test_a_date_that_was_tried_cannot_come_again(bank: FlaskClient, alice: Customer) -> None:
    made = ask(bank, alice, "POST", body=payment(alice, data="2026-12-01", recorrencia="semanal")).get_json()
    schedules.run_due(alice.db, committed=lambda: None)
    path, change = f"/agendamentos/{made['id']}", {"valor": 5, "descricao": "Luz", "recorrencia": "unica"}

    assert refusal(ask(bank, alice, "PUT", path, {**change, "data": "2026-12-01"})) == (422, "dados_invalidos")
    again = ask(bank, alice, "PUT", path, {**change, "data": "2026-12-02"})
    assert (again.status_code, again.get_json()["proxima_data"]) == (200, "2026-12-02")


def test_what_is_over_can_be_neither_changed_nor_cancelled(bank: FlaskClient, alice: Customer) -> None:
    made = ask(bank, alice, "POST", body=payment(alice, data="2026-12-01")).get_json()
    path = f"/agendamentos/{made['id']}"
    schedules.run_due(alice.db, committed=lambda: None)

    (after,) = ask(bank, alice, "GET").get_json()
    assert (after["estado"], after["proxima_data"], after["ultima"]["resultado"]) == ("encerrado", None, "feito")
    change = {"valor": 5, "descricao": "Luz", "data": "2026-12-02"}
    assert refusal(ask(bank, alice, "PUT", path, change)) == (422, "agendamento_encerrado")
    assert refusal(ask(bank, alice, "DELETE", path)) == (422, "agendamento_encerrado")


def test_cancelling_twice_is_the_same(bank: FlaskClient, alice: Customer) -> None:
    path = f"/agendamentos/{ask(bank, alice, 'POST', body=payment(alice)).get_json()['id']}"

    assert [ask(bank, alice, "DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert [each["estado"] for each in ask(bank, alice, "GET").get_json()] == ["cancelado"]


def test_somebody_elses_schedule_is_not_there(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    made = ask(bank, alice, "POST", body=payment(alice)).get_json()
    path = f"/agendamentos/{made['id']}"

    assert refusal(ask(bank, bob, "DELETE", path)) == (404, "nao_encontrado")
    assert refusal(ask(bank, bob, "PUT", path, {"valor": 1, "data": "2026-12-24"})) == (404, "nao_encontrado")
    assert refusal(ask(bank, alice, "DELETE", f"/agendamentos/{2**63}")) == (404, "nao_encontrado")
    assert ask(bank, alice, "GET").get_json() == [made]


def test_the_projection_tells_each_date_its_balance_and_where_funds_lack(
    bank: FlaskClient, alice: Customer, bob: Customer
) -> None:
    enough = ask(bank, alice, "POST", body=transfer(alice, bob, valor=600)).get_json()["id"]
    short = ask(bank, alice, "POST", body=payment(alice, valor=500)).get_json()["id"]

    told = ask(bank, alice, "GET", "/agendamentos/projecao?dias=30").get_json()

    assert (told["de"], told["ate"]) == ("2026-12-01", "2026-12-31")
    assert told["feriados"] == [
        {"data": "2026-12-25", "nome": "Natal"},
        {"data": "2026-12-31", "nome": "Último dia útil do ano"},
    ]
    (account,) = told["contas"]
    assert (account["CorrentistaID"], account["saldo"]) == (alice.account, 1000.0)
    assert account["datas"] == [
        {
            "data": "2026-12-24",
            "saldo": 400.0,
            "sem_fundos": False,
            "agendamentos": [{"agendamento_id": enough, "valor": -600.0, "sem_fundos": False}],
        },
        {
            "data": "2026-12-28",
            "saldo": 400.0,
            "sem_fundos": True,
            "agendamentos": [{"agendamento_id": short, "valor": -500.0, "sem_fundos": True}],
        },
    ]


def test_the_projection_is_of_own_accounts_alone(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    reserve = alice.open_account()

    one = ask(bank, alice, "GET", f"/agendamentos/projecao?correntista_id={reserve}").get_json()

    assert [account["CorrentistaID"] for account in one["contas"]] == [reserve]
    theirs = ask(bank, alice, "GET", f"/agendamentos/projecao?correntista_id={bob.account}")
    assert refusal(theirs) == (404, "conta_inexistente")


def test_a_key_of_a_client_is_never_that_of_a_schedule(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    """A transfer under the very key that the schedule will use takes nothing away from it."""
    made = ask(bank, alice, "POST", body=transfer(alice, bob, data="2026-12-01")).get_json()
    alice.transfer(bob, 100, key=f"key:agenda:{made['id']}:2026-12-01:1")

    schedules.run_due(alice.db, committed=lambda: None)

    assert bob.balance() == 100 + 2500
