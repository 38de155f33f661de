"""How long an answer takes, and when a list's change is told, says nothing of who has an e-mail.

On a clock of the test's own, on which only statements and sleeping take time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from app import even_time, wire
from app.bank import payees
from app.contacts import people, routes
from app.db import Database
from app.limiter import connect
from app.settings import Settings
from app.users.auth import Auth
from app.users.tokens import Tokens
from app.web import edge
from tests.integration.askers import NOBODY, ask, email_of
from tests.integration.customers import Customer, new_customer
from tests.integration.library import NOWHERE
from tests.integration.users_app import OTHER_PASSWORD, Visitor, users_app

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
STATEMENT_S = 0.01


@dataclass
class Watch:
    """A clock, and when it was that something was told to whom, counted from the last `start`."""

    now_s: float = 0.0
    started_s: float = 0.0
    worked_s: float = 0.0
    told: list[tuple[str, int, float]] = field(default_factory=list)

    def start(self) -> None:
        self.started_s, self.worked_s, self.told = self.now_s, 0.0, []

    def work(self, *_: Any) -> None:
        self.now_s += STATEMENT_S
        self.worked_s += STATEMENT_S

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def tell(self, user_id: int, name: str, _payload: Any) -> None:
        self.told.append((name, user_id, self.passed_s))

    @property
    def passed_s(self) -> float:
        return round(self.now_s - self.started_s, 6)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    made = Watch()
    monkeypatch.setattr("app.clock.monotonic_s", lambda: made.now_s)
    monkeypatch.setattr(even_time, "time", made)
    event.listen(Engine, "before_cursor_execute", made.work)
    yield made
    event.remove(Engine, "before_cursor_execute", made.work)


@pytest.fixture
def bank(sqlite: Database, watch: Watch) -> FlaskClient:
    """The routes of contacts alone; limits are counted in this process."""
    app, limits = Flask("contacts"), connect(NOWHERE)
    auth = Auth(sqlite.authentication, Tokens(SECRET, 3600))
    blueprint = routes.blueprint(
        sqlite,
        auth,
        limits,
        history=payees,
        tell=watch.tell,
        committed=lambda: watch.tell(0, "committed", None),
        changed=lambda one, _: watch.tell(one, "changed", None),
    )
    app.register_blueprint(blueprint)
    settings = Settings.model_validate({"database_url": "sqlite:////x", "redis_url": "redis://x", "jwt_secret": SECRET})
    edge.install(app, settings, limits)
    return app.test_client()


@pytest.fixture
def alice(sqlite: Database) -> Customer:
    return new_customer(sqlite, "Alice Souza")


@pytest.fixture
def bob(sqlite: Database) -> Customer:
    return new_customer(sqlite, "Bob Pereira")


@dataclass(frozen=True)
class Seen:
    """What one request of a customer's showed to that customer, and how long was worked for it."""

    status: int
    body: bytes
    answered_s: float
    told: list[tuple[str, float]]
    worked_s: float


def seen(bank: FlaskClient, watch: Watch, who: Customer, method: str, path: str, body: Any = None) -> Seen:
    watch.start()
    token = Tokens(SECRET, 3600).issue(who.id, 1)
    answer = bank.open(path, method=method, json=body, headers={"Authorization": f"Bearer {token}"})
    told = [(name, at_s) for name, user_id, at_s in watch.told if name != wire.CONTATOS or user_id == who.id]
    return Seen(answer.status_code, answer.data, watch.passed_s, told, watch.worked_s)


def ask_by_email(bank: FlaskClient, watch: Watch, who: Customer, email: str) -> Seen:
    return seen(bank, watch, who, "POST", "/contatos", {"email": email})


def visible(of: Seen) -> tuple[Any, ...]:
    return of.status, of.body, of.answered_s, of.told


def test_a_request_by_e_mail_is_answered_and_told_at_one_moment_whoever_has_it(
    bank: FlaskClient, watch: Watch, alice: Customer, bob: Customer
) -> None:
    of_nobody = ask_by_email(bank, watch, alice, NOBODY)
    of_bob = ask_by_email(bank, watch, alice, email_of(bob))

    assert of_bob.worked_s > of_nobody.worked_s, "there was more to do"
    assert of_nobody.status == 202
    assert [name for name, _ in of_nobody.told] == ["committed", wire.CONTATOS]
    assert visible(of_bob) == visible(of_nobody)
    assert all(at_s >= even_time.ANSWER_S for _, _, at_s in watch.told), "to Bob's tabs no sooner"
    assert (wire.CONTATOS, bob.id) in [(name, user_id) for name, user_id, _ in watch.told]


def test_a_request_that_is_taken_back_is_too(bank: FlaskClient, watch: Watch, alice: Customer, bob: Customer) -> None:
    for email in (NOBODY, email_of(bob)):
        ask(alice, email)
    of_bob, of_nobody = (
        seen(bank, watch, alice, "DELETE", f"/contatos/pedidos/{each.id}")
        for each in alice.db.read(people.asked_emails, alice.id)
    )

    assert of_bob.worked_s > of_nobody.worked_s, "there was more to do"
    assert of_nobody.status == 204
    assert visible(of_bob) == visible(of_nobody)


def test_a_refusal_takes_as_long(bank: FlaskClient, watch: Watch, alice: Customer, bob: Customer) -> None:
    for n in range(people.REQUESTS_MAX):
        ask(alice, f"ninguem{n}@teste.example")

    of_nobody, of_bob = (ask_by_email(bank, watch, alice, email) for email in (NOBODY, email_of(bob)))

    assert of_nobody.status == 422
    assert of_nobody.answered_s >= even_time.ANSWER_S
    assert visible(of_bob) == visible(of_nobody)


@pytest.mark.parametrize(
    ("path", "status"), [("/senha/recuperar", 202), ("/senha/redefinir", 401)], ids=["a code is asked for", "is wrong"]
)
def test_recovery_is_answered_at_one_moment_whoever_has_the_e_mail(
    sqlite: Database, watch: Watch, bob: Customer, path: str, status: int
) -> None:
    app = users_app(sqlite, connect(NOWHERE))

    def answered(email: str) -> tuple[int, bytes, float]:
        body = {"email": email, "codigo": "2222-2222", "nova": OTHER_PASSWORD}
        visitor = Visitor(app.test_client())
        watch.start()
        answer = visitor.post(path, body)
        return answer.status_code, answer.data, watch.passed_s

    of_nobody = answered(NOBODY)
    assert of_nobody[0] == status
    worked_s = watch.worked_s
    assert answered(email_of(bob)) == of_nobody
    assert watch.worked_s > worked_s, "there was more to do"
