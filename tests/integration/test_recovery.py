"""Who forgot the password gets in again by a code that counts once, for a while; and nobody learns who is here."""

import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta

import pytest
from flask import Flask
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.limits.limiter import Limiter
from werkzeug.test import TestResponse

from app import clock
from app.db import Database
from app.mail import outbox
from app.users import attempts, passwords, recovery, recovery_routes
from tests.integration.customers import rows
from tests.integration.users_app import OTHER_PASSWORD, PASSWORD, Visitor, users_app

_CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)
    monkeypatch.setattr(recovery_routes, "even_time", nullcontext)


@pytest.fixture
def ended() -> list[Ended]:
    return []


@pytest.fixture
def app(database: Database, limits: Limiter, ended: list[Ended]) -> Flask:
    return users_app(database, limits, ended=ended)


@pytest.fixture
def visitor(app: Flask) -> Callable[[], Visitor]:
    return lambda: Visitor(app.test_client())


@pytest.fixture
def email() -> str:
    return f"{secrets.token_hex(6)}@teste.example"


@pytest.fixture
def alice(visitor: Callable[[], Visitor], email: str) -> Visitor:
    somebody = visitor()
    assert somebody.register(email) == 201
    return somebody


def ask(visitor: Visitor, email: str) -> TestResponse:
    return visitor.post("/senha/recuperar", {"email": email})


def code_for(database: Database, email: str) -> str:
    """In the newest mail."""
    mail = database.read(outbox.newest, 1)[0]
    assert mail.recipient == email
    found = _CODE.search(mail.body)
    assert found is not None
    return found[0]


def reset(visitor: Visitor, email: str, code: str, password: str = OTHER_PASSWORD) -> int:
    return visitor.post("/senha/redefinir", {"email": email, "codigo": code, "nova": password}).status_code


def test_a_code_by_mail_sets_another_password_and_ends_every_session(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database, ended: list[Ended]
) -> None:
    stranger = visitor()
    assert ask(stranger, email).status_code == 202

    typed = code_for(database, email).lower().replace("-", " ")
    assert reset(stranger, email, typed) == 204

    assert not alice.is_in()
    assert [(each.session_id, each.kept_session_id) for each in ended] == [(None, None)]
    assert (visitor().log_in(email), visitor().log_in(email, OTHER_PASSWORD)) == (401, 200)
    told = [str(row[0]) for row in rows(database, "SELECT payload FROM stream_events ORDER BY seq")]
    assert "Sua senha foi trocada" in told[0]


def test_a_code_counts_once(visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database) -> None:
    ask(visitor(), email)
    code = code_for(database, email)

    assert [reset(visitor(), email, code), reset(visitor(), email, code, PASSWORD)] == [204, 401]


def test_of_two_with_one_code_one_sets_the_password(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    ask(visitor(), email)
    code = code_for(database, email)
    both = [(visitor(), "grampo-lua-bicicleta"), (visitor(), "chuva-trem-girassol")]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: reset(each[0], email, code, each[1]), both))

    assert sorted(answers) == [204, 401]
    winner = both[answers.index(204)][1]
    assert visitor().log_in(email, winner) == 200


def test_a_code_ends_after_a_quarter_of_an_hour(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(visitor(), email)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=15, seconds=1))

    assert reset(visitor(), email, code_for(database, email)) == 401
    assert visitor().log_in(email) == 200


def test_a_code_stands_five_wrong_tries(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    ask(visitor(), email)
    code = code_for(database, email)

    assert [reset(visitor(), email, "2222-2222") for _ in range(recovery.TRIES_MAX)] == [401] * recovery.TRIES_MAX
    assert reset(visitor(), email, code) == 401
    ask(visitor(), email)
    assert reset(visitor(), email, code_for(database, email)) == 204


def test_only_the_newest_code_counts(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    ask(visitor(), email)
    older = code_for(database, email)
    ask(visitor(), email)

    assert [reset(visitor(), email, older), reset(visitor(), email, code_for(database, email))] == [401, 204]


def test_a_code_is_of_one_person(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    other = f"{secrets.token_hex(6)}@teste.example"
    visitor().register(other)
    ask(visitor(), email)
    code = code_for(database, email)
    ask(visitor(), other)

    assert reset(visitor(), other, code) == 401


def test_a_change_of_the_password_ends_a_code(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    ask(visitor(), email)
    assert alice.post("/senha", {"atual": PASSWORD, "nova": OTHER_PASSWORD}).status_code == 204

    assert reset(visitor(), email, code_for(database, email), "chuva-trem-girassol") == 401


def test_a_bad_new_password_uses_no_code_up(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    ask(visitor(), email)
    code = code_for(database, email)

    assert [reset(visitor(), email, code, "1234567890"), reset(visitor(), email, code)] == [422, 204]


def test_nobody_learns_who_has_an_account(visitor: Callable[[], Visitor], alice: Visitor, email: str) -> None:
    nobody = f"{secrets.token_hex(6)}@teste.example"

    asked = [ask(visitor(), each) for each in (email, nobody)]
    wrong = {"codigo": "2222-2222", "nova": "1234567890"}
    tried = [visitor().post("/senha/redefinir", {"email": each, **wrong}) for each in (email, nobody)]

    assert [(answer.status_code, answer.text) for answer in asked] == [(202, asked[0].text)] * 2
    assert [(answer.status_code, answer.text) for answer in tried] == [(401, tried[0].text)] * 2


def test_the_database_has_no_code(
    visitor: Callable[[], Visitor], alice: Visitor, email: str, database: Database
) -> None:
    ask(visitor(), email)
    code = code_for(database, email)

    ((kept,),) = rows(database, "SELECT code_hash FROM password_recoveries")
    assert code.replace("-", "").lower() not in str(kept).lower()


def test_mails_are_limited_by_address_and_account(visitor: Callable[[], Visitor], email: str) -> None:
    pair = attempts.RECOVERIES_BY_ADDRESS_AND_ACCOUNT.window.amount
    account = attempts.RECOVERIES_BY_ACCOUNT.window.amount
    address = attempts.RECOVERIES_BY_ADDRESS.window.amount
    one = visitor()

    assert [ask(one, email).status_code for _ in range(pair + 1)] == [202] * pair + [429]
    assert [ask(visitor(), email).status_code for _ in range(account)] == [202] * (account - pair) + [429] * pair
    others = [ask(one, f"{secrets.token_hex(6)}@teste.example").status_code for _ in range(address)]
    assert others == [202] * (address - pair) + [429] * pair


def test_without_mail_it_is_said_so(sqlite: Database, limits: Limiter, email: str) -> None:
    answer = ask(Visitor(users_app(sqlite, limits, has_mail=False).test_client()), email)

    assert (answer.status_code, answer.get_json()["codigo"]) == (503, "correio_indisponivel")
