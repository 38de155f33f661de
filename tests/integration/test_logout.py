"""The end of a session ends its token and all that was renewed from the same login, and nothing else."""

from datetime import timedelta

import pytest
from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import select

from app import clock
from app.db import Database
from app.errors import RevokedToken
from app.users import sessions
from app.users.auth import Auth, ended_since
from app.users.models import Revocation
from app.users.tokens import Tokens
from tests.integration.customers import new_customer

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
TOKENS = Tokens(SECRET, 3600)


def is_good(auth: Auth, token: str) -> bool:
    try:
        auth.verify(token)
    except RevokedToken:
        return False
    return True


def test_a_session_ends_with_every_token_of_its_login(database: Database) -> None:
    auth, alice = Auth(database.authentication, TOKENS), new_customer(database)
    first, elsewhere = TOKENS.issue(alice.id, 1), TOKENS.issue(alice.id, 1)
    session = TOKENS.read(first).session_id
    renewed = [TOKENS.issue(alice.id, 1, session) for _ in range(2)]
    before = clock.now() - timedelta(seconds=1)

    ended = database.transact(sessions.end, alice.id, session, TOKENS.ttl_s)

    assert [is_good(auth, token) for token in (first, *renewed)] == [False] * 3
    assert is_good(auth, elsewhere)
    assert ended == Ended(alice.id, session, None)
    assert database.read(ended_since, before) == [ended]


def test_a_session_ends_once(database: Database) -> None:
    auth, alice = Auth(database.authentication, TOKENS), new_customer(database)
    identity = auth.verify(TOKENS.issue(alice.id, 1))
    database.transact(sessions.end, alice.id, identity.session_id, TOKENS.ttl_s)

    with pytest.raises(RevokedToken):
        database.transact(sessions.end, alice.id, identity.session_id, TOKENS.ttl_s)


def test_what_ends_a_session_is_kept_as_long_as_its_last_token_may_live(database: Database) -> None:
    auth, alice = Auth(database.authentication, TOKENS), new_customer(database)
    about_to_end = auth.verify(Tokens(SECRET, 60).issue(alice.id, 1))
    before = clock.now()

    database.transact(sessions.end, alice.id, about_to_end.session_id, TOKENS.ttl_s)

    kept = database.read(lambda connection: connection.execute(select(Revocation.expires_at)).scalar_one())
    assert kept >= before + timedelta(seconds=TOKENS.ttl_s), "another may have been renewed a moment ago"


def test_all_sessions_end_together(database: Database) -> None:
    auth, alice = Auth(database.authentication, TOKENS), new_customer(database)
    tokens = [TOKENS.issue(alice.id, 1) for _ in range(3)]

    database.transact(sessions.end_all, alice.id, TOKENS.ttl_s)

    assert [is_good(auth, token) for token in tokens] == [False] * 3
    assert is_good(auth, TOKENS.issue(alice.id, 2))
