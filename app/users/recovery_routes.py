"""HTTP routes of who forgot the password. Nothing here tells whether somebody has an e-mail."""

from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits.limiter import Limiter

from app import http
from app.db import Database
from app.errors import MailOff, SecondFactorNeeded, WrongCode
from app.even_time import even_time
from app.users import logins, passwords, payloads, recovery, second_factor, visit
from app.users.attempts import Attempts
from app.users.auth import Auth
from app.users.guessable import refuse_guessable
from app.users.security import Security

ASKED = "Se houver um cadastro com este e-mail, enviamos um código para ele. O código vale por 15 minutos."


def blueprint(
    db: Database, auth: Auth, limits: Limiter, attempts: Attempts, security: Security, *, has_mail: bool
) -> Blueprint:
    routes = Blueprint("recuperacao", __name__)

    @http.route(
        routes,
        "POST",
        "/senha/recuperar",
        body=payloads.RecoveryAsked,
        answers={202: payloads.MessageOut},
        open_to_all=True,
    )
    def recuperar_senha() -> Any:
        """Envia um código por e-mail, se houver um cadastro. A resposta e o tempo são sempre os mesmos."""
        if not has_mail:
            raise MailOff
        body = http.read_body(payloads.RecoveryAsked)
        attempts.count_recovery(body.email, http.client_address())
        with even_time():
            db.authentication.transact(recovery.ask, body.email)
        return http.answer({"mensagem": ASKED}, 202)

    @http.route(routes, "POST", "/senha/redefinir", body=payloads.PasswordReset, answers={204: None}, open_to_all=True)
    def redefinir_senha() -> Any:
        """Troca a senha com o código recebido, que vale uma vez. Todas as sessões se encerram."""
        body = http.read_body(payloads.PasswordReset)
        attempts.count_recovery_try(body.email, http.client_address())
        with even_time():
            person = db.authentication.transact(recovery.try_code, body.email, body.codigo)
        if person is None:
            raise WrongCode
        refuse_guessable(body.nova, (person.name, person.email))
        if db.authentication.read(second_factor.is_active, person.id):
            if body.segundo_fator is None:
                raise SecondFactorNeeded
            second_factor.count_try(limits, person.id, is_inside=False)
        with attempts.to_reset(http.client_address()):
            password_hash = passwords.hash_password(body.nova, is_gone=visit.is_gone)
        security.transact(
            logins.reset_password,
            person,
            password_hash,
            auth.tokens,
            code=body.codigo,
            second_code=body.segundo_fator,
        )
        return "", 204

    return routes
