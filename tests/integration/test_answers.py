"""An answer that took a while is given only to who may still hear it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import clock
from app.db import Database
from app.factory import create_app
from app.realtime.server import Realtime
from app.realtime.sessions import SocketSession
from app.settings import Settings
from app.users.tokens import Tokens
from tests.integration.customers import new_customer
from tests.integration.library import NOWHERE

SECRET = "s" * 32
TTL_S = 60
QUESTION = "pergunta"


class Asked:
    """A node without a network, one authenticated socket, and what is done with it while its question is answered."""

    def __init__(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.meanwhile: Callable[[], object] = lambda: None
        self._doors: dict[str, Any] = {}
        self._sent: list[list[Any]] = []
        monkeypatch.setattr(Realtime, "_serve", lambda _self, event, door: self._doors.setdefault(event, door))
        settings = Settings.model_validate({"database_url": db.url, "redis_url": NOWHERE, "jwt_secret": SECRET})
        self.realtime: Realtime = create_app(settings).extensions["saldo_vivo"].realtime
        monkeypatch.setattr(self.realtime._feed, "send", self._keep)
        customer = new_customer(db, cents=100)
        token = Tokens(SECRET, TTL_S).issue(customer.id, 1)
        self.identity = self.realtime._guard._auth.verify(token)
        self.token = token
        self.session = self.realtime._sessions.open("sid", "web1.eio", address="192.0.2.1")

    def ask(self, event: str, **data: object) -> tuple[Any, list[list[Any]]]:
        """The acknowledgement, and the events that were sent."""
        given = self.realtime._guard.pass_through(self._doors[event], event, self.session, (data,))
        return given, self._sent

    def answer(self) -> str:
        self.meanwhile()
        return "segredo"

    def _keep(self, _session: SocketSession, *packets: str) -> None:
        self._sent += [json.loads(packet[1:]) for packet in packets]


@pytest.fixture
def asked(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked(sqlite, monkeypatch)
    made.realtime.answers(QUESTION, lambda *_: ("resposta", made.answer()))
    made.realtime.acknowledges("confirmada", lambda *_: made.answer())
    made.realtime._sessions.authenticated(made.session, made.identity)
    return made


def test_who_may_hear_it_is_answered(asked: Asked) -> None:
    assert asked.ask(QUESTION) == (None, [["resposta", "segredo"]])
    assert asked.ask("confirmada")[0] == "segredo"


@pytest.mark.parametrize("event", [QUESTION, "confirmada"])
def test_a_token_that_expires_meanwhile_gets_no_answer(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    later = clock.unix_s() + TTL_S
    asked.meanwhile = lambda: monkeypatch.setattr(clock, "unix_s", lambda: later)

    given, sent = asked.ask(event)

    assert given is None
    assert [(name, payload["codigo"]) for name, payload in sent] == [("erro", "token_expirado")]


def test_a_longer_token_in_the_question_does_not_prolong_the_socket_s(asked: Asked) -> None:
    asked.session.deadline_s = clock.monotonic_s()

    _, sent = asked.ask(QUESTION, token=asked.token)

    assert [(name, payload["codigo"]) for name, payload in sent] == [("erro", "token_expirado")]


@pytest.mark.parametrize("event", [QUESTION, "confirmada"])
def test_a_session_that_is_ended_meanwhile_gets_no_answer(asked: Asked, event: str) -> None:
    asked.meanwhile = lambda: asked.realtime._sessions.close("sid")

    given, sent = asked.ask(event)

    assert given is None
    assert [(name, payload["codigo"]) for name, payload in sent] == [("erro", "nao_autenticado")]


def test_a_token_that_expires_while_it_is_let_in_is_not_let_in(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.realtime._sessions.anonymous(asked.session)
    later = clock.unix_s() + TTL_S
    monkeypatch.setattr(asked.realtime.bus, "joined", lambda _room: monkeypatch.setattr(clock, "unix_s", lambda: later))
    monkeypatch.setattr(asked.realtime._socketio.server, "enter_room", lambda *_: None)
    monkeypatch.setattr(asked.realtime._socketio.server, "leave_room", lambda *_: None)

    _, sent = asked.ask("autenticar", token=asked.token)

    assert [(name, payload["codigo"]) for name, payload in sent] == [("erro", "token_expirado")]
    assert asked.session.identity is None
