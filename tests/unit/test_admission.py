"""A node takes as many sessions as it can hold, no address takes them all, and strangers make room first."""

import itertools
import resource
from typing import cast

import pytest
from flask_socketio_cluster.transport import admission
from flask_socketio_cluster.transport.admission import Admission, sessions_max
from flask_socketio_cluster.transport.session import EngineSession

_numbers = itertools.count()


class Session:
    """What Admission knows of a session: that it can be ended."""

    def __init__(self) -> None:
        self.number = next(_numbers)
        self.ended_as: str | None = None

    @property
    def socket(self) -> EngineSession:
        return cast(EngineSession, self)

    def end(self, counted_as: str) -> None:
        self.ended_as = counted_as


def begin(room: Admission, address: str, *, authenticated: bool = False) -> Session | None:
    if not room.has_room(address):
        return None
    session = Session()
    room.began(session.socket, address)
    if authenticated:
        room.authenticated(session.socket)
    return session


def test_one_address_gets_its_share_and_others_get_in() -> None:
    room = Admission(10)

    own = [begin(room, "1.1.1.1", authenticated=True) for _ in range(20)]
    others = [begin(room, f"2.2.2.{number}") for number in range(5)]

    assert sum(session is not None for session in own) == 5
    assert None not in others


def test_when_it_is_full_the_oldest_stranger_makes_room_and_nobody_else() -> None:
    room = Admission(4)
    known = begin(room, "a", authenticated=True)
    first, second = begin(room, "b"), begin(room, "c")
    begin(room, "d", authenticated=True)

    new = begin(room, "e", authenticated=True)
    assert known
    assert first
    assert second
    assert new
    assert (first.ended_as, second.ended_as) == ("full", None)
    assert begin(room, "f", authenticated=True)

    assert begin(room, "g") is None, "all that are left have authenticated"
    assert known.ended_as is None


def test_who_ended_leaves_room_and_nothing_behind() -> None:
    room = Admission(4)
    sessions = [begin(room, "a", authenticated=number % 2 == 0) for number in range(2)]
    assert begin(room, "a") is None

    for session in sessions:
        assert session
        room.ended(session.socket)
        room.ended(session.socket)

    assert (room._addresses, room._by_address, room._pending, room._pending_by_address) == ({}, {}, {}, {})
    assert begin(room, "a")


def test_strangers_of_one_address_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PENDING_BY_ADDRESS_MAX", 3)
    room = Admission(100)
    begun = [begin(room, "a") for _ in range(5)]

    assert [session is not None for session in begun] == [True, True, True, False, False]
    assert begun[0]
    room.authenticated(begun[0].socket)
    assert begin(room, "a")


@pytest.mark.parametrize(
    ("files", "sessions"), [(400, 272), (1024, 768), (8192, 6144), (65_536, 20_000), (resource.RLIM_INFINITY, 20_000)]
)
def test_the_files_that_may_be_open_bound_the_sessions(
    monkeypatch: pytest.MonkeyPatch, files: int, sessions: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))

    assert sessions_max() == sessions


def test_a_node_is_busy_while_as_many_handshakes_as_may_be_are_in_progress() -> None:
    room = Admission(100, handshakes_max=2)

    with room.connecting(), room.waiting("a"):
        assert room.is_busy()
    assert not room.is_busy()


def test_handshakes_that_wait_count_for_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PENDING_BY_ADDRESS_MAX", 2)
    room = Admission(100)

    with room.waiting("a"), room.waiting("a"):
        assert not room.may_wait("a")
        assert begin(room, "b")
    assert room.may_wait("a")
