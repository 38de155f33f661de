"""HTTP routes of the bank: accounts, the four operations, statements."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app import clock, http
from app.bank import accounts, actions, pace, payloads, queries, statement_payloads, totals
from app.bank.actions import Beside
from app.bank.ledger import Posting
from app.bank.queries import Page
from app.bank.totals import Summary, Totals
from app.db import Database
from app.fields import ID_MAX
from app.users import approval, bearer
from app.users.auth import Auth, Identity
from app.wire import Movimentacao, SaldoAtualizado

# From the person's own limit on: the header Segundo-Fator.
ASKS_FOR_CODE = (payloads.PAYMENT, payloads.TRANSFER)


def blueprint(db: Database, auth: Auth, limits: Limiter, *, beside: Beside, committed: Callable[[], None]) -> Blueprint:
    """`beside`: what else is written with a transfer. `committed` is told after each operation's commit; it must not
    wait or raise."""
    routes = Blueprint("banco", __name__)
    requires_user = bearer.requires_user(auth)

    def operate(posting: Posting) -> Any:
        key = http.read_key()
        too_fast = pace.refusal_of(limits, db, posting, address=http.client_address())
        if too_fast is not None and key is None:
            raise too_fast
        # Without a key of the client's, one of ours: a commit whose answer got lost is then safely asked for again.
        key = key or f"auto:{secrets.token_hex(16)}"
        approve = approval.of_request(limits, posting.user_id).require if posting.kind in ASKS_FOR_CODE else None
        outcome = db.transact_keyed(
            actions.execute, posting, key=key, beside=beside, too_fast=too_fast, approve=approve
        )
        if outcome.refusal is not None:
            raise outcome.refusal
        committed()
        return http.answer(outcome.body, 201)

    @http.route(routes, "GET", "/correntistas", answers={200: list[SaldoAtualizado]})
    @requires_user
    def correntistas(identity: Identity) -> Any:
        """As contas de quem está autenticado."""
        return http.answer([payloads.balance(a) for a in db.read(accounts.of_user, identity.user_id)])

    @http.route(routes, "POST", "/correntistas", body=payloads.NewAccount, answers={201: SaldoAtualizado})
    @requires_user
    def abrir_conta(identity: Identity) -> Any:
        """Abre mais uma conta, com saldo zero."""
        body = http.read_body(payloads.NewAccount)
        opened = db.transact(accounts.open_account, identity.user_id, body.nome)
        return http.answer(payloads.balance(opened), 201)

    @http.route(
        routes,
        "POST",
        "/deposito",
        body=payloads.Deposit,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
    )
    @requires_user
    def deposito(identity: Identity) -> Any:
        """Deposita em uma conta própria."""
        return operate(payloads.deposit(http.read_body(payloads.Deposit), identity.user_id))

    @http.route(
        routes,
        "POST",
        "/saque",
        body=payloads.Withdrawal,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
    )
    @requires_user
    def saque(identity: Identity) -> Any:
        """Saca de uma conta própria."""
        return operate(payloads.withdrawal(http.read_body(payloads.Withdrawal), identity.user_id))

    @http.route(
        routes,
        "POST",
        "/pagamento",
        body=payloads.Payment,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
        approved=True,
    )
    @requires_user
    def pagamento(identity: Identity) -> Any:
        """Paga a partir de uma conta própria."""
        return operate(payloads.payment(http.read_body(payloads.Payment), identity.user_id))

    @http.route(
        routes,
        "POST",
        "/transferencia",
        body=payloads.Transfer,
        answers={201: payloads.ReceiptOut},
        idempotent=True,
        approved=True,
    )
    @requires_user
    def transferencia(identity: Identity) -> Any:
        """Transfere de uma conta própria para qualquer conta."""
        return operate(payloads.transfer(http.read_body(payloads.Transfer), identity.user_id))

    @http.route(
        routes, "GET", "/movimentacoes", query=statement_payloads.Page, answers={200: list[Movimentacao]}, paged=True
    )
    @requires_user
    def movimentacoes(identity: Identity) -> Any:
        """As movimentações de todas as contas próprias, as mais novas primeiro."""
        return _rows(db.read(_all_movements, identity.user_id, http.read_query(statement_payloads.Page)))

    @http.route(
        routes,
        "GET",
        f"/extrato/<int(max={ID_MAX}):correntista_id>",
        query=statement_payloads.StatementQuery,
        answers={200: list[Movimentacao]},
        paged=True,
    )
    @requires_user
    def extrato(identity: Identity, correntista_id: int) -> Any:
        """O extrato de uma conta própria, com filtros. Com `texto`, só a falta de Link diz que é a última página."""
        query = http.read_query(statement_payloads.StatementQuery)
        return _rows(db.read(_statement, identity.user_id, correntista_id, query))

    @http.route(
        routes,
        "GET",
        f"/extrato/<int(max={ID_MAX}):correntista_id>/totais",
        query=statement_payloads.TotalsQuery,
        answers={200: statement_payloads.TotalsOut},
        paged=True,
    )
    @requires_user
    def totais(identity: Identity, correntista_id: int) -> Any:
        """O que entrou e saiu em cada dia, com os filtros do extrato; um dia partido entre páginas se soma."""
        query = http.read_query(statement_payloads.TotalsQuery)
        sums = db.read(_totals, identity.user_id, correntista_id, query)
        answer = http.answer(statement_payloads.totals(sums))
        if sums.until_day is not None:
            http.link_next(answer, ate=sums.until_day)
        if sums.before_id is not None:
            http.link_next(answer, antes=sums.before_id)
        return answer

    @http.route(routes, "GET", "/resumo", answers={200: statement_payloads.SummaryOut})
    @requires_user
    def resumo(identity: Identity) -> Any:
        """O mês e o saldo de todas as contas ao fim de cada um dos últimos dias; dias são de America/Sao_Paulo."""
        return http.answer(statement_payloads.summary(db.read(_summary, identity.user_id)))

    return routes


def _rows(page: Page) -> Any:
    answer = http.answer([payloads.movement(row) for row in page.rows])
    if page.next_before_id is not None:
        http.link_next(answer, antes=page.next_before_id)
    return answer


def _all_movements(connection: Connection, user_id: int, page: statement_payloads.Page) -> Page:
    own = [account.id for account in accounts.of_user(connection, user_id)]
    return queries.newest(connection, own, limit=page.limite, before_id=page.antes)


def _statement(connection: Connection, user_id: int, account_id: int, query: statement_payloads.StatementQuery) -> Page:
    accounts.owned(connection, account_id, user_id)
    return queries.statement(connection, account_id, limit=query.limite, before_id=query.antes, filters=query.filters())


def _totals(connection: Connection, user_id: int, account_id: int, query: statement_payloads.TotalsQuery) -> Totals:
    accounts.owned(connection, account_id, user_id)
    return totals.of_days(connection, account_id, before_id=query.antes, filters=query.filters())


def _summary(connection: Connection, user_id: int) -> Summary:
    return totals.summary(connection, user_id, clock.day_of(clock.now()))
