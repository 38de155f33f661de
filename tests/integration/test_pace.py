"""How fast one person may move money, fill an inbox or learn names; and that a limit is never taken for an outcome."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from werkzeug.test import TestResponse

from app import cards
from app.bank import events, pace, routes
from app.db import Database
from app.errors import AccountNotFound, NotYourAccount, TooFast
from app.settings import Settings
from app.users import attempts
from app.users.auth import Auth
from app.users.tokens import Tokens
from app.web import edge
from tests.integration.customers import Customer, new_customer
from tests.support.limits import empty
from tests.support.servers import RedisServer

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
TOKENS = Tokens(SECRET, 3600)
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def bank(sqlite: Database, limits: Limiter) -> FlaskClient:
    """The routes of the bank alone."""
    app = Flask("bank")
    app.register_blueprint(
        routes.blueprint(sqlite, Auth(sqlite.authentication, TOKENS), limits, beside=cards.add, committed=lambda: None)
    )
    settings = Settings.model_validate({"database_url": "sqlite:////x", "redis_url": "redis://x", "jwt_secret": SECRET})
    edge.install(app, settings, limits)
    return app.test_client()


@pytest.fixture
def alice(sqlite: Database) -> Customer:
    return new_customer(sqlite, "Alice Souza", cents=1_000_000)


@pytest.fixture
def bob(sqlite: Database) -> Customer:
    return new_customer(sqlite, "Bob Pereira", cents=1_000_000)


def ask(
    bank: FlaskClient, who: Customer, method: str, path: str, body: Any = None, key: str = "", address: str = HERE
) -> TestResponse:
    headers = {"Authorization": f"Bearer {TOKENS.issue(who.id, 1)}", **({"Idempotency-Key": key} if key else {})}
    return bank.open(path, method=method, json=body, headers=headers, environ_overrides={"REMOTE_ADDR": address})


def transfer(
    bank: FlaskClient, giver: Customer, account: int, value: str, key: str = "", address: str = HERE
) -> TestResponse:
    body = {"correntista_id_origem": giver.account, "correntista_id_destino": account, "valor": value}
    return ask(bank, giver, "POST", "/transferencia", body, key, address)


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["codigo"]


def use_up(limits: Limiter, rate: Any, *keys: str) -> None:
    while not limits.is_used_up(rate, *keys):
        limits.check(rate, *keys)


def ask_by_socket(limits: Limiter, who: Customer, account: int, address: str = HERE) -> Any:
    question = {"correntista_id": account}
    return events.on_solicitar_saldo(who.db, limits, who.id, question, address=address)[1]


LIMIT = (429, "limite_de_operacoes")


def test_operations_of_one_person_are_limited(bank: FlaskClient, limits: Limiter, alice: Customer) -> None:
    use_up(limits, pace.OPERATIONS_BY_USER, str(alice.id))
    before = alice.balance()

    answers = [
        ask(bank, alice, "POST", path, {"correntista_id": alice.account, "valor": "1.00", "descricao": "Luz"})
        for path in ("/deposito", "/saque", "/pagamento")
    ]

    assert [refusal(answer) for answer in answers] == [LIMIT] * 3
    assert all(1 <= int(answer.headers["Retry-After"]) <= 121 for answer in answers)
    assert alice.balance() == before


def test_nobody_fills_another_s_inbox_with_centavos(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    allowed = pace.TINY_TO_ONE_PERSON.window.amount
    reserve = bob.open_account()

    answers = [transfer(bank, alice, account, "0.01") for account in (bob.account, reserve) * allowed]

    assert [answer.status_code for answer in answers] == [201] * allowed + [429] * allowed
    assert refusal(answers[-1]) == LIMIT
    assert "menos de R$ 1,00" in answers[-1].get_json()["erro"]
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert transfer(bank, alice, bob.account, "1.00").status_code == 201


def test_many_people_together_do_not_either(
    bank: FlaskClient, limits: Limiter, sqlite: Database, bob: Customer
) -> None:
    for _ in range(pace.TINY_RECEIVED.window.amount):
        limits.check(pace.TINY_RECEIVED, str(bob.id))
    stranger = new_customer(sqlite, cents=100)

    assert refusal(transfer(bank, stranger, bob.account, "0.99")) == LIMIT


def test_between_own_accounts_centavos_move_as_one_likes(bank: FlaskClient, alice: Customer) -> None:
    reserve = alice.open_account()

    answers = [transfer(bank, alice, reserve, "0.01") for _ in range(pace.TINY_TO_ONE_PERSON.window.amount + 2)]

    assert {answer.status_code for answer in answers} == {201}


def test_names_cannot_be_collected_by_paying_everybody(
    bank: FlaskClient, limits: Limiter, sqlite: Database, alice: Customer, bob: Customer
) -> None:
    assert transfer(bank, alice, bob.account, "1.00").status_code == 201
    use_up(limits, pace.NEW_RECIPIENTS, str(alice.id))
    stranger = new_customer(sqlite)

    assert [refusal(transfer(bank, alice, stranger.account, "1.00")) for _ in range(2)] == [LIMIT] * 2
    assert transfer(bank, alice, bob.account, "1.00").status_code == 201, "who was paid before is no news"


def test_names_cannot_be_collected_by_many_new_people_at_one_address(
    bank: FlaskClient, sqlite: Database, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = 5
    monkeypatch.setattr(pace, "NEW_RECIPIENTS_BY_ADDRESS", limiter.per_hour("few-from-address", allowed))
    givers = [new_customer(sqlite, cents=100) for _ in range(allowed + 1)]
    targets = [bob, *(new_customer(sqlite) for _ in range(allowed))]

    answers = [
        transfer(bank, giver, target.account, "0.01", key="primeira")
        for giver, target in zip(givers, targets, strict=True)
    ]

    assert [answer.status_code for answer in answers] == [201] * allowed + [429]
    assert refusal(answers[-1]) == LIMIT
    assert "Da sua conexão" in answers[-1].get_json()["erro"]
    assert int(answers[-1].headers["Retry-After"]) > 60
    last, unknown = givers[-1], targets[-1]
    again = transfer(bank, givers[0], bob.account, "0.01", key="primeira")
    assert (again.status_code, again.data) == (201, answers[0].data), "an answer that was given is given again"
    assert transfer(bank, last, bob.account, "0.01").status_code == 201, "whom the address has paid it knows"
    assert transfer(bank, last, unknown.account, "0.01", address=ELSEWHERE).status_code == 201


def test_one_address_learns_fewer_names_than_the_people_that_it_registers_could() -> None:
    registered = attempts.REGISTRATIONS_BY_ADDRESS_HOURLY.window.amount

    assert 10 * pace.NEW_RECIPIENTS_BY_ADDRESS.window.amount < registered * pace.NEW_RECIPIENTS.window.amount


def test_the_first_transfers_to_somebody_may_be_made_at_once(bank: FlaskClient, alice: Customer, bob: Customer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: transfer(bank, alice, bob.account, "1.00").status_code, range(16)))

    assert answers == [201] * 16


def test_a_limit_is_never_taken_for_the_outcome_of_what_was_done(
    bank: FlaskClient, limits: Limiter, alice: Customer, bob: Customer
) -> None:
    done = transfer(bank, alice, bob.account, "5.00", key="aluguel")
    use_up(limits, pace.OPERATIONS_BY_USER, str(alice.id))

    again = transfer(bank, alice, bob.account, "5.00", key="aluguel")
    other = transfer(bank, alice, bob.account, "5.00", key="outra")

    assert (again.status_code, again.data) == (201, done.data)
    assert refusal(other) == LIMIT


def test_what_a_limit_refused_may_be_asked_for_again_under_its_key(
    bank: FlaskClient, limits: Limiter, own_redis: RedisServer, alice: Customer, bob: Customer
) -> None:
    use_up(limits, pace.OPERATIONS_BY_USER, str(alice.id))
    assert refusal(transfer(bank, alice, bob.account, "5.00", key="aluguel")) == LIMIT
    empty(own_redis)  # time passes

    assert transfer(bank, alice, bob.account, "5.00", key="aluguel").status_code == 201


def test_looking_for_accounts_is_limited_and_then_tells_nothing(
    bank: FlaskClient, limits: Limiter, alice: Customer, bob: Customer
) -> None:
    allowed = pace.PROBES_BY_USER.window.amount

    answers = [ask(bank, alice, "GET", f"/extrato/{account}") for account in (bob.account, 999_999) * allowed]

    assert [answer.status_code for answer in answers] == [403, 404] * (allowed // 2) + [429] * allowed
    assert ask(bank, alice, "GET", f"/extrato/{alice.account}").status_code == 200
    with pytest.raises(TooFast):
        ask_by_socket(limits, alice, bob.account)


def test_a_socket_that_looks_for_accounts_is_counted_with_its_user(
    limits: Limiter, alice: Customer, bob: Customer
) -> None:
    seen = []
    for account in (bob.account, 999_999) * pace.PROBES_BY_USER.window.amount:
        with pytest.raises((AccountNotFound, NotYourAccount, TooFast)) as refused:
            ask_by_socket(limits, alice, account)
        seen.append(refused.type)

    half = pace.PROBES_BY_USER.window.amount // 2
    assert seen == [NotYourAccount, AccountNotFound] * half + [TooFast] * 2 * half
    assert ask_by_socket(limits, alice, alice.account)["CorrentistaID"] == alice.account


def test_sockets_of_many_people_at_one_address_are_counted_together(
    limits: Limiter, sqlite: Database, alice: Customer
) -> None:
    allowed, each = pace.PROBES_BY_ADDRESS.window.amount, pace.PROBES_BY_USER.window.amount // 2
    curious = [new_customer(sqlite) for _ in range(allowed // each + 1)]
    for count in range(allowed):
        with pytest.raises(NotYourAccount):
            ask_by_socket(limits, curious[count // each], alice.account)

    with pytest.raises(TooFast):
        ask_by_socket(limits, curious[-1], alice.account)
    with pytest.raises(NotYourAccount):
        ask_by_socket(limits, curious[-1], alice.account, address=ELSEWHERE)


def test_whom_a_transfer_would_reach_is_told_so_often_to_one_address(limits: Limiter) -> None:
    address = secrets.token_hex(4)
    for user_id in range(1, pace.HOLDERS_BY_ADDRESS.window.amount + 1):
        pace.count_holder(limits, user_id, address)

    with pytest.raises(TooFast):
        pace.count_holder(limits, 10**6, address)
