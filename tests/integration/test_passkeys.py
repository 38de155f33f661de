"""A passkey opens its owner's account without a password, and nothing else does."""

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
from app.streams.stream import streams
from app.users import passkeys, passwords
from app.users.passkeys import CHALLENGE_S, Site, site_of
from tests.integration.customers import rows, write
from tests.integration.users_app import PASSWORD, SITE, Visitor, users_app
from tests.support.authenticator import Authenticator, base64url
from worker import housekeeping

WRONG = (401, "chave_de_acesso_invalida")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def failed(database: Database) -> FailedLogins:
    return FailedLogins(database.transact)


@pytest.fixture
def app(database: Database, limits: Limiter, failed: FailedLogins) -> Flask:
    return users_app(database, limits, failed_logins=failed)


class Owner:
    """Somebody with a passkey on a device of theirs."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.email = f"{secrets.token_hex(6)}@teste.example"
        self.visitor = Visitor(app.test_client())
        assert self.visitor.register(self.email) == 201
        self.device = Authenticator(SITE.host, SITE.origin)

    @property
    def id(self) -> int:
        return int(jwt.decode(self.visitor.token, options={"verify_signature": False})["sub"])

    def options(self, **more: str) -> dict[str, Any]:
        answer = self.visitor.post("/chaves-de-acesso/opcoes", {"senha": PASSWORD, **more})
        assert answer.status_code == 200, answer.get_json()
        return dict(answer.get_json())

    def add(self, credential: dict[str, Any]) -> tuple[int, str | None]:
        answer = self.visitor.post("/chaves-de-acesso", {"credencial": credential})
        return answer.status_code, answer.get_json().get("codigo")

    def keys(self) -> list[dict[str, Any]]:
        return list(self.visitor.get("/chaves-de-acesso").get_json())


@pytest.fixture
def alice(app: Flask) -> Owner:
    owner = Owner(app)
    assert owner.add(owner.device.make(owner.options())) == (201, None)
    return owner


def asked(visitor: Visitor) -> dict[str, Any]:
    answer = visitor.post("/login/chave/opcoes")
    assert answer.status_code == 200
    return dict(answer.get_json())


def enter(app: Flask, credential: dict[str, Any], visitor: Visitor | None = None) -> tuple[int, str | None]:
    """On a device that is new to the bank: the status, and the code of the refusal."""
    answer = (visitor or Visitor(app.test_client())).post("/login/chave", {"credencial": credential})
    return answer.status_code, answer.get_json().get("codigo")


def notices(database: Database, user_id: int) -> list[str]:
    return [json.loads(event.packet[1:])[1]["mensagem"] for event in database.read(streams.read_after, user_id, 0)]


def test_a_passkey_opens_a_session_of_its_owner(app: Flask, alice: Owner) -> None:
    visitor = Visitor(app.test_client())
    options = asked(visitor)
    assert (options["rpId"], options["allowCredentials"], options["userVerification"]) == (SITE.host, [], "required")

    answer = visitor.post("/login/chave", {"credencial": alice.device.show(options)})

    assert answer.status_code == 200
    assert answer.get_json()["usuario"]["email"] == alice.email
    visitor.token = answer.get_json()["token"]
    assert visitor.is_in()
    (key,) = alice.keys()
    assert key["usada_em"] is not None


def test_its_owner_is_told_of_a_new_one_of_its_end_and_of_who_enters_with_it(
    app: Flask, alice: Owner, database: Database
) -> None:
    assert enter(app, alice.device.show(asked(alice.visitor))) == (200, None)
    (key,) = alice.keys()
    assert alice.visitor.delete(f"/chaves-de-acesso/{key['id']}", {"senha": PASSWORD}).status_code == 204

    new, entered, gone = notices(database, alice.id)[-3:]
    assert new.startswith("Nova chave de acesso")
    assert entered.startswith("Novo acesso à sua conta")
    assert gone == "Uma chave de acesso da sua conta foi removida."
    lines = rows(database, "SELECT kind, detail FROM audit_pending WHERE user_id = :id ORDER BY id", id=alice.id)
    assert [kind for kind, _ in lines] == ["registered", "passkey_added", "login", "passkey_removed"]
    assert not [detail for _, detail in lines if base64url(alice.device.id) in str(detail)]


def test_a_key_that_was_removed_opens_nothing(app: Flask, alice: Owner) -> None:
    options = asked(alice.visitor)
    (key,) = alice.keys()
    path = f"/chaves-de-acesso/{key['id']}"
    assert alice.visitor.delete(path, {"senha": "errada-de-proposito"}).status_code == 403
    stranger = Owner(app)
    assert stranger.visitor.delete(path, {"senha": PASSWORD}).status_code == 404
    assert alice.visitor.delete(path, {"senha": PASSWORD}).status_code == 204

    assert enter(app, alice.device.show(options)) == WRONG


LIES: dict[str, Callable[[Authenticator], Authenticator]] = {
    "another site": lambda device: replace(device, host="outro.example"),
    "another page": lambda device: replace(device, origin="https://banco.example.outro.example"),
    "an owner who was not asked": lambda device: replace(device, verifies_user=False),
    "another key": lambda device: replace(device, key=Authenticator("", "").key),
    "somebody else": lambda device: replace(device, handle=b"1000000"),
    "a key that nobody has": lambda device: replace(device, id=secrets.token_bytes(32)),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_as_it_should_be_opens_nothing_and_is_told_apart_by_nobody(
    app: Flask, alice: Owner, lie: str
) -> None:
    assert enter(app, LIES[lie](alice.device).show(asked(alice.visitor))) == WRONG


@pytest.mark.parametrize("lie", ["another site", "another page", "an owner who was not asked"])
def test_a_key_that_was_made_otherwise_is_not_kept(app: Flask, lie: str) -> None:
    owner = Owner(app)

    assert owner.add(LIES[lie](owner.device).make(owner.options())) == (422, "chave_de_acesso_invalida")

    assert owner.keys() == []


@pytest.mark.parametrize(
    "credential",
    [{}, {"id": "x"}, {"id": 7, "response": []}, {"id": "é", "response": {"clientDataJSON": "e30"}}],
    ids=["nothing", "an id", "no object", "no ASCII"],
)
def test_what_is_no_answer_of_a_browser_is_refused(app: Flask, alice: Owner, credential: dict[str, Any]) -> None:
    assert enter(app, credential) == WRONG
    assert alice.add(credential) == (422, "chave_de_acesso_invalida")


def test_an_answer_is_good_once_also_in_a_race(app: Flask, alice: Owner) -> None:
    credential = alice.device.show(asked(alice.visitor))
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: enter(app, credential), range(2)))

    assert sorted(outcomes, key=str) == [(200, None), WRONG]
    assert enter(app, credential) == WRONG


def test_a_challenge_is_ours_for_two_minutes_and_for_one_purpose(
    app: Flask, alice: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert enter(app, alice.device.show({"challenge": base64url(b"of my own")})) == WRONG
    assert enter(app, alice.device.show(alice.options())) == WRONG, "that was for a new key"
    other = Owner(app)
    assert other.add(other.device.make({**alice.options()})) == (422, "chave_de_acesso_invalida"), "that was for Alice"
    old = asked(alice.visitor)
    unix_s = clock.unix_s()
    monkeypatch.setattr(clock, "unix_s", lambda: unix_s + CHALLENGE_S)

    assert enter(app, alice.device.show(old)) == WRONG


def test_a_count_that_does_not_go_on_is_refused_and_its_owner_is_told(
    app: Flask, alice: Owner, database: Database, failed: FailedLogins
) -> None:
    copy = replace(alice.device, count=7)
    alice.device.count = 9
    assert enter(app, alice.device.show(asked(alice.visitor))) == (200, None)

    assert enter(app, copy.show(asked(alice.visitor))) == WRONG
    assert enter(app, replace(copy, count=0).show(asked(alice.visitor))) == WRONG

    assert "pode haver uma cópia" in notices(database, alice.id)[-1]
    failed.write()
    lines = rows(database, "SELECT kind, detail FROM audit_pending WHERE user_id = :id ORDER BY id", id=alice.id)
    assert [kind for kind, _ in lines[-3:]] == ["passkey_copied", "passkey_copied", "logins_failed"]
    assert lines[-1][1] == '{"count":2}'


def test_it_is_both_factors_so_it_asks_for_both_when_it_is_made(app: Flask) -> None:
    owner = Owner(app)
    proposed = owner.visitor.post("/segundo-fator", {"senha": PASSWORD}).get_json()
    totp = pyotp.parse_uri(proposed["uri"])
    assert isinstance(totp, pyotp.TOTP)
    confirmed = owner.visitor.post("/segundo-fator/confirmar", {"codigo": totp.at(int(clock.unix_s()))}).get_json()

    for body, refusal in (
        ({"senha": "errada-de-proposito"}, (403, "senha_incorreta")),
        ({"senha": PASSWORD}, (403, "segundo_fator_exigido")),
        ({"senha": PASSWORD, "codigo": "AAAA-AAAA-AAAA"}, (403, "codigo_incorreto")),
    ):
        answer = owner.visitor.post("/chaves-de-acesso/opcoes", body)
        assert (answer.status_code, answer.get_json()["codigo"]) == refusal
    options = owner.options(codigo=confirmed["codigos_de_recuperacao"][0])
    assert owner.add(owner.device.make(options)) == (201, None)

    assert enter(app, owner.device.show(asked(owner.visitor))) == (200, None), "and for none when it is used"


def test_a_device_keeps_one_key_and_a_person_so_many(app: Flask, alice: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    options = alice.options()
    assert [each["id"] for each in options["excludeCredentials"]] == [base64url(alice.device.id)]
    assert alice.add(alice.device.make(options)) == (422, "chave_de_acesso_invalida")
    monkeypatch.setattr(passkeys, "PASSKEYS_MAX", 2)
    for expected in ((201, None), (422, "chaves_demais")):
        assert alice.add(Authenticator(SITE.host, SITE.origin).make(alice.options())) == expected

    assert len(alice.keys()) == 2


def test_only_what_was_used_is_written_down_and_dropped_when_it_is_old(
    app: Flask, alice: Owner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, "DELETE FROM used_challenges")
    for _ in range(5):
        asked(alice.visitor)
    assert enter(app, alice.device.show(asked(alice.visitor))) == (200, None)
    assert rows(database, "SELECT COUNT(*) FROM used_challenges") == [(1,)]
    assert housekeeping.drop_used_challenges(database).text == "challenges dropped: 0"
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=CHALLENGE_S + 1))

    assert housekeeping.drop_used_challenges(database).text == "challenges dropped: 1"


def test_where_browsers_allow_none_there_are_none(sqlite: Database, limits: Limiter) -> None:
    visitor = Visitor(users_app(sqlite, limits, site=None).test_client())
    assert visitor.get("/chaves-de-acesso/disponiveis").get_json() == {"disponiveis": False, "origem": None}

    refused = visitor.post("/login/chave/opcoes")

    assert (refused.status_code, refused.get_json()["codigo"]) == (404, "chaves_indisponiveis")


@pytest.mark.parametrize(
    ("public_url", "site"),
    [
        ("https://banco.example", Site("banco.example", "https://banco.example")),
        ("https://Banco.example:443", Site("banco.example", "https://banco.example")),
        ("https://banco.example:8443", Site("banco.example", "https://banco.example:8443")),
        ("http://localhost:8080", Site("localhost", "http://localhost:8080")),
        ("http://banco.example", None),
        ("https://203.0.113.7", None),
        ("https://[2001:db8::7]", None),
        ("http://127.0.0.1:8080", None),
    ],
)
def test_the_site_is_what_the_settings_say(public_url: str, site: Site | None) -> None:
    assert site_of(public_url) == site


def test_guesses_of_one_address_are_bounded(app: Flask, alice: Owner) -> None:
    credential = replace(alice.device, handle=b"7").show(asked(alice.visitor))
    visitor = Visitor(app.test_client())

    outcomes = [enter(app, credential, visitor)[0] for _ in range(32)]

    assert outcomes == [401] * 30 + [429] * 2
