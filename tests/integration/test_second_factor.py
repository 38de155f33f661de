"""A code of an app or of a list is asked for on a new device and for a large amount, and is good once."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pyotp
import pytest
from flask import Flask
from flask_socketio_cluster.limits.limiter import Limiter

from app import clock
from app.audit.failed_logins import FailedLogins
from app.db import Database
from app.errors import WrongCode
from app.users import passwords, second_factor
from tests.integration.customers import rows
from tests.integration.test_recovery import ask, code_for
from tests.integration.users_app import OTHER_PASSWORD, PASSWORD, Visitor, users_app

STEP_S = second_factor.STEP_S


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


class Moment:
    """Now, which the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s = float(clock.unix_s())
        began_s, began = self.s, clock.now()
        monkeypatch.setattr(clock, "unix_s", lambda: self.s)
        monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=self.s - began_s))

    def later(self, seconds: float = STEP_S) -> None:
        self.s += seconds


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    return Moment(monkeypatch)


class Owner:
    """Somebody with a second factor, and the app on their phone."""

    def __init__(self, app: Flask, moment: Moment) -> None:
        self.app, self.moment = app, moment
        self.email = f"{secrets.token_hex(6)}@teste.example"
        self.visitor = Visitor(app.test_client())
        assert self.visitor.register(self.email) == 201
        proposed = self.visitor.post("/segundo-fator", {"senha": PASSWORD}).get_json()
        self.app_on_phone = pyotp.parse_uri(proposed["uri"])
        confirmed = self.visitor.post("/segundo-fator/confirmar", {"codigo": self.code()})
        assert confirmed.status_code == 200
        self.recovery_codes: list[str] = confirmed.get_json()["codigos_de_recuperacao"]
        moment.later()

    def code(self) -> str:
        return str(self.app_on_phone.at(int(self.moment.s)))  # type: ignore[attr-defined]  # of these tests alone

    def elsewhere(self, code: str | None = None, password: str = PASSWORD) -> tuple[int, str | None]:
        """Log in on a new device: the status and the code of the refusal."""
        body = {"email": self.email, "senha": password} | ({} if code is None else {"codigo": code})
        answer = Visitor(self.app.test_client()).post("/login", body)
        return answer.status_code, answer.get_json().get("codigo")

    @property
    def user_id(self) -> int:
        return int(jwt.decode(self.visitor.token, options={"verify_signature": False})["sub"])

    def accounts(self) -> list[int]:
        return [int(account["CorrentistaID"]) for account in self.visitor.get("/correntistas").get_json()]


@pytest.fixture
def app(database: Database, limits: Limiter) -> Flask:
    return users_app(database, limits)


@pytest.fixture
def owner(app: Flask, moment: Moment) -> Owner:
    return Owner(app, moment)


@pytest.fixture
def rich(owner: Owner) -> Owner:
    (account,) = owner.accounts()
    for _ in range(2):
        owner.visitor.post("/deposito", {"correntista_id": account, "valor": "100000.00"})
    return owner


def pay(owner: Owner, value: str, code: str | None = None, key: str | None = None) -> tuple[int, str | None]:
    (account,) = owner.accounts()
    headers = {} if code is None else {"Segundo-Fator": code}
    headers |= {} if key is None else {"Idempotency-Key": key}
    body = {"correntista_id": account, "valor": value, "descricao": "Carro"}
    answer = owner.visitor.post("/pagamento", body, headers)
    return answer.status_code, answer.get_json().get("codigo")


def balance(owner: Owner) -> float:
    return float(owner.visitor.get("/correntistas").get_json()[0]["Saldo"])


def test_a_secret_counts_once_it_was_confirmed(app: Flask, moment: Moment) -> None:
    visitor, email = Visitor(app.test_client()), f"{secrets.token_hex(6)}@teste.example"
    visitor.register(email)
    assert visitor.post("/segundo-fator", {"senha": "errada"}).status_code == 403
    assert (
        visitor.post("/segundo-fator/confirmar", {"codigo": "000000"}).get_json()["codigo"] == "segundo_fator_inativo"
    )
    proposed = visitor.post("/segundo-fator", {"senha": PASSWORD}).get_json()
    assert proposed["qr"].startswith("data:image/svg+xml")
    assert f"secret={proposed['segredo']}" in proposed["uri"]
    assert Visitor(app.test_client()).log_in(email) == 200, "nothing asks for it yet"
    assert visitor.get("/segundo-fator").get_json() == {
        "ativo": False,
        "desde": None,
        "limite": 5000.0,
        "codigos_restantes": 0,
    }

    good = pyotp.TOTP(proposed["segredo"]).at(int(moment.s))
    wrong = f"{(int(good) + 1) % 10**6:06}"
    refused = visitor.post("/segundo-fator/confirmar", {"codigo": wrong})
    assert (refused.status_code, refused.get_json()["codigo"]) == (403, "codigo_incorreto")
    confirmed = visitor.post("/segundo-fator/confirmar", {"codigo": good})

    assert len(set(confirmed.get_json()["codigos_de_recuperacao"])) == 10
    assert visitor.get("/segundo-fator").get_json()["ativo"] is True
    assert visitor.post("/segundo-fator", {"senha": PASSWORD}).get_json()["codigo"] == "segundo_fator_ativo"


def test_a_new_device_needs_a_code_and_a_known_one_does_not(owner: Owner) -> None:
    assert owner.elsewhere() == (401, "segundo_fator")
    assert owner.elsewhere("000000" if owner.code() != "000000" else "111111") == (401, "codigo_incorreto")
    assert owner.elsewhere(owner.code(), "outra senha qualquer") == (401, "credenciais_invalidas")
    assert owner.elsewhere(owner.code())[0] == 200

    assert owner.visitor.log_in(owner.email) == 200


def test_a_device_that_showed_no_code_stays_unknown(owner: Owner) -> None:
    stranger = Visitor(owner.app.test_client())

    assert [stranger.log_in(owner.email), stranger.log_in(owner.email)] == [401, 401]
    assert stranger.client.get_cookie("aparelho") is None


def test_a_code_is_good_once_and_for_a_step_beside_the_present_one(owner: Owner, database: Database) -> None:
    ((user_id,),) = rows(database, "SELECT id FROM users")

    def is_good(code: str) -> bool:
        try:
            database.transact(second_factor.use, int(str(user_id)), code)
        except WrongCode:
            return False
        return True

    def code_of(steps: int) -> str:
        return str(owner.app_on_phone.at(int(owner.moment.s) + steps * STEP_S))  # type: ignore[attr-defined]  # of these tests alone

    assert [is_good(code_of(2)), is_good(code_of(1)), is_good(code_of(1))] == [False, True, False]
    assert not is_good(code_of(0)), "older than one that was used"
    owner.moment.later(4 * STEP_S)
    assert [is_good(code_of(-2)), is_good(code_of(-1)), is_good(code_of(-1)), is_good(code_of(0))] == [
        False,
        True,
        False,
        True,
    ]


def test_of_two_with_the_same_code_one_gets_in(owner: Owner, database: Database) -> None:
    ((user_id,),) = rows(database, "SELECT id FROM users")
    code = owner.code()

    def use(_: int) -> str:
        try:
            database.transact(second_factor.use, int(str(user_id)), code)
        except WrongCode:
            return "refused"
        return "in"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(use, range(2))) == ["in", "refused"]


def test_a_recovery_code_is_good_once_also_in_a_race(owner: Owner, database: Database) -> None:
    first, second = owner.recovery_codes[:2]

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda code: owner.elsewhere(code)[0], (first, first.lower())))

    assert sorted(answers) == [200, 401]
    assert owner.elsewhere(second.replace("-", " "))[0] == 200
    assert owner.visitor.get("/segundo-fator").get_json()["codigos_restantes"] == 8


def test_the_database_has_no_recovery_code(owner: Owner, database: Database) -> None:
    kept = {str(row[0]) for row in rows(database, "SELECT code_hash FROM recovery_codes")}

    assert len(kept) == 10
    assert not [code for code in owner.recovery_codes if any(code.replace("-", "") in each.upper() for each in kept)]


def test_codes_cannot_be_guessed(owner: Owner) -> None:
    amount = second_factor.TRIES_BY_USER.window.amount
    answers = [owner.elsewhere(f"{(int(owner.code()) + 7 * n) % 10**6:06}")[0] for n in range(1, amount + 4)]

    assert (answers[0], answers[-1]) == (401, 429)
    assert answers.count(401) <= amount
    assert owner.elsewhere(owner.code()) == (429, "muitas_requisicoes")
    body = {"limite": "100.00", "codigo": owner.code()}
    assert owner.visitor.put("/segundo-fator", body).status_code == 200, "who is in is not held up by that"


def test_a_wrong_code_with_the_right_password_is_a_login_that_failed(
    database: Database, limits: Limiter, moment: Moment
) -> None:
    failed = FailedLogins(database.transact)
    owner = Owner(users_app(database, limits, failed_logins=failed), moment)
    wrong = f"{(int(owner.code()) + 1) % 10**6:06}"

    refusals = [owner.elsewhere(wrong), owner.elsewhere(wrong), owner.elsewhere()]
    failed.write()

    assert refusals == [(401, "codigo_incorreto"), (401, "codigo_incorreto"), (401, "segundo_fator")]
    kept = rows(database, "SELECT user_id, detail FROM audit_pending WHERE kind = 'logins_failed'")
    assert kept == [(owner.user_id, '{"count":2}')], "to be asked for a code is no failure"


def test_below_the_limit_money_asks_for_nothing_and_from_it_on_for_a_code(rich: Owner) -> None:
    assert pay(rich, "4999.99")[0] == 201
    assert pay(rich, "5000.00", key="carro") == (403, "segundo_fator_exigido")
    assert pay(rich, "5000.00", "000000" if rich.code() != "000000" else "1", key="carro") == (403, "codigo_incorreto")
    assert balance(rich) == 195_000.01

    code = rich.code()
    assert pay(rich, "5000.00", code, key="carro")[0] == 201, "what was refused had not used the key up"
    assert pay(rich, "5000.00", key="carro")[0] == 201, "the answer of a key needs no code"
    assert pay(rich, "5000.00", code, key="outro") == (403, "codigo_incorreto")
    assert balance(rich) == 190_000.01
    assert rich.visitor.is_in(), "a wrong code does not end the session"


def test_a_transfer_and_a_schedule_ask_for_a_code_too(rich: Owner) -> None:
    other = Visitor(rich.app.test_client())
    other.register(f"{secrets.token_hex(6)}@teste.example")
    target = other.get("/correntistas").get_json()[0]["CorrentistaID"]
    (own,) = rich.accounts()
    transfer = {"correntista_id_origem": own, "correntista_id_destino": target, "valor": "5000.00"}
    day = (clock.day_of(clock.now()) + timedelta(days=2)).isoformat()
    planned = {"tipo": "pagamento", "correntista_id": own, "valor": "5000.00", "descricao": "Luz", "data": day}

    for path, body in (("/transferencia", transfer), ("/agendamentos", planned)):
        refused = rich.visitor.post(path, body)
        assert (refused.status_code, refused.get_json()["codigo"]) == (403, "segundo_fator_exigido"), path
        assert rich.visitor.post(path, body, {"Segundo-Fator": rich.code()}).status_code == 201, path
        rich.moment.later()

    small = rich.visitor.post("/agendamentos", {**planned, "valor": "1.00"}).get_json()
    grown = {"valor": "5000.00", "descricao": "Luz", "data": day, "recorrencia": "unica"}
    refused = rich.visitor.put(f"/agendamentos/{small['id']}", grown)
    assert (refused.status_code, refused.get_json()["codigo"]) == (403, "segundo_fator_exigido")


def test_who_has_no_second_factor_moves_money_as_before(app: Flask) -> None:
    visitor = Visitor(app.test_client())
    visitor.register(f"{secrets.token_hex(6)}@teste.example")
    account = visitor.get("/correntistas").get_json()[0]["CorrentistaID"]
    visitor.post("/deposito", {"correntista_id": account, "valor": "100000.00"})

    body = {"correntista_id": account, "valor": "90000.00", "descricao": "Casa"}
    assert visitor.post("/pagamento", body).status_code == 201


def test_the_limit_is_changed_only_with_a_code(rich: Owner) -> None:
    wrong = rich.visitor.put("/segundo-fator", {"limite": "1000000.00", "codigo": "1"})
    assert (wrong.status_code, wrong.get_json()["codigo"]) == (403, "codigo_incorreto")
    assert rich.visitor.get("/segundo-fator").get_json()["limite"] == 5000.0

    assert rich.visitor.put("/segundo-fator", {"limite": "100.00", "codigo": rich.code()}).status_code == 200

    assert rich.visitor.get("/segundo-fator").get_json()["limite"] == 100.0
    assert pay(rich, "100.00") == (403, "segundo_fator_exigido")


def test_it_is_switched_off_with_the_password_and_a_code_and_its_person_is_told(
    owner: Owner, database: Database
) -> None:
    for body in ({"senha": "errada", "codigo": owner.code()}, {"senha": PASSWORD, "codigo": "1"}):
        assert owner.visitor.delete("/segundo-fator", body).status_code == 403
    assert owner.elsewhere() == (401, "segundo_fator")

    assert owner.visitor.delete("/segundo-fator", {"senha": PASSWORD, "codigo": owner.code()}).status_code == 204

    assert owner.elsewhere()[0] == 200
    assert rows(database, "SELECT COUNT(*) FROM recovery_codes") == [(0,)]
    told = [json.loads(str(row[0])) for row in rows(database, "SELECT payload FROM stream_events ORDER BY seq")]
    texts: list[tuple[Any, Any]] = [(each["tipo"], each["mensagem"]) for each in told]
    assert ("seguranca", "Segundo fator ativado na sua conta.") in texts
    assert ("seguranca", "Segundo fator desativado na sua conta.") in texts


def test_a_code_by_mail_alone_does_not_get_past_it(owner: Owner, database: Database) -> None:
    stranger = Visitor(owner.app.test_client())
    assert ask(stranger, owner.email).status_code == 202
    body = {"email": owner.email, "codigo": code_for(database, owner.email), "nova": OTHER_PASSWORD}

    refused = stranger.post("/senha/redefinir", body)
    assert (refused.status_code, refused.get_json()["codigo"]) == (401, "segundo_fator")
    wrong = stranger.post("/senha/redefinir", {**body, "segundo_fator": "1"})
    assert (wrong.status_code, wrong.get_json()["codigo"]) == (401, "codigo_incorreto")
    assert owner.visitor.is_in()

    assert stranger.post("/senha/redefinir", {**body, "segundo_fator": owner.recovery_codes[0]}).status_code == 204
    assert not owner.visitor.is_in()
