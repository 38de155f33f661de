"""A node that has enough before it, or leaves, lets the next one take new sessions, and goes on with those it has."""

import json
from typing import Any

import pytest
import socketio
from flask_socketio_cluster.transport import Transport
from flask_socketio_cluster.transport.admission import Admission
from werkzeug.test import Client, TestResponse

OPEN = "/socket.io/?EIO=4&transport=polling"
REFUSAL = (503, "2", {"code": 3, "message": "Too many handshakes"})
MANY = 3


class Node:
    """Where as many handshakes as may be are in progress while one is let in: that one and `MANY - 1` others."""

    def __init__(self) -> None:
        server = socketio.Server(async_mode="gevent", always_connect=True)
        server.on("connect", self._connect)
        self.transport = Transport(server)
        self.while_busy: list[tuple[int, str | None, Any]] = []
        self._client = Client(socketio.WSGIApp(server))

    def open(self) -> TestResponse:
        return self._client.get(OPEN)

    def refused(self) -> tuple[int, str | None, Any]:
        answer = self.open()
        return answer.status_code, answer.headers.get("Retry-After"), answer.get_json()

    def enter(self, sid: str) -> str:
        """What the client of a session is told when it enters the namespace."""
        sent = self._client.post(f"{OPEN}&sid={sid}", data="40", headers={"Content-Type": "text/plain"})
        assert sent.text == "ok"
        return self._client.get(f"{OPEN}&sid={sid}").text

    def _connect(self, _sid: str, _environ: dict[str, Any], _auth: object = None) -> None:
        with self.transport._admission.connecting(), self.transport._admission.connecting():
            self.while_busy.append(self.refused())


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(
        "flask_socketio_cluster.transport.transport.Admission",
        lambda sessions_max: Admission(sessions_max, handshakes_max=MANY),
    )
    return Node()


def test_a_busy_node_refuses_a_handshake_and_says_when_to_come_back(node: Node) -> None:
    sid = json.loads(node.open().text[1:])["sid"]

    assert '"sid"' in node.enter(sid), "who was let in goes on"

    assert node.while_busy == [REFUSAL]
    assert node.open().status_code == 200, "it has time again"


def test_a_node_that_leaves_takes_no_new_session(node: Node) -> None:
    node.transport.drain(0)

    assert node.refused() == REFUSAL
