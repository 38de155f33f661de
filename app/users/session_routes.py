"""HTTP routes of a person's own sessions, and of the password that opens them."""

from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

from app import http
from app.db import Database
from app.errors import WrongPassword
from app.users import actions, bearer, logins, passwords, payloads, sessions, visit
from app.users.attempts import Attempts
from app.users.auth import Auth, Identity
from app.users.guessable import refuse_guessable
from app.users.security import Security

READS_BY_USER = limiter.per_minute("session-reads", 60)
ENDS_BY_USER = limiter.per_minute("session-ends", 60)


def blueprint(db: Database, auth: Auth, limits: Limiter, attempts: Attempts, security: Security) -> Blueprint:
    routes = Blueprint("sessoes", __name__)
    requires_user = bearer.requires_user(auth)
    tokens = auth.tokens

    @http.route(routes, "GET", "/sessoes", answers={200: list[payloads.OwnSessionOut]})
    @requires_user
    def sessoes(identity: Identity) -> Any:
        """As sessões abertas de quem está autenticado, a última usada primeiro. `usada_em` pode atrasar um minuto."""
        limits.check(READS_BY_USER, str(identity.user_id))
        own = db.read(sessions.of_user, identity.user_id)
        return http.answer([payloads.own_session(each, identity.session_id) for each in own])

    @http.route(routes, "DELETE", "/sessoes/<sessao_id>", answers={204: None})
    @requires_user
    def encerrar_sessao(identity: Identity, sessao_id: str) -> Any:
        """Encerra uma sessão própria, como um logout nela: o token, os renovados a partir dele e as conexões."""
        limits.check(ENDS_BY_USER, str(identity.user_id))
        security.transact(logins.end_one, identity.user_id, sessao_id, tokens)
        return "", 204

    @http.route(routes, "POST", "/senha", body=payloads.NewPasswordBody, answers={204: None})
    @requires_user
    def trocar_senha(identity: Identity) -> Any:
        """Troca a senha. Todas as outras sessões se encerram; esta continua."""
        body = http.read_body(payloads.NewPasswordBody)
        person = db.authentication.read(actions.by_id, identity.user_id)
        with attempts.by_user(identity.user_id, http.client_address()):
            if not passwords.matches(body.atual, person.password_hash, is_gone=visit.is_gone):
                raise WrongPassword
            refuse_guessable(body.nova, (person.name, person.email))
            password_hash = passwords.hash_password(body.nova, is_gone=visit.is_gone)
        security.transact(logins.change_password, person, password_hash, identity, visit.place(), tokens)
        return "", 204

    return routes
