"""HTTP routes of the bank about other people: whom a transfer would reach, and what went between two."""

from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits.limiter import Limiter

from app import http
from app.bank import holders, pace, payees, payloads, statement_payloads
from app.bank.holders import Connected
from app.db import Database
from app.fields import ID_MAX
from app.users import bearer
from app.users.auth import Auth, Identity
from app.wire import Movimentacao


def blueprint(db: Database, auth: Auth, limits: Limiter, *, connected: Connected) -> Blueprint:
    routes = Blueprint("pessoas", __name__)
    requires_user = bearer.requires_user(auth)

    @http.route(
        routes,
        "GET",
        f"/correntistas/<int(max={ID_MAX}):correntista_id>/titular",
        answers={200: payloads.HolderOut},
    )
    @requires_user
    def titular(identity: Identity, correntista_id: int) -> Any:
        """A quem uma transferência chegaria; o nome só vai inteiro de um contato ou de quem você já pagou."""
        pace.count_holder(limits, identity.user_id, http.client_address())
        holder = db.read(holders.seen_by, identity.user_id, correntista_id, connected=connected)
        return http.answer(payloads.holder(correntista_id, holder))

    @http.route(
        routes,
        "GET",
        f"/contatos/<int(max={ID_MAX}):usuario_id>/movimentacoes",
        query=statement_payloads.Page,
        answers={200: list[Movimentacao]},
        paged=True,
    )
    @requires_user
    def movimentacoes_com(identity: Identity, usuario_id: int) -> Any:
        """As transferências entre você e esta pessoa, as mais novas primeiro."""
        query = http.read_query(statement_payloads.Page)
        page = db.read(payees.between, identity.user_id, usuario_id, limit=query.limite, before_id=query.antes)
        answer = http.answer([payloads.movement(row) for row in page.rows])
        if page.next_before_id is not None:
            http.link_next(answer, antes=page.next_before_id)
        return answer

    return routes
