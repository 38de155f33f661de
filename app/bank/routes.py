"""HTTP doors of the bank: accounts, the four operations, statements."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Connection

from app import door
from app.bank import accounts, actions, pace, payloads, queries
from app.bank.ledger import Posting
from app.errors import Invalid
from app.fields import ID_MAX
from app.limiter import Limiter
from app.users.auth import Auth, Identity
from app.wire import Movimentacao, SaldoAtualizado

KEY_CHARS_MAX = 255


def blueprint(auth: Auth, limits: Limiter, *, committed: Callable[[], None]) -> Blueprint:
    """`committed` is told after each operation's commit; it must not wait or raise."""
    routes = Blueprint("banco", __name__)
    db = auth.db

    def operate(posting: Posting) -> Any:
        key = _key_of_request()
        too_fast = pace.refusal_of(limits, db, posting)
        if too_fast is not None and key is None:
            raise too_fast
        # Without a key of the client's, one of ours: a commit whose answer got lost is then safely asked for again.
        key = key or f"auto:{secrets.token_hex(16)}"
        outcome = db.transact_keyed(actions.execute, posting, key=key, too_fast=too_fast)
        if outcome.refusal is not None:
            raise outcome.refusal
        committed()
        return door.answer(outcome.body, 201)

    @door.route(routes, "GET", "/correntistas", answers={200: list[SaldoAtualizado]})
    @auth.requires_user
    def correntistas(identity: Identity) -> Any:
        """As contas de quem está autenticado."""
        return door.answer([payloads.balance(a) for a in db.read(accounts.of_user, identity.user_id)])

    @door.route(routes, "POST", "/correntistas", body=payloads.NewAccount, answers={201: SaldoAtualizado})
    @auth.requires_user
    def abrir_conta(identity: Identity) -> Any:
        """Abre mais uma conta, com saldo zero."""
        body = door.read_body(payloads.NewAccount)
        opened = db.transact(accounts.open_account, identity.user_id, body.nome)
        return door.answer(payloads.balance(opened), 201)

    @door.route(
        routes,
        "GET",
        f"/correntistas/<int(max={ID_MAX}):correntista_id>/titular",
        answers={200: payloads.HolderOut},
    )
    @auth.requires_user
    def titular(identity: Identity, correntista_id: int) -> Any:
        """A quem uma transferência chegaria, com o nome encoberto."""
        pace.count_holder(limits, identity.user_id, door.client_address())
        name = db.read(accounts.holder_name, correntista_id)
        return door.answer(payloads.holder(correntista_id, name))

    @door.route(
        routes,
        "POST",
        "/deposito",
        body=payloads.Deposit,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
    )
    @auth.requires_user
    def deposito(identity: Identity) -> Any:
        """Deposita em uma conta própria."""
        return operate(payloads.deposit(door.read_body(payloads.Deposit), identity.user_id))

    @door.route(
        routes,
        "POST",
        "/saque",
        body=payloads.Withdrawal,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
    )
    @auth.requires_user
    def saque(identity: Identity) -> Any:
        """Saca de uma conta própria."""
        return operate(payloads.withdrawal(door.read_body(payloads.Withdrawal), identity.user_id))

    @door.route(
        routes,
        "POST",
        "/pagamento",
        body=payloads.Payment,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
    )
    @auth.requires_user
    def pagamento(identity: Identity) -> Any:
        """Paga a partir de uma conta própria."""
        return operate(payloads.payment(door.read_body(payloads.Payment), identity.user_id))

    @door.route(
        routes,
        "POST",
        "/transferencia",
        body=payloads.Transfer,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
    )
    @auth.requires_user
    def transferencia(identity: Identity) -> Any:
        """Transfere de uma conta própria para qualquer conta."""
        return operate(payloads.transfer(door.read_body(payloads.Transfer), identity.user_id))

    @door.route(routes, "GET", "/movimentacoes", query=payloads.Page, answers={200: list[Movimentacao]})
    @auth.requires_user
    def movimentacoes(identity: Identity) -> Any:
        """As movimentações de todas as contas próprias, as mais novas primeiro."""
        return door.answer(db.read(_all_movements, identity.user_id, door.read_query(payloads.Page)))

    @door.route(
        routes,
        "GET",
        f"/extrato/<int(max={ID_MAX}):correntista_id>",
        query=payloads.StatementQuery,
        answers={200: list[Movimentacao]},
    )
    @auth.requires_user
    def extrato(identity: Identity, correntista_id: int) -> Any:
        """O extrato de uma conta própria, com filtros."""
        query = door.read_query(payloads.StatementQuery)
        return door.answer(db.read(_statement, identity.user_id, correntista_id, query))

    return routes


def _key_of_request() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= KEY_CHARS_MAX or not key.isascii() or not key.isprintable():
        raise Invalid(f"A Idempotency-Key deve ter de 1 a {KEY_CHARS_MAX} caracteres ASCII visíveis.")
    # The server's own keys live beside the clients'; the prefix keeps them apart.
    return f"key:{key}"


def _all_movements(connection: Connection, user_id: int, page: payloads.Page) -> list[Movimentacao]:
    own = [account.id for account in accounts.of_user(connection, user_id)]
    rows = queries.movements(connection, own, limit=page.limite, before_id=page.antes)
    return [payloads.movement(row) for row in rows]


def _statement(
    connection: Connection, user_id: int, account_id: int, query: payloads.StatementQuery
) -> list[Movimentacao]:
    accounts.owned(connection, account_id, user_id)
    rows = queries.movements(
        connection, [account_id], limit=query.limite, before_id=query.antes, filters=query.filters()
    )
    return [payloads.movement(row) for row in rows]
