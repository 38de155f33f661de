"""A node that has enough before it lets the next one take new sessions, and goes on with those that it has."""

import json

import pytest
import socketio
from flask_socketio_cluster.transport import Transport
from flask_socketio_cluster.transport.admission import Admission
from werkzeug.test import Client

OPEN = "/socket.io/?EIO=4&transport=polling"
MANY = 3


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(
        "flask_socketio_cluster.transport.transport.Admission",
        lambda sessions_max: Admission(sessions_max, handshakes_max=MANY),
    )
    server = socketio.Server(async_mode="gevent", always_connect=True)
    transport = Transport(server)
    client = Client(socketio.WSGIApp(server))

    def connect(sid: str, environ: dict[str, object], auth: object = None) -> None:
        """While one is let in, as many as there may be are under way: this one and those that ask meanwhile."""
        with transport._admission.connecting(), transport._admission.connecting():
            refused = client.get(OPEN)
            answers.append((refused.status_code, refused.headers.get("Retry-After"), refused.get_json()))

    server.on("connect", connect)
    answers: list[object] = []
    client.answers = answers  # type: ignore[attr-defined]
    return client


def test_a_busy_node_refuses_a_handshake_and_says_when_to_come_back(client: Client) -> None:
    sid = json.loads(client.get(OPEN).text[1:])["sid"]

    assert client.post(f"{OPEN}&sid={sid}", data="40", headers={"Content-Type": "text/plain"}).text == "ok"
    assert '"sid"' in client.get(f"{OPEN}&sid={sid}").text, "who was let in goes on"

    assert client.answers == [(503, "2", {"code": 3, "message": "Too many handshakes"})]  # type: ignore[attr-defined]
    assert client.get(OPEN).status_code == 200, "it has time again"
