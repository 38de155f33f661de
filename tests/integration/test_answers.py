"""An answer that took a while is given only to who may still hear it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_socketio_cluster import clock
from flask_socketio_cluster.delivery.delivery import Delivery
from flask_socketio_cluster.delivery.sockets import UserSocket

from app.db import Database
from app.realtime import Realtime
from app.settings import Settings
from app.users.auth import Auth
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
        self._handlers: dict[str, Any] = {}
        self._sent: list[list[Any]] = []
        monkeypatch.setattr(Delivery, "serve", lambda _self, event, handler: self._handlers.setdefault(event, handler))
        settings = Settings.model_validate({"database_url": db.url, "redis_url": NOWHERE, "jwt_secret": SECRET})
        auth = Auth(db.authentication, Tokens(SECRET, TTL_S))
        realtime = Realtime(Flask("test"), settings, db, auth)
        self.delivery = realtime.delivery
        monkeypatch.setattr(self.delivery._feed, "send", self._keep)
        customer = new_customer(db, cents=100)
        token = Tokens(SECRET, TTL_S).issue(customer.id, 1)
        self.identity = auth.verify(token)
        self.token = token
        self.session = self.delivery._sockets.open("sid", "web1.eio", address="192.0.2.1")

    def ask(self, event: str, **data: object) -> tuple[Any, list[list[Any]]]:
        """The acknowledgement, and the events that were sent."""
        given = self.delivery._guard.run(self._handlers[event], event, self.session, (data,))
        return given, self._sent

    def answer(self) -> str:
        self.meanwhile()
        return "segredo"

    def _keep(self, _session: UserSocket, *packets: str) -> None:
        self._sent += [json.loads(packet[1:]) for packet in packets]


@pytest.fixture
def asked(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked(sqlite, monkeypatch)
    made.delivery.answers(QUESTION, lambda *_: ("resposta", made.answer()))
    made.delivery.acknowledges("confirmada", lambda *_: made.answer())
    made.delivery._sockets.authenticated(made.session, made.identity)
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
    asked.meanwhile = lambda: asked.delivery._sockets.close("sid")

    given, sent = asked.ask(event)

    assert given is None
    assert [(name, payload["codigo"]) for name, payload in sent] == [("erro", "nao_autenticado")]


def test_a_token_that_expires_while_it_is_let_in_is_not_let_in(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.delivery._sockets.anonymous(asked.session)
    later = clock.unix_s() + TTL_S
    monkeypatch.setattr(asked.delivery._bus, "joined", lambda *_: monkeypatch.setattr(clock, "unix_s", lambda: later))
    monkeypatch.setattr(asked.delivery._server, "enter_room", lambda *_, **__: None)
    monkeypatch.setattr(asked.delivery._server, "leave_room", lambda *_, **__: None)

    _, sent = asked.ask("autenticar", token=asked.token)

    assert [(name, payload["codigo"]) for name, payload in sent] == [("erro", "token_expirado")]
    assert asked.session.identity is None
