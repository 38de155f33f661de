"""A node that goes sends its clients elsewhere: some at a time, each told before it is closed."""

import os
import runpy
import signal
import socket
import sys
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
import requests
import socketio
from flask import Flask
from flask_socketio_cluster.node.node import Node
from flask_socketio_cluster.transport import Transport
from flask_socketio_cluster.transport.admission import SESSIONS_MAX
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.session import EngineSession
from flask_socketio_cluster.transport.time_slices import TimeSlices
from flask_socketio_cluster.transport.transport import DRAIN_BATCH_EVERY_S, DRAIN_PER_S_MIN, DRAIN_RECONNECT_MS_MAX
from installed import Program

from tests.support.people import eventually
from tests.support.ports import free_port
from tests.support.servers import RedisServer

SESSIONS = 400
WAIT_S = 15.0
SLEEP = gevent.sleep


class Drained:
    """A node with sessions that nobody polls, and what is done with them, in order."""

    def __init__(self) -> None:
        server = socketio.Server(async_mode="gevent")
        self.done: list[tuple[str, str]] = []
        self.transport = Transport(server, sessions_max=SESSIONS)
        self.transport.tell_before_close(self._tell)
        heartbeat = Heartbeat(server.eio, enter_within_s=60, is_inside=lambda _: True)
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


@pytest.mark.parametrize(("said", "drain_s"), [("40", 40.0), ("", 20.0), (None, 20.0)])
def test_how_long_a_drain_takes_is_said_in_one_place(
    monkeypatch: pytest.MonkeyPatch, said: str | None, drain_s: float
) -> None:
    monkeypatch.delenv("DRAIN_S", raising=False)
    if said is not None:
        monkeypatch.setenv("DRAIN_S", said)
    settings = runpy.run_module("flask_socketio_cluster.node.gunicorn_conf")

    assert Node(Flask(__name__)).drain_s == drain_s
    assert settings["worker_connections"] > SESSIONS_MAX, "else polls keep every request out"
    assert settings["graceful_timeout"] > drain_s, "else gunicorn ends the worker before it has sent everybody away"
    assert Node(Flask(__name__), drain_s=0).drain_s == 0


def test_a_worker_that_dies_before_it_listens_leaves_its_master_alive() -> None:
    settings = runpy.run_module("flask_socketio_cluster.node.gunicorn_conf")
    with socket.socket() as bound, socket.socket() as listening:
        for each in (bound, listening):
            each.bind(("127.0.0.1", free_port()))
        listening.listen()
        address = listening.getsockname()
        listeners = [SimpleNamespace(sock=each) for each in (bound, listening)]

        settings["child_exit"](SimpleNamespace(LISTENERS=listeners), None)

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=WAIT_S)


def test_who_asks_twice_does_not_wait_for_it(redis: RedisServer, tmp_path: Path) -> None:
    program = Program(sys.executable, tmp_path, Path(__file__).parent, {"REDIS_URL": redis.url, "LIMITS_DRY_RUN": "on"})
    with ExitStack() as stack:
        url = stack.enter_context(program.node("rooms:app", "web1"))
        worker = int(requests.get(f"{url}/pid", timeout=WAIT_S).text)
        master = int(Path(f"/proc/{worker}/status").read_text().split("PPid:")[1].split()[0])
        with requests.Session() as session:
            for _ in range(int(2 * WAIT_S * DRAIN_PER_S_MIN)):
                assert session.get(f"{url}/socket.io/?EIO=4&transport=polling", timeout=WAIT_S).status_code == 200
        os.kill(master, signal.SIGTERM)
        eventually(lambda: not _answers(url), "a node that takes no more connections")
        assert Path(f"/proc/{worker}").exists(), "it sends its clients away, which takes longer than is waited here"

        os.kill(worker, signal.SIGTERM)

        eventually(lambda: not Path(f"/proc/{worker}").exists(), "the end of the process", WAIT_S)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/pid", timeout=WAIT_S).ok
    except requests.ConnectionError:
        return False


def test_where_there_is_nowhere_to_go_all_are_closed_at_once(drained: Drained) -> None:
    drained.transport.drain(0.0)

    assert drained.batches() == [SESSIONS]
    assert len(drained.of("closed")) == SESSIONS
