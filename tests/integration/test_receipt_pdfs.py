"""PDFs of receipts, asked of a node: nobody keeps the others from theirs."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.bank import receipt_pdf, receipt_routes
from app.bank.receipts import ReceiptView
from app.db import Database
from app.errors import AppError
from app.gate import Gate
from app.users.auth import Auth
from app.users.tokens import Tokens
from tests.integration.customers import Customer, new_customer
from tests.support.limits import patient
from tests.support.servers import RedisServer

TOKENS = Tokens("x" * 32, 3600)
UNDER_WAY = (429, "arquivo_em_andamento")


@pytest.fixture
def node(sqlite: Database, redis: RedisServer) -> Flask:
    """What a node has of the receipts."""
    app = Flask("app")
    auth, limits = Auth(sqlite.authentication, TOKENS), patient(redis.url)
    app.register_blueprint(receipt_routes.blueprint(sqlite, auth, limits, public_url="https://banco.example"))

    @app.errorhandler(AppError)
    def refused(error: AppError) -> tuple[dict[str, str], int, dict[str, str]]:
        return {"codigo": error.code}, error.status, {"Retry-After": str(error.retry_after_s)}

    return app


def ask(node: Flask, who: Customer, operation_id: int) -> TestResponse:
    headers = {"Authorization": f"Bearer {TOKENS.issue(who.id, 1)}"}
    return node.test_client().get(f"/comprovante/{operation_id}.pdf", headers=headers)


def refusal(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["codigo"]


@contextmanager
def under_way(
    node: Flask, who: Customer, operation_id: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Future[TestResponse]"]:
    """A PDF that is inside the gate, being drawn, until the body ends; every other is drawn at once."""
    inside, go_on, draw = Event(), Event(), receipt_pdf._render

    def held(view: ReceiptView, address: str) -> bytes:
        if not inside.is_set():
            inside.set()
            go_on.wait()
        return draw(view, address)

    monkeypatch.setattr(receipt_pdf, "_render", held)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, node, who, operation_id)
        answer.add_done_callback(lambda _: inside.set())  # also where it never came as far
        inside.wait()
        try:
            yield answer
        finally:
            go_on.set()


def test_one_pdf_at_a_time_a_user_and_others_have_theirs(
    node: Flask, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = new_customer(sqlite, "Alice", cents=1000), new_customer(sqlite, "Bob")
    first, second = (alice.transfer(bob, 100)["operacao_id"] for _ in range(2))

    with under_way(node, alice, first, monkeypatch) as of_alice:
        refused = ask(node, alice, second)
        of_bob = ask(node, bob, second)
        assert not of_alice.done()

    assert refusal(refused) == UNDER_WAY
    assert int(refused.headers["Retry-After"]) > 0
    assert (of_bob.status_code, of_alice.result().status_code) == (200, 200)
    assert of_bob.get_data().startswith(b"%PDF")


def test_who_has_a_pdf_may_ask_for_another_at_once(node: Flask, sqlite: Database) -> None:
    alice = new_customer(sqlite)
    operation = alice.deposit(100)["operacao_id"]

    assert [ask(node, alice, operation).status_code for _ in range(3)] == [200] * 3


def test_who_found_the_gate_full_may_ask_again(node: Flask, sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = new_customer(sqlite)
    operation = alice.deposit(100)["operacao_id"]
    full = Gate("trial", at_once_max=1, waiting_max=0)
    monkeypatch.setattr(receipt_pdf, "_gate", full)

    with full.enter(until=0):
        refused = ask(node, alice, operation)

    assert refusal(refused) == (503, "muita_procura")
    assert ask(node, alice, operation).status_code == 200


def test_a_receipt_s_link_leads_to_the_bank_whatever_host_the_request_named(node: Flask, sqlite: Database) -> None:
    alice = new_customer(sqlite)
    operation = alice.deposit(100)["operacao_id"]
    headers = {"Authorization": f"Bearer {TOKENS.issue(alice.id, 1)}", "Host": "banco.exemplo-falso.example"}

    proof = node.test_client().get(f"/comprovante/{operation}", headers=headers).json

    assert proof is not None
    assert proof["endereco"] == f"https://banco.example/#/verificar/{proof['codigo']}"
