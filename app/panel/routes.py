"""HTTP routes of what an administrator does from the panel. To anybody else there is nothing here (404)."""

import functools
from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from flask_socketio_cluster.node import leaving
from flask_socketio_cluster.node.leaving import Leaving
from redis.exceptions import RedisError

from app import http
from app.db import Database
from app.errors import AppError, Invalid, LastNode, NotFound, OtherNodeDrains, PanelDown
from app.panel import actions, payloads
from app.users import administrators, approval, bearer
from app.users.auth import Auth, Identity
from app.users.security import Security

ACTIONS_BY_USER = limiter.per_minute("admin-actions", 20)
# Each is read by everybody.
BROADCASTS_BY_USER = limiter.per_hour("admin-broadcasts", 6)

View = Callable[..., Any]


def blueprint(db: Database, auth: Auth, limits: Limiter, security: Security, drains: Leaving) -> Blueprint:
    """`security` tells no node of what it ends: each finds it in the database within a second, as what was revoked."""
    routes = Blueprint("painel", __name__)
    http.refuse_large_ids(routes)
    requires_user = bearer.requires_user(auth)

    def requires_administrator(view: View) -> View:
        @functools.wraps(view)
        def guarded(identity: Identity, *args: Any, **kwargs: Any) -> Any:
            db.read(administrators.require, identity.user_id)
            limits.check(ACTIONS_BY_USER, str(identity.user_id))
            return view(identity, *args, **kwargs)

        return requires_user(guarded)

    @http.route(routes, "POST", "/painel/nos/<no>/drenar", answers={202: payloads.DrainOut}, approved=True)
    @requires_administrator
    def drenar_no(identity: Identity, no: str) -> Any:
        """Manda os clientes de um nó para os outros; ele então se encerra e é iniciado de novo. Um de cada vez."""
        approved = approval.of_request(limits, identity.user_id)
        try:
            claim = drains.claim(no)
            try:
                db.transact(actions.drain, approved, no)
            except AppError:
                drains.give_up(claim)
                raise
            drains.ask(claim)
        except leaving.NoSuchNode:
            raise NotFound from None
        except leaving.LastNode:
            raise LastNode from None
        except leaving.OtherLeaves:
            raise OtherNodeDrains from None
        except RedisError:
            raise PanelDown from None
        return http.answer({"no": no}, 202)

    @http.route(
        routes, "POST", "/painel/usuarios/<int:usuario_id>/encerrar-sessoes", answers={204: None}, approved=True
    )
    @requires_administrator
    def encerrar_sessoes(identity: Identity, usuario_id: int) -> Any:
        """Encerra todas as sessões de um usuário, que é avisado."""
        approved = approval.of_request(limits, identity.user_id)
        security.transact(actions.end_sessions, approved, usuario_id, token_ttl_s=auth.tokens.ttl_s)
        return "", 204

    @http.route(
        routes,
        "POST",
        "/painel/avisos",
        body=payloads.AnnouncementBody,
        answers={202: payloads.BroadcastOut},
        idempotent=True,
        approved=True,
    )
    @requires_administrator
    def avisar_todos(identity: Identity) -> Any:
        """Um aviso para todos os usuários, entregue aos poucos. Exige Idempotency-Key."""
        body, key = http.read_body(payloads.AnnouncementBody), http.read_key()
        if key is None:
            raise Invalid("Um aviso para todos exige o cabeçalho Idempotency-Key.")
        limits.check(BROADCASTS_BY_USER, str(identity.user_id))
        approved = approval.of_request(limits, identity.user_id)
        made = db.transact(actions.broadcast, approved, key=key, text=body.texto)
        return http.answer({"aviso_id": made}, 202)

    return routes
