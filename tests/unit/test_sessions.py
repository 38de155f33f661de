"""What a node knows of its sockets: whose they are, until when, and which a logout ends."""

import pytest

from app.realtime.sessions import AUTHENTICATE_WITHIN_S, DEADLINES_SPARE, Sessions, SocketSession
from app.users.auth import Ended, Identity

NOW_S = 1_800_000_000.0
STARTED_S = 5_000.0
ALICE, BOB = 1, 2


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    monkeypatch.setattr("app.clock.unix_s", lambda: NOW_S)
    monkeypatch.setattr("app.clock.monotonic_s", lambda: STARTED_S)
    return Sessions()


def identity(user_id: int, *, session_id: str = "first", generation: int = 1, ttl_s: int = 60) -> Identity:
    return Identity(user_id, "x@teste.example", "X", session_id, generation, int(NOW_S) + ttl_s)


def opened(sessions: Sessions, sid: str, who: Identity | None = None) -> SocketSession:
    session = sessions.open(sid, f"eio-{sid}", address="192.0.2.1")
    if who:
        sessions.authenticated(session, who)
    return session


def test_a_user_s_sockets_are_found_and_nobody_else_s(sessions: Sessions) -> None:
    phone, tab = opened(sessions, "phone", identity(ALICE)), opened(sessions, "tab", identity(ALICE))
    opened(sessions, "other", identity(BOB))
    opened(sessions, "stranger")

    assert sessions.of_user(ALICE) == [phone, tab]
    assert sorted(sessions.users()) == [ALICE, BOB]


def test_a_closed_socket_is_found_no_more(sessions: Sessions) -> None:
    opened(sessions, "tab", identity(ALICE))
    session = sessions.get("tab")

    assert sessions.close("tab") is session
    assert sessions.close("tab") is None
    assert sessions.get("tab") is None
    assert sessions.of_user(ALICE) == []
    assert sessions.users() == []
    assert len(sessions) == 0


def test_sockets_may_be_closed_while_they_are_walked_through(sessions: Sessions) -> None:
    for number in range(5):
        opened(sessions, f"s{number}", identity(ALICE))

    for session in sessions:
        sessions.close(session.sid)

    assert len(sessions) == 0


def test_a_socket_that_never_authenticates_is_overdue_after_its_time(sessions: Sessions) -> None:
    silent = opened(sessions, "silent")

    assert sessions.overdue(STARTED_S + AUTHENTICATE_WITHIN_S - 0.1) == []
    assert sessions.overdue(STARTED_S + AUTHENTICATE_WITHIN_S) == [silent]


def test_an_authenticated_socket_is_overdue_when_its_token_expires(sessions: Sessions) -> None:
    session = opened(sessions, "tab", identity(ALICE, ttl_s=60))

    assert sessions.overdue(STARTED_S + 59.9) == []
    assert sessions.overdue(STARTED_S + 60) == [session]


def test_a_renewed_token_lengthens_the_life_of_the_socket(sessions: Sessions) -> None:
    session = opened(sessions, "tab", identity(ALICE, ttl_s=60))
    sessions.authenticated(session, identity(ALICE, session_id="second", ttl_s=120))

    assert sessions.overdue(STARTED_S + 119) == []
    assert sessions.overdue(STARTED_S + 120) == [session]


def test_an_overdue_socket_that_was_closed_is_not_named(sessions: Sessions) -> None:
    opened(sessions, "tab", identity(ALICE))
    sessions.close("tab")

    assert sessions.overdue(STARTED_S + 3600) == []


def test_a_socket_made_anonymous_has_the_time_of_a_new_one(sessions: Sessions) -> None:
    session = opened(sessions, "tab", identity(ALICE, ttl_s=3600))

    sessions.anonymous(session)

    assert sessions.of_user(ALICE) == []
    assert sessions.overdue(STARTED_S + AUTHENTICATE_WITHIN_S - 0.1) == []
    assert set(sessions.overdue(STARTED_S + AUTHENTICATE_WITHIN_S)) == {session}


def test_a_logout_ends_the_sockets_of_its_token_only(sessions: Sessions) -> None:
    ended = opened(sessions, "tab", identity(ALICE, session_id="ended"))
    opened(sessions, "phone", identity(ALICE, session_id="other"))
    opened(sessions, "bob", identity(BOB, session_id="ended"))

    assert sessions.ended_by(Ended(ALICE, "ended", None)) == [ended]


def test_a_logout_everywhere_ends_what_was_issued_before_it(sessions: Sessions) -> None:
    old = [opened(sessions, f"s{g}", identity(ALICE, session_id=f"t{g}", generation=g)) for g in (1, 2)]
    opened(sessions, "new", identity(ALICE, session_id="new", generation=3))
    opened(sessions, "bob", identity(BOB, generation=1))

    assert sessions.ended_by(Ended(ALICE, None, 3)) == old


def test_a_socket_that_closed_while_it_was_authenticated_is_kept_nowhere(sessions: Sessions) -> None:
    session = opened(sessions, "tab")
    sessions.close("tab")

    sessions.authenticated(session, identity(ALICE))

    assert sessions.users() == []
    assert sessions.of_user(ALICE) == []


def test_saying_who_one_is_over_and_over_costs_nothing(sessions: Sessions) -> None:
    tab = opened(sessions, "tab")
    for ttl_s in range(60, 10_060):
        sessions.authenticated(tab, identity(ALICE, ttl_s=ttl_s))

    assert len(sessions._deadlines) == 1
    assert sessions.overdue(STARTED_S + 10_058) == []
    assert sessions.overdue(STARTED_S + 10_059) == [tab]
    assert sessions.overdue(STARTED_S + 10_059) == []


def test_a_token_that_ends_sooner_than_the_one_before_is_looked_at_sooner(sessions: Sessions) -> None:
    tab = opened(sessions, "tab", identity(ALICE, ttl_s=60))
    sessions.authenticated(tab, identity(ALICE, ttl_s=5))

    assert sessions.overdue(STARTED_S + 4) == []
    assert sessions.overdue(STARTED_S + 5) == [tab]


def test_deadlines_of_closed_sockets_do_not_pile_up(sessions: Sessions) -> None:
    stays = opened(sessions, "stays", identity(ALICE, ttl_s=30))
    for number in range(3 * DEADLINES_SPARE):
        opened(sessions, f"sid-{number}", identity(BOB, ttl_s=3600))
        sessions.close(f"sid-{number}")

    assert len(sessions._deadlines) <= DEADLINES_SPARE + 3
    assert sessions.overdue(STARTED_S + 30) == [stays]
