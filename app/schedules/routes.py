"""HTTP routes of schedules."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app import clock, http
from app.db import Database
from app.errors import AccountNotFound
from app.schedules import actions, payloads
from app.schedules.projection import holidays_until, project
from app.schedules.schedule import Order
from app.users import approval, bearer
from app.users.auth import Auth, Identity

CHANGES_BY_USER = limiter.per_hour("schedule-changes", 300)
READS_BY_USER = limiter.per_minute("schedule-reads", 120)

# Raises why the order may not be: accounts that are not there or not theirs, or too much of it. The second argument is
# the client's address.
Check = Callable[[Order, str], None]
# The user's accounts, with what they hold in centavos.
Balances = Callable[[Connection, int], dict[int, int]]


def blueprint(db: Database, auth: Auth, limits: Limiter, *, check: Check, balances: Balances) -> Blueprint:
    routes = Blueprint("agendamentos", __name__)
    requires_user = bearer.requires_user(auth)
    # No `max`: of two methods on one address Werkzeug answers 405 to a number above it, not 404.
    one = "/agendamentos/<int:agendamento_id>"

    @http.route(
        routes,
        "POST",
        "/agendamentos",
        body=payloads.NewSchedule,
        answers={201: payloads.ScheduleOut},
        idempotent=True,
        approved=True,
    )
    @requires_user
    def agendar(identity: Identity) -> Any:
        """Agenda uma transferência ou um pagamento. O que cai em dia sem banco é feito no próximo dia útil."""
        limits.check(CHANGES_BY_USER, str(identity.user_id))
        body = http.read_body(payloads.NewSchedule)
        order = body.order(identity.user_id)
        # Without a key of the client's, one of ours: a commit whose answer got lost is then safely asked for again.
        key = http.read_key() or f"auto:{secrets.token_hex(16)}"
        check(order, http.client_address())
        fingerprint = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        approve = approval.of_request(limits, identity.user_id).require
        made = db.transact_keyed(actions.create, order, body.dates(), key=key, fingerprint=fingerprint, approve=approve)
        return http.answer(payloads.schedule(made), 201)

    @http.route(routes, "GET", "/agendamentos", answers={200: list[payloads.ScheduleOut]})
    @requires_user
    def agendamentos(identity: Identity) -> Any:
        """Os ativos, na ordem em que serão feitos; depois os últimos encerrados e cancelados."""
        limits.check(READS_BY_USER, str(identity.user_id))
        return http.answer([payloads.schedule(each) for each in db.read(actions.listed, identity.user_id)])

    @http.route(
        routes,
        "GET",
        "/agendamentos/projecao",
        query=payloads.ProjectionQuery,
        answers={200: payloads.ProjectionOut},
    )
    @requires_user
    def projecao(identity: Identity) -> Any:
        """O que está agendado em cada dia, com o saldo previsto de cada conta e os feriados dos bancos."""
        limits.check(READS_BY_USER, str(identity.user_id))
        query = http.read_query(payloads.ProjectionQuery)
        return http.answer(db.read(_projection, balances, identity.user_id, query))

    @http.route(routes, "PUT", one, body=payloads.ScheduleDates, answers={200: payloads.ScheduleOut}, approved=True)
    @requires_user
    def mudar(identity: Identity, agendamento_id: int) -> Any:
        """Muda o que ainda não foi feito. `data` é a próxima data; enquanto ela fica, o dia do mês também fica."""
        limits.check(CHANGES_BY_USER, str(identity.user_id))
        body = http.read_body(payloads.ScheduleDates)
        found = db.read(actions.own_schedule, identity.user_id, agendamento_id)
        check(replace(found.order, amount_cents=body.valor), http.client_address())
        changed = db.transact(
            actions.change,
            identity.user_id,
            agendamento_id,
            amount_cents=body.valor,
            description=body.descricao or "",
            dates=body.dates(),
            approve=approval.of_request(limits, identity.user_id).require,
        )
        return http.answer(payloads.schedule(changed))

    @http.route(routes, "DELETE", one, answers={204: None})
    @requires_user
    def cancelar(identity: Identity, agendamento_id: int) -> Any:
        """Cancela o que ainda não foi feito."""
        limits.check(CHANGES_BY_USER, str(identity.user_id))
        db.transact(actions.cancel, identity.user_id, agendamento_id)
        return "", 204

    return routes


def _projection(
    connection: Connection, balances: Balances, user_id: int, query: payloads.ProjectionQuery
) -> payloads.ProjectionOut:
    """Raises AccountNotFound for an account that is not there or not theirs."""
    held = balances(connection, user_id)
    if query.correntista_id is not None and query.correntista_id not in held:
        raise AccountNotFound
    now = clock.now()
    first_day = clock.day_of(now)
    last_day = first_day + timedelta(days=query.dias)
    planned = project(actions.active(connection, user_id), held, now=now, last_day=last_day)
    asked = {i: cents for i, cents in held.items() if query.correntista_id in (None, i)}
    holidays = holidays_until(first_day, last_day)
    return payloads.projection(planned, asked, first_day=first_day, last_day=last_day, holidays=holidays)
