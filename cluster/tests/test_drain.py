"""A node that goes sends its clients elsewhere: some at a time, each told before it is closed."""

from itertools import groupby

import gevent
import pytest
import socketio
from flask_socketio_cluster.transport import Transport
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.session import EngineSession
from flask_socketio_cluster.transport.time_slices import TimeSlices
from flask_socketio_cluster.transport.transport import DRAIN_BATCH_EVERY_S, DRAIN_PER_S_MIN, DRAIN_RECONNECT_MS_MAX

SESSIONS = 400
SLEEP = gevent.sleep


class Drained:
    """A node with sessions that nobody polls, and what is done with them, in order."""

    def __init__(self) -> None:
        server = socketio.Server(async_mode="gevent")
        self.done: list[tuple[str, str]] = []
        self.transport = Transport(server, sessions_max=SESSIONS)
        self.transport.tell_before_close(self._tell)
        heartbeat = Heartbeat(server.eio, enter_within_s=60)
        for number in range(SESSIONS):
            session = EngineSession(server.eio, f"sid{number}", heartbeat, TimeSlices(), on_end=self._closed)
            server.eio.sockets[session.sid] = session

    def _tell(self, eio_sid: str, reconnect_ms: int) -> None:
        assert 0 <= reconnect_ms < DRAIN_RECONNECT_MS_MAX
        self.done.append(("told", eio_sid))

    def _closed(self, session: EngineSession) -> None:
        self.done.append(("closed", session.sid))

    def pause(self, pause_s: float) -> None:
        """Whatever is due before it is done before it."""
        SLEEP(0)
        self.done.append(("pause", str(pause_s)))
        SLEEP(0)

    def of(self, what: str) -> list[str]:
        return [name for kind, name in self.done if kind == what]

    def batches(self) -> list[int]:
        """How many were told between two pauses."""
        told = [kind for kind, name in self.done if kind == "told" or name == str(DRAIN_BATCH_EVERY_S)]
        return [len(list(group)) for kind, group in groupby(told) if kind == "told"]


@pytest.fixture
def drained(monkeypatch: pytest.MonkeyPatch) -> Drained:
    """Its pauses take no time."""
    made = Drained()
    monkeypatch.setattr("flask_socketio_cluster.transport.transport.gevent.sleep", made.pause)
    monkeypatch.setattr("flask_socketio_cluster.transport.session.CLOSE_WAIT_S", 0.001)
    return made


def test_each_is_told_once_and_closed_after_that(drained: Drained) -> None:
    drained.transport.drain(4.0)

    everybody = [f"sid{number}" for number in range(SESSIONS)]
    assert sorted(drained.of("told")) == sorted(drained.of("closed")) == sorted(everybody)
    for name in everybody:
        assert drained.done.index(("told", name)) < drained.done.index(("closed", name))


def test_the_others_have_as_many_handshakes_a_second_as_the_time_gives(drained: Drained) -> None:
    drained.transport.drain(4.0)

    assert max(drained.batches()) <= SESSIONS / 4.0 * DRAIN_BATCH_EVERY_S
    assert len(drained.batches()) == 4.0 / DRAIN_BATCH_EVERY_S


def test_few_clients_do_not_make_it_wait(drained: Drained) -> None:
    drained.transport.drain(3600.0)

    assert len(drained.batches()) <= SESSIONS / (DRAIN_PER_S_MIN * DRAIN_BATCH_EVERY_S)


def test_where_there_is_nowhere_to_go_all_are_closed_at_once(drained: Drained) -> None:
    drained.transport.drain(0.0)

    assert drained.batches() == [SESSIONS]
    assert len(drained.of("closed")) == SESSIONS
