"""What a node knows of its sockets: whose they are, until when, and which a logout ends."""

import pytest
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.delivery.sockets import AUTHENTICATE_WITHIN_S, DEADLINES_SPARE, Sockets, UserSocket

from app.users.auth import Identity
from app.wire import room_of

NOW_S = 1_800_000_000.0
STARTED_S = 5_000.0
ALICE, BOB = 1, 2


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    monkeypatch.setattr("flask_socketio_cluster.clock.unix_s", lambda: NOW_S)
    monkeypatch.setattr("flask_socketio_cluster.clock.monotonic_s", lambda: STARTED_S)
    return Sockets(room_of)


def identity(user_id: int, *, session_id: str = "first", generation: int = 1, ttl_s: int = 60) -> Identity:
    return Identity(user_id, "x@teste.example", "X", session_id, generation, int(NOW_S) + ttl_s)


def opened(sockets: Sockets, sid: str, who: Identity | None = None) -> UserSocket:
    socket = sockets.open(sid, f"eio-{sid}", address="192.0.2.1")
    if who:
        sockets.authenticated(socket, who)
    return socket


def test_whoever_follows_hears_who_came_and_went_and_of_no_stranger(sockets: Sockets) -> None:
    heard: list[tuple[str, ...]] = []
    sockets.follow(lambda sid, key: heard.append((sid, str(key))), lambda sid: heard.append((sid,)))
    opened(sockets, "stranger")
    tab = opened(sockets, "tab", identity(ALICE))
    sockets.anonymous(tab)
    opened(sockets, "phone", identity(ALICE))
    for sid in ("stranger", "tab", "phone", "phone"):
        sockets.close(sid)

    assert heard == [("tab", "1"), ("tab",), ("phone", "1"), ("phone",)]


def test_a_user_s_sockets_are_found_and_nobody_else_s(sockets: Sockets) -> None:
    phone, tab = opened(sockets, "phone", identity(ALICE)), opened(sockets, "tab", identity(ALICE))
    opened(sockets, "other", identity(BOB))
    opened(sockets, "stranger")

    assert sockets.of(ALICE) == [phone, tab]
    assert sorted(sockets.keys()) == [ALICE, BOB]


def test_a_closed_socket_is_found_no_more(sockets: Sockets) -> None:
    opened(sockets, "tab", identity(ALICE))
    socket = sockets.get("tab")

    assert sockets.close("tab") is socket
    assert sockets.close("tab") is None
    assert sockets.get("tab") is None
    assert sockets.of(ALICE) == []
    assert sockets.keys() == []
    assert len(sockets) == 0


def test_sockets_may_be_closed_while_they_are_walked_through(sockets: Sockets) -> None:
    for number in range(5):
        opened(sockets, f"s{number}", identity(ALICE))

    for socket in sockets:
        sockets.close(socket.sid)

    assert len(sockets) == 0


def test_a_socket_that_never_authenticates_is_overdue_after_its_time(sockets: Sockets) -> None:
    silent = opened(sockets, "silent")

    assert sockets.overdue(STARTED_S + AUTHENTICATE_WITHIN_S - 0.1) == []
    assert sockets.overdue(STARTED_S + AUTHENTICATE_WITHIN_S) == [silent]


def test_an_authenticated_socket_is_overdue_when_its_token_expires(sockets: Sockets) -> None:
    socket = opened(sockets, "tab", identity(ALICE, ttl_s=60))

    assert sockets.overdue(STARTED_S + 59.9) == []
    assert sockets.overdue(STARTED_S + 60) == [socket]


def test_a_renewed_token_lengthens_the_life_of_the_socket(sockets: Sockets) -> None:
    socket = opened(sockets, "tab", identity(ALICE, ttl_s=60))
    sockets.authenticated(socket, identity(ALICE, session_id="second", ttl_s=120))

    assert sockets.overdue(STARTED_S + 119) == []
    assert sockets.overdue(STARTED_S + 120) == [socket]


def test_an_overdue_socket_that_was_closed_is_not_named(sockets: Sockets) -> None:
    opened(sockets, "tab", identity(ALICE))
    sockets.close("tab")

    assert sockets.overdue(STARTED_S + 3600) == []


def test_a_socket_made_anonymous_has_the_time_of_a_new_one(sockets: Sockets) -> None:
    socket = opened(sockets, "tab", identity(ALICE, ttl_s=3600))

    sockets.anonymous(socket)

    assert sockets.of(ALICE) == []
    assert sockets.overdue(STARTED_S + AUTHENTICATE_WITHIN_S - 0.1) == []
    assert set(sockets.overdue(STARTED_S + AUTHENTICATE_WITHIN_S)) == {socket}


def test_a_logout_ends_the_sockets_of_its_token_only(sockets: Sockets) -> None:
    ended = opened(sockets, "tab", identity(ALICE, session_id="ended"))
    opened(sockets, "phone", identity(ALICE, session_id="other"))
    opened(sockets, "bob", identity(BOB, session_id="ended"))

    assert sockets.ended_by(Ended(ALICE, "ended", None)) == [ended]


def test_a_logout_everywhere_ends_what_was_issued_before_it(sockets: Sockets) -> None:
    old = [opened(sockets, f"s{g}", identity(ALICE, session_id=f"t{g}", generation=g)) for g in (1, 2)]
    opened(sockets, "new", identity(ALICE, session_id="new", generation=3))
    opened(sockets, "bob", identity(BOB, generation=1))

    assert sockets.ended_by(Ended(ALICE, None, 3)) == old


def test_all_sessions_but_one_end_with_their_sockets(sockets: Sockets) -> None:
    opened(sockets, "kept", identity(ALICE, session_id="kept", generation=1))
    other = opened(sockets, "other", identity(ALICE, session_id="other", generation=1))

    assert sockets.ended_by(Ended(ALICE, None, 2, "kept")) == [other]


def test_a_socket_that_closed_while_it_was_authenticated_is_kept_nowhere(sockets: Sockets) -> None:
    socket = opened(sockets, "tab")
    sockets.close("tab")

    sockets.authenticated(socket, identity(ALICE))

    assert sockets.keys() == []
    assert sockets.of(ALICE) == []


def test_saying_who_one_is_over_and_over_costs_nothing(sockets: Sockets) -> None:
    tab = opened(sockets, "tab")
    for ttl_s in range(60, 10_060):
        sockets.authenticated(tab, identity(ALICE, ttl_s=ttl_s))

    assert len(sockets._deadlines) == 1
    assert sockets.overdue(STARTED_S + 10_058) == []
    assert sockets.overdue(STARTED_S + 10_059) == [tab]
    assert sockets.overdue(STARTED_S + 10_059) == []


def test_a_token_that_ends_sooner_than_the_one_before_is_looked_at_sooner(sockets: Sockets) -> None:
    tab = opened(sockets, "tab", identity(ALICE, ttl_s=60))
    sockets.authenticated(tab, identity(ALICE, ttl_s=5))

    assert sockets.overdue(STARTED_S + 4) == []
    assert sockets.overdue(STARTED_S + 5) == [tab]


def test_deadlines_of_closed_sockets_do_not_pile_up(sockets: Sockets) -> None:
    stays = opened(sockets, "stays", identity(ALICE, ttl_s=30))
    for number in range(3 * DEADLINES_SPARE):
        opened(sockets, f"sid-{number}", identity(BOB, ttl_s=3600))
        sockets.close(f"sid-{number}")

    assert len(sockets._deadlines) <= DEADLINES_SPARE + 3
    assert sockets.overdue(STARTED_S + 30) == [stays]
