"""A login is a session: it has an absolute end, is listed, and whatever was renewed from it ends with it."""

import itertools
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import insert

from app import clock, keys
from app.db import Database
from app.errors import RevokedToken
from app.keys import KeySet
from app.streams.stream import streams
from app.users import passwords, sessions
from app.users.auth import ended_since
from app.users.models import Revocation
from app.users.session_uses import SessionUses
from app.users.tokens import Tokens
from tests.integration.customers import rows, write
from tests.integration.users_app import CHROME_ON_ANDROID, OTHER_PASSWORD, PASSWORD, SECRET, Visitor, users_app

FIREFOX_ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def ended() -> list[Ended]:
    """The sessions whose sockets were to be closed."""
    return []


@pytest.fixture
def app(database: Database, limits: Limiter, ended: list[Ended]) -> Flask:
    return users_app(database, limits, ended=ended)


@pytest.fixture
def email() -> str:
    return f"{secrets.token_hex(6)}@teste.example"


@pytest.fixture
def alice(app: Flask, email: str) -> Visitor:
    """Somebody who has just registered."""
    visitor = Visitor(app.test_client())
    assert visitor.register(email) == 201
    return visitor


@pytest.fixture
def elsewhere(app: Flask, alice: Visitor, email: str) -> Callable[..., Visitor]:
    """The same person on another device."""

    def enter(user_agent: str = FIREFOX_ON_WINDOWS) -> Visitor:
        visitor = Visitor(app.test_client(), user_agent=user_agent)
        assert visitor.log_in(email) == 200
        return visitor

    return enter


def claims(visitor: Visitor) -> dict[str, Any]:
    """What the token says, for whoever reads it."""
    return dict(jwt.decode(visitor.token, options={"verify_signature": False}))


def listed(visitor: Visitor) -> list[dict[str, Any]]:
    answer = visitor.get("/sessoes")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()
    return found


def notices(database: Database, user_id: int) -> list[dict[str, Any]]:
    return [json.loads(event.packet[1:])[1] for event in database.read(streams.read_after, user_id, 0)]


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Everything from here on happens so much later."""
    now, unix_s = clock.now, clock.unix_s
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=seconds))
    monkeypatch.setattr(clock, "unix_s", lambda: unix_s() + seconds)


def test_renewal_has_an_absolute_end(
    sqlite: Database, limits: Limiter, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Visitor(users_app(sqlite, limits, ttl_s=3600, session_ttl_s=3 * 3600).test_client())
    alice.register(email)
    ends_at = claims(alice)["fim"]
    for _ in range(3):
        later(monkeypatch, 3300)
        assert alice.renew() == 200
        assert claims(alice)["exp"] == min(claims(alice)["iat"] + 3600, ends_at)

    later(monkeypatch, 2000)
    refused = alice.post("/token/renovar")

    assert (refused.status_code, refused.get_json()["codigo"]) == (401, "sessao_expirada")
    assert not alice.is_in()
    assert Visitor(alice.client).log_in(email) == 200, "a login is a new session"


def test_a_renewed_token_is_of_the_same_session_and_the_old_one_stays_good(alice: Visitor) -> None:
    old = alice.with_token(alice.token)
    assert alice.renew() == 200

    assert claims(alice)["sid"] == claims(old)["sid"]
    assert (alice.is_in(), old.is_in()) == (True, True)
    assert len(listed(alice)) == 1


def test_a_logout_ends_what_was_renewed_from_its_login_and_no_other(
    alice: Visitor, elsewhere: Callable[..., Visitor], ended: list[Ended]
) -> None:
    other = elsewhere()
    first = alice.with_token(alice.token)
    alice.renew()

    assert first.post("/logout").status_code == 204

    assert [visitor.is_in() for visitor in (first, alice, other)] == [False, False, True]
    assert alice.renew() == 401
    assert ended == [Ended(int(claims(alice)["sub"]), claims(alice)["sid"], None)]
    assert [session["atual"] for session in listed(other)] == [True]


def test_the_list_tells_device_place_and_last_use(
    alice: Visitor, elsewhere: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 60)
    other = elsewhere()

    found = listed(alice)

    assert [(each["aparelho"], each["local"], each["atual"]) for each in found] == [
        ("Firefox no Windows", other.address, False),
        ("Chrome no Android", alice.address, True),
    ]
    assert all(each["criada_em"] <= each["usada_em"] < each["expira_em"] for each in found)


def test_a_use_is_written_down_for_all_sessions_together(
    app: Flask, alice: Visitor, elsewhere: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere()
    before = {each["id"]: each["usada_em"] for each in listed(alice)}
    uses: SessionUses = app.extensions["auth"].uses
    uses.write()
    later(monkeypatch, 3000)
    assert other.is_in()

    uses.write()

    after = {each["id"]: each["usada_em"] for each in listed(other)}
    sid = claims(other)["sid"]
    assert after[sid] > before[sid]
    assert after[claims(alice)["sid"]] < after[sid]


def test_one_session_can_be_ended_from_another(
    alice: Visitor, elsewhere: Callable[..., Visitor], ended: list[Ended], database: Database
) -> None:
    lost, kept = elsewhere(), elsewhere()
    renewed = lost.with_token(lost.token)
    renewed.renew()
    before = clock.now() - timedelta(seconds=1)
    sid = claims(lost)["sid"]

    assert alice.delete(f"/sessoes/{sid}").status_code == 204

    assert [visitor.is_in() for visitor in (lost, renewed, kept, alice)] == [False, False, True, True]
    assert [each.session_id for each in ended] == [sid]
    assert [each.session_id for each in database.read(ended_since, before)] == [sid], "as other nodes find it"
    assert alice.delete(f"/sessoes/{sid}").status_code == 404


def test_the_session_of_somebody_else_is_not_found(app: Flask, alice: Visitor) -> None:
    bob = Visitor(app.test_client())
    bob.register(f"{secrets.token_hex(6)}@teste.example")

    for unknown in (claims(bob)["sid"], claims(bob)["sid"] + "%20", "x", "x" * 490, "%00", "'; --"):
        assert alice.delete(f"/sessoes/{unknown}").status_code == 404
    assert bob.is_in()
    assert len(listed(alice)) == 1


def test_a_user_has_a_bounded_number_of_sessions_and_the_least_used_one_goes(
    alice: Visitor, elsewhere: Callable[..., Visitor], ended: list[Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 3)
    later(monkeypatch, 10)
    oldest = elsewhere()
    later(monkeypatch, 10)
    newer = elsewhere()
    later(monkeypatch, 10)
    alice.renew()

    newest = elsewhere()

    assert [visitor.is_in() for visitor in (alice, oldest, newer, newest)] == [True, False, True, True]
    assert [each.session_id for each in ended] == [claims(oldest)["sid"]]
    assert len(listed(alice)) == 3


def test_sessions_that_a_node_of_the_release_before_ended_take_no_place_from_the_others(
    alice: Visitor,
    elsewhere: Callable[..., Visitor],
    database: Database,
    ended: list[Ended],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 3)
    gone = [elsewhere() for _ in range(2)]
    for visitor in gone:
        of_before = {"user_id": int(claims(visitor)["sub"]), "session_id": claims(visitor)["sid"], "generation": None}
        moments = {"revoked_at": clock.now(), "expires_at": clock.now() + timedelta(hours=1)}
        database.transact(
            lambda connection, row: connection.execute(insert(Revocation).values(**row)), of_before | moments
        )

    others = [elsewhere() for _ in range(2)]

    assert ended == []
    assert [visitor.is_in() for visitor in (alice, *others, *gone)] == [True, True, True, False, False]
    assert len(listed(alice)) == 3


def test_a_token_is_good_only_while_its_session_is_there(alice: Visitor, database: Database) -> None:
    write(database, "DELETE FROM sessions")

    assert not alice.is_in()
    assert alice.renew() == 401


def test_a_token_from_before_sessions_were_listed_gets_one_when_it_is_renewed(
    alice: Visitor, database: Database
) -> None:
    user_id = int(claims(alice)["sub"])
    old = alice.with_token(Tokens(SECRET, 60).issue(user_id, 1))
    first = old.with_token(old.token)
    assert len(listed(old)) == 1

    assert old.renew() == 200
    assert first.renew() == 200

    assert claims(first)["sid"] == claims(old)["sid"] != claims(alice)["sid"]
    assert claims(first)["fim"] == claims(old)["fim"]
    assert len(listed(old)) == 2
    assert old.post("/logout").status_code == 204
    assert [visitor.is_in() for visitor in (old, first, alice)] == [False, False, True]


def test_sessions_whose_end_has_passed_are_dropped(
    alice: Visitor, elsewhere: Callable[..., Visitor], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 7 * 24 * 3600 + 1)
    current = elsewhere()
    assert len(listed(current)) == 1

    assert len(database.transact(sessions.purge)) == 1

    assert rows(database, "SELECT id FROM sessions") == [(claims(current)["sid"],)]


def test_another_password_ends_every_other_session_and_keeps_this_one(
    alice: Visitor, elsewhere: Callable[..., Visitor], ended: list[Ended], database: Database, email: str
) -> None:
    other = elsewhere()
    user_id, sid = int(claims(alice)["sub"]), claims(alice)["sid"]
    from_before = alice.with_token(Tokens(SECRET, 60).issue(user_id, 1))
    before = clock.now() - timedelta(seconds=1)

    assert alice.post("/senha", {"atual": PASSWORD, "nova": OTHER_PASSWORD}).status_code == 204

    assert [visitor.is_in() for visitor in (alice, other, from_before)] == [True, False, False]
    assert ended == database.read(ended_since, before) == [Ended(user_id, None, 2, sid)]
    assert alice.renew() == 200
    assert alice.is_in()
    assert [each["id"] for each in listed(alice)] == [sid]
    assert [notice["tipo"] for notice in notices(database, user_id)][-1] == "seguranca"
    assert (Visitor(alice.client).log_in(email), Visitor(alice.client).log_in(email, OTHER_PASSWORD)) == (401, 200)


def test_the_session_that_changed_the_password_can_change_it_again_and_leave(
    alice: Visitor, elsewhere: Callable[..., Visitor], email: str
) -> None:
    assert alice.post("/senha", {"atual": PASSWORD, "nova": OTHER_PASSWORD}).status_code == 204
    other = Visitor(alice.client)
    assert other.log_in(email, OTHER_PASSWORD) == 200

    assert alice.post("/senha", {"atual": OTHER_PASSWORD, "nova": PASSWORD}).status_code == 204

    assert (alice.is_in(), other.is_in()) == (True, False)
    assert alice.post("/logout", {"todos": True}).status_code == 204
    assert not alice.is_in()


def test_a_session_from_before_sessions_were_listed_stays_when_it_changes_the_password(
    alice: Visitor, database: Database
) -> None:
    old = alice.with_token(Tokens(SECRET, 60).issue(int(claims(alice)["sub"]), 1))

    assert old.post("/senha", {"atual": PASSWORD, "nova": OTHER_PASSWORD}).status_code == 204

    assert (old.is_in(), alice.is_in()) == (True, False)
    assert old.renew() == 200
    assert old.is_in()


def test_a_session_that_was_ended_meanwhile_changes_no_password(
    alice: Visitor, elsewhere: Callable[..., Visitor], email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = elsewhere()
    hash_password = passwords.hash_password

    def hashed_slowly(password: str, **options: Any) -> str:
        assert alice.delete(f"/sessoes/{claims(thief)['sid']}").status_code == 204
        return hash_password(password, **options)

    monkeypatch.setattr(passwords, "hash_password", hashed_slowly)
    assert thief.post("/senha", {"atual": PASSWORD, "nova": OTHER_PASSWORD}).status_code == 401

    assert alice.is_in()
    assert Visitor(alice.client).log_in(email) == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"atual": "errada", "nova": OTHER_PASSWORD}, 403, "senha_incorreta"),
        ({"atual": PASSWORD, "nova": "curta"}, 422, "dados_invalidos"),
        ({"atual": PASSWORD, "nova": "ana souza 1990"}, 422, "dados_invalidos"),
        ({"nova": OTHER_PASSWORD}, 422, "dados_invalidos"),
    ],
)
def test_a_password_is_not_changed_without_the_current_one_or_to_a_bad_one(
    alice: Visitor, elsewhere: Callable[..., Visitor], email: str, body: dict[str, str], status: int, code: str
) -> None:
    other = elsewhere()

    refused = alice.post("/senha", body)

    assert (refused.status_code, refused.get_json()["codigo"]) == (status, code)
    assert (alice.is_in(), other.is_in()) == (True, True)
    assert Visitor(alice.client).log_in(email) == 200


def test_the_current_password_cannot_be_guessed_with_a_session(alice: Visitor) -> None:
    answers = [alice.post("/senha", {"atual": f"palpite {n}", "nova": OTHER_PASSWORD}).status_code for n in range(11)]

    assert answers == [403] * 10 + [429]
    assert alice.is_in()


def test_a_login_that_was_compared_with_the_old_password_does_not_get_in_after_the_change(
    app: Flask, alice: Visitor, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = passwords._check
    intruder = Visitor(app.test_client())

    def compared_too_early(password: str, hashed: str | None) -> bool:
        monkeypatch.setattr(passwords, "_check", compare)
        same = compare(password, hashed)
        assert alice.post("/senha", {"atual": PASSWORD, "nova": OTHER_PASSWORD}).status_code == 204
        return same

    monkeypatch.setattr(passwords, "_check", compared_too_early)
    assert intruder.log_in(email) == 401


def test_a_login_on_a_new_device_is_told_to_the_others(
    alice: Visitor, elsewhere: Callable[..., Visitor], database: Database
) -> None:
    user_id = int(claims(alice)["sub"])
    assert notices(database, user_id) == [], "not at the registration"

    other = elsewhere(CHROME_ON_ANDROID)

    (told,) = notices(database, user_id)
    assert (told["tipo"], told["mensagem"]) == ("seguranca", "Novo acesso à sua conta: Chrome no Android")
    assert told["dados"] == {
        "sessao_id": claims(other)["sid"],
        "aparelho": "Chrome no Android",
        "local": other.address,
    }
    assert alice.delete(f"/sessoes/{told['dados']['sessao_id']}").status_code == 204
    assert not other.is_in()


def test_a_login_on_a_known_device_is_not(
    alice: Visitor, elsewhere: Callable[..., Visitor], database: Database, email: str
) -> None:
    other = elsewhere()

    assert [alice.log_in(email), other.log_in(email)] == [200, 200]

    assert len(notices(database, int(claims(alice)["sub"]))) == 1


def test_while_the_key_is_changed_on_one_node_after_the_other_nobody_is_logged_out(
    sqlite: Database, limits: Limiter, email: str
) -> None:
    first = keys.with_new((), secret=SECRET, kid="new")
    promoted = keys.promoted(first, "new")
    steps = [
        KeySet(secret=SECRET),
        KeySet(first, secret=SECRET),
        KeySet(promoted, secret=SECRET),
        KeySet(keys.without(promoted, first[0].kid)),
    ]
    alice = Visitor(users_app(sqlite, limits, keys=steps[0]).test_client())
    alice.register(email)
    sid = claims(alice)["sid"]

    for before, after in itertools.pairwise(steps):
        nodes = [users_app(sqlite, limits, keys=step).test_client() for step in (after, before, after)]
        for node in nodes:
            alice.client = node
            assert alice.is_in()
            assert alice.renew() == 200
        if after is steps[2]:
            # The last page renews before the old key goes.
            alice.client = nodes[0]
            alice.renew()
    assert [session["id"] for session in listed(alice)] == [sid]


def test_of_two_that_end_one_session_at_once_one_is_told_it_is_not_there(
    alice: Visitor, elsewhere: Callable[..., Visitor], database: Database
) -> None:
    lost = elsewhere()
    user_id, sid = int(claims(alice)["sub"]), claims(lost)["sid"]

    def end(_: int) -> str:
        try:
            database.transact(sessions.end, user_id, sid, 3600)
        except RevokedToken:
            return "ended already"
        return "ended"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(end, range(2))) == ["ended", "ended already"]
