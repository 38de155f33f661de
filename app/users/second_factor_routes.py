"""HTTP routes of the second factor."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Blueprint
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app import http
from app.audit.events import Kind, record
from app.db import Database
from app.errors import RefusedCode, WrongCode
from app.users import bearer, payloads, second_factor
from app.users.attempts import Attempts
from app.users.auth import Auth, Identity
from app.users.own_password import require_password
from app.users.security import Effects, Security, SecurityNotice

P = ParamSpec("P")
T = TypeVar("T")

READS_BY_USER = limiter.per_minute("second-factor-reads", 60)


def blueprint(db: Database, auth: Auth, limits: Limiter, attempts: Attempts, security: Security) -> Blueprint:
    routes = Blueprint("segundo_fator", __name__)
    requires_user = bearer.requires_user(auth)

    @http.route(routes, "GET", "/segundo-fator", answers={200: payloads.SecondFactorOut})
    @requires_user
    def segundo_fator(identity: Identity) -> Any:
        """Se o segundo fator está ativo, e a partir de que valor o dinheiro o exige."""
        limits.check(READS_BY_USER, str(identity.user_id))
        return http.answer(payloads.second_factor(db.read(second_factor.state, identity.user_id)))

    @http.route(
        routes, "POST", "/segundo-fator", body=payloads.OwnPassword, answers={200: payloads.SecondFactorSecretOut}
    )
    @requires_user
    def propor_segundo_fator(identity: Identity) -> Any:
        """Um segredo novo para o aplicativo de códigos. Só vale depois de confirmado com um código dele."""
        require_password(db, attempts, identity.user_id, http.read_body(payloads.OwnPassword).senha)
        secret = db.transact(second_factor.propose, identity.user_id)
        uri = second_factor.uri(secret, identity.email)
        return http.answer({"segredo": secret, "uri": uri, "qr": second_factor.qr_of(uri)})

    @http.route(
        routes,
        "POST",
        "/segundo-fator/confirmar",
        body=payloads.OwnCode,
        answers={200: payloads.RecoveryCodesOut},
    )
    @requires_user
    def confirmar_segundo_fator(identity: Identity) -> Any:
        """Ativa o segundo fator. Os códigos de recuperação são mostrados só aqui; cada um vale uma vez."""
        body = http.read_body(payloads.OwnCode)
        second_factor.count_try(limits, identity.user_id, is_inside=True)
        work = _told(Kind.SECOND_FACTOR_ON, second_factor.confirm, "Segundo fator ativado na sua conta.")
        made = security.transact(work, identity.user_id, body.codigo)
        return http.answer({"codigos_de_recuperacao": made})

    @http.route(
        routes, "PUT", "/segundo-fator", body=payloads.SecondFactorLimit, answers={200: payloads.SecondFactorOut}
    )
    @requires_user
    def mudar_limite(identity: Identity) -> Any:
        """Muda o valor a partir do qual transferências e pagamentos exigem um código."""
        body = http.read_body(payloads.SecondFactorLimit)
        second_factor.count_try(limits, identity.user_id, is_inside=True)
        work = _told(Kind.SECOND_FACTOR_LIMIT, _change_limit, "O limite do segundo fator da sua conta foi mudado.")
        security.transact(work, identity.user_id, body.codigo, body.limite)
        return http.answer(payloads.second_factor(db.read(second_factor.state, identity.user_id)))

    @http.route(routes, "DELETE", "/segundo-fator", body=payloads.PasswordAndCode, answers={204: None})
    @requires_user
    def desativar_segundo_fator(identity: Identity) -> Any:
        """Desativa o segundo fator, com a senha e um código."""
        body = http.read_body(payloads.PasswordAndCode)
        require_password(db, attempts, identity.user_id, body.senha)
        second_factor.count_try(limits, identity.user_id, is_inside=True)
        work = _told(Kind.SECOND_FACTOR_OFF, _switch_off, "Segundo fator desativado na sua conta.")
        security.transact(work, identity.user_id, body.codigo)
        return "", 204

    return routes


def _told(
    kind: Kind, work: Callable[Concatenate[Connection, int, P], T], message: str
) -> Callable[Concatenate[Connection, Effects, int, P], T]:
    """The work, which is written down, and told to its person. A wrong code of somebody who is in is RefusedCode."""

    def both(connection: Connection, effects: Effects, user_id: int, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            result = work(connection, user_id, *args, **kwargs)
        except WrongCode:
            raise RefusedCode from None
        record(connection, kind, user_id=user_id)
        effects.notices.append(SecurityNotice(user_id, message, {}))
        return result

    return both


def _change_limit(connection: Connection, user_id: int, code: str, cents: int) -> None:
    second_factor.use(connection, user_id, code)
    second_factor.set_limit(connection, user_id, cents)


def _switch_off(connection: Connection, user_id: int, code: str) -> None:
    second_factor.use(connection, user_id, code)
    second_factor.switch_off(connection, user_id)
