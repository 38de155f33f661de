"""HTTP routes of push: the key to subscribe with, and a browser's subscription."""

from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

from app import http
from app.db import Database
from app.errors import Invalid, PushOff
from app.fields import ID_MAX
from app.push import actions, payloads
from app.push.services import PushServices
from app.push.vapid import Vapid
from app.users import bearer
from app.users.auth import Auth, Identity

SUBSCRIPTIONS_BY_USER = limiter.per_minute("push-subscriptions", 20)


def blueprint(db: Database, auth: Auth, limits: Limiter, vapid: Vapid | None, services: PushServices) -> Blueprint:
    """Without `vapid` nobody can subscribe."""
    routes = Blueprint("push", __name__)
    requires_user = bearer.requires_user(auth)

    @http.route(routes, "GET", "/push/chave", answers={200: payloads.KeyOut})
    @requires_user
    def chave_de_push(_: Identity) -> Any:
        """A chave pública com que o navegador se inscreve, se este banco envia avisos a páginas fechadas."""
        return http.answer({"disponivel": vapid is not None, "chave": vapid.public_key if vapid else None})

    @http.route(
        routes,
        "POST",
        "/push/inscricoes",
        body=payloads.NewSubscription,
        answers={201: payloads.SubscriptionOut},
    )
    @requires_user
    def inscrever(identity: Identity) -> Any:
        """Avisa este aparelho do que acontece com a página fechada, até o fim da sessão ou o cancelamento."""
        body = http.read_body(payloads.NewSubscription)
        limits.check(SUBSCRIPTIONS_BY_USER, str(identity.user_id))
        if vapid is None:
            raise PushOff
        if not services.takes(body.endpoint):
            raise Invalid("endpoint: não é de um serviço de push conhecido.")
        return http.answer({"id": db.transact(actions.subscribe, identity, body)}, 201)

    @http.route(routes, "DELETE", f"/push/inscricoes/<int(max={ID_MAX}):inscricao_id>", answers={204: None})
    @requires_user
    def cancelar_inscricao(identity: Identity, inscricao_id: int) -> Any:
        """Não avisa mais este aparelho."""
        db.transact(actions.unsubscribe, identity.user_id, inscricao_id)
        return "", 204

    return routes
