"""A token is read only if this bank signed it, whole, and it has not expired."""

import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.errors import BadToken, ExpiredToken, SessionOver
from app.keys import ALGORITHM, Key, KeySet
from app.users.devices import Devices
from app.users.tokens import TOKEN_CHARS_MAX, Tokens

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
TTL_S = 60
TOKENS = Tokens(SECRET, TTL_S)
NOW_S = int(time.time())
GOOD: dict[str, Any] = {"sub": "7", "jti": "a" * 32, "iat": NOW_S, "exp": NOW_S + 3600, "ger": 1}


def signed(changes: Mapping[str, object] | None = None, *, secret: str = SECRET, algorithm: str = ALGORITHM) -> str:
    """A token of our own making; a claim that is None is left out."""
    claims = {name: value for name, value in {**GOOD, **(changes or {})}.items() if value is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_what_was_issued_can_be_read() -> None:
    before_s = int(time.time())
    claims = TOKENS.read(TOKENS.issue(7, 3))

    assert (claims.user_id, claims.generation) == (7, 3)
    assert before_s + TTL_S <= claims.expires_at <= int(time.time()) + TTL_S


def test_no_two_tokens_are_the_same() -> None:
    assert TOKENS.issue(7, 1, "login") != TOKENS.issue(7, 1, "login")


def test_every_login_is_a_session_of_its_own_and_a_renewed_token_is_of_the_same() -> None:
    first, second = (TOKENS.read(TOKENS.issue(7, 1)) for _ in range(2))
    renewed = TOKENS.read(TOKENS.issue(7, 1, first.session_id))

    assert first.session_id == renewed.session_id != second.session_id


def test_a_token_from_before_sessions_had_ids_is_a_session_of_its_own() -> None:
    assert TOKENS.read(signed()).session_id == GOOD["jti"]


def test_the_tokens_that_the_tests_make_are_good_but_for_what_they_change() -> None:
    assert TOKENS.read(signed()).user_id == 7


@given(position=st.integers(0, len(signed()) - 1), letter=st.sampled_from("abcXYZ019-_."))
def test_a_token_with_one_letter_changed_is_refused(position: int, letter: str) -> None:
    good = signed()
    claims = TOKENS.read(good)
    tampered = good[:position] + letter + good[position + 1 :]

    try:
        read = TOKENS.read(tampered)
    except BadToken:
        return
    # The last letter of a signature has bits that mean nothing; what the token says is still the same.
    assert read == claims
    assert position == len(good) - 1 or tampered == good


def test_an_expired_token_is_told_apart() -> None:
    with pytest.raises(ExpiredToken):
        TOKENS.read(signed({"exp": NOW_S - 1}))


@pytest.mark.parametrize("claim", ["sub", "jti", "iat", "exp", "ger"])
def test_a_token_without_one_of_its_claims_is_refused(claim: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(signed({claim: None}))


@pytest.mark.parametrize(
    ("claim", "value"),
    [("sub", "admin"), ("sub", ""), ("sub", 7), ("sub", "7.5"), ("ger", "um"), ("ger", []), ("exp", "amanhã")],
)
def test_a_claim_of_another_kind_is_refused(claim: str, value: object) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(signed({claim: value}))


def test_another_key_s_token_is_refused() -> None:
    with pytest.raises(BadToken):
        TOKENS.read(signed(secret="outro-segredo-de-testes-com-mais-de-32-bytes"))


def test_a_token_that_nobody_signed_is_refused() -> None:
    header = jwt.utils.base64url_encode(b'{"alg":"none","typ":"JWT"}').decode()

    for unsigned in (jwt.encode(GOOD, "", algorithm="none"), f"{header}.{signed().split('.')[1]}."):
        with pytest.raises(BadToken):
            TOKENS.read(unsigned)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_although_the_key_is_ours(algorithm: str) -> None:
    long_secret = SECRET * 2
    with pytest.raises(BadToken):
        Tokens(long_secret, TTL_S).read(signed(secret=long_secret, algorithm=algorithm))


def test_a_node_whose_clock_is_a_little_ahead_issues_tokens_that_the_others_read() -> None:
    assert TOKENS.read(signed({"iat": NOW_S + 30})).user_id == 7


@pytest.mark.parametrize(
    "token", [None, "", " ", "abc", "a.b.c", "..", 7, b"bytes", [], {}, "ã.é.í", "\ud800", "\0", signed() + "."]
)
def test_what_is_no_token_is_refused(token: object) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(token)


def test_a_token_too_long_to_be_ours_is_refused() -> None:
    with pytest.raises(BadToken):
        TOKENS.read(signed({"nota": "x" * TOKEN_CHARS_MAX}))


def test_a_token_says_whose_it_is_for_whom_and_by_which_key() -> None:
    key = Key("a", b"k" * 32)
    token = Tokens(KeySet([key, Key("b", b"l" * 32)]), TTL_S).issue(7, 1)

    claims = jwt.decode(token, key.secret, algorithms=[ALGORITHM], audience="saldo-vivo", issuer="saldo-vivo")

    assert (jwt.get_unverified_header(token)["kid"], claims["sub"]) == ("a", "7")


@pytest.mark.parametrize("claims", [{"aud": "aparelho"}, {"aud": ["saldo-vivo", "x"]}, {"aud": 7}, {"iss": "outro"}])
def test_a_token_for_another_audience_or_of_another_issuer_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(signed(claims))


def test_the_cookie_of_a_device_is_no_token_and_a_token_is_no_device() -> None:
    devices = Devices(SECRET)
    full = {**GOOD, "aud": "aparelho", "id": "x", "usuarios": [7]}

    with pytest.raises(BadToken):
        TOKENS.read(jwt.encode(full, SECRET, algorithm=ALGORITHM))
    assert devices.read(TOKENS.issue(7, 1)).user_ids == ()
    assert devices.read(jwt.encode(full, SECRET, algorithm=ALGORITHM)).user_ids == (7,)


def test_a_token_lives_no_longer_than_its_session() -> None:
    ends_at = int(time.time()) + TTL_S // 2

    claims = TOKENS.read(TOKENS.issue(7, 1, "login", session_ends_at=ends_at))

    assert (claims.expires_at, claims.session_ends_at) == (ends_at, ends_at)


def test_the_end_of_the_session_is_told_apart_from_that_of_a_token() -> None:
    with pytest.raises(SessionOver):
        TOKENS.read(signed({"exp": NOW_S - 5, "fim": NOW_S - 5}))
    with pytest.raises(ExpiredToken) as expired:
        TOKENS.read(signed({"exp": NOW_S - 5, "fim": NOW_S + 3600}))
    assert expired.value.code == "token_expirado"


def test_whether_a_token_has_expired_is_asked_of_our_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    token = TOKENS.issue(7, 1)
    monkeypatch.setattr(clock, "unix_s", lambda: NOW_S + 10 * TTL_S)

    with pytest.raises(ExpiredToken):
        TOKENS.read(token)
    assert TOKENS.read(TOKENS.issue(7, 1)).expires_at > NOW_S + 10 * TTL_S


@pytest.mark.parametrize("kid", ["desconhecida", "", "b\u00e3"])
def test_a_key_that_is_not_of_the_set_verifies_nothing(kid: str) -> None:
    others = jwt.encode(GOOD, "o" * 32, algorithm=ALGORITHM, headers={"kid": kid})

    for keys in (KeySet([Key("a", b"k" * 32)]), KeySet([Key("a", b"k" * 32)], secret=SECRET)):
        with pytest.raises(BadToken):
            Tokens(keys, TTL_S).read(others)


def test_a_key_verifies_no_token_that_says_it_is_of_another() -> None:
    keys = KeySet([Key("a", b"k" * 32), Key("b", b"l" * 32)])

    with pytest.raises(BadToken):
        Tokens(keys, TTL_S).read(jwt.encode(GOOD, b"l" * 32, algorithm=ALGORITHM, headers={"kid": "a"}))
