"""HTTP routes of users: registration, login, renewal, logout, profile."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import Blueprint, request
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app import clock, http
from app.audit.events import Kind, record
from app.audit.failed_logins import FailedLogins
from app.db import Database
from app.errors import SessionOver, WrongCode, WrongCredentials
from app.fields import read
from app.users import actions, administrators, bearer, logins, passwords, payloads, second_factor, sessions, visit
from app.users.actions import Person
from app.users.attempts import Attempts
from app.users.auth import Auth, Identity
from app.users.devices import Device, Devices
from app.users.guessable import refuse_guessable
from app.users.security import Security
from app.users.sessions import Place, Session

# A page renews once in three quarters of a token's life, and a user has some pages.
RENEWALS_BY_USER = limiter.per_minute("renewals", 60)

# What else a new user gets, in the transaction that makes the user.
Welcome = Callable[[Connection, int, str], None]


def blueprint(
    db: Database,
    auth: Auth,
    limits: Limiter,
    attempts: Attempts,
    devices: Devices,
    failed_logins: FailedLogins,
    security: Security,
    *,
    welcome: Welcome,
) -> Blueprint:
    routes = Blueprint("usuarios", __name__)
    requires_user = bearer.requires_user(auth)
    tokens = auth.tokens

    def register_and_welcome(
        connection: Connection, body: payloads.NewUser, password_hash: str, place: Place
    ) -> tuple[Person, Session]:
        person = actions.register(connection, email=body.email, name=body.nome, password_hash=password_hash)
        session, _ = sessions.begin(
            connection, user_id=person.id, generation=person.generation, place=place, tokens=tokens
        )
        welcome(connection, person.id, person.name)
        record(connection, Kind.REGISTERED, user_id=person.id)
        return person, session

    def profile_of(connection: Connection, user_id: int) -> tuple[Person, bool]:
        return actions.by_id(connection, user_id), administrators.is_one(connection, user_id)

    def attempt(email: str, device: Device) -> AbstractContextManager[None]:
        # Only who shows a device that we know is looked up before being counted.
        person = db.authentication.read(actions.by_email, email) if device.user_ids else None
        if person is not None and person.id in device.user_ids:
            return attempts.on_known_device(device, person.id, http.client_address())
        return attempts.by_stranger(email, http.client_address())

    @http.route(
        routes,
        "POST",
        "/registro",
        body=payloads.NewUser,
        answers={201: payloads.SessionOut},
        open_to_all=True,
    )
    def registrar() -> Any:
        """Cadastra um usuário e abre sua primeira conta, com saldo zero."""
        body = http.read_body(payloads.NewUser)
        with attempts.to_register(http.client_address()):
            refuse_guessable(body.senha, (body.nome, body.email))
            password_hash = passwords.hash_password(body.senha, is_gone=visit.is_gone)
        person, session = db.authentication.transact(register_and_welcome, body, password_hash, visit.place())
        device = visit.device(devices)
        return visit.opened(person, session, tokens, devices, device, "Cadastro realizado com sucesso", 201)

    @http.route(
        routes,
        "POST",
        "/login",
        body=payloads.Credentials,
        answers={200: payloads.SessionOut},
        open_to_all=True,
    )
    def login() -> Any:
        """Entra com e-mail e senha. Um aparelho novo é avisado aos outros; com segundo fator, precisa de um código."""
        body = http.read_body(payloads.Credentials)
        device = visit.device(devices)
        with attempt(body.email, device):
            person = db.authentication.read(actions.by_email, body.email)
            password_hash = person.password_hash if person else None
            good = passwords.matches(body.senha, password_hash, is_gone=visit.is_gone)
        if not good or person is None:
            failed_logins.count(person.id if person else None)
            raise WrongCredentials
        known = person.id in device.user_ids
        if body.codigo is not None and not known:
            second_factor.count_try(limits, person.id, is_inside=False)
        try:
            session = security.transact(
                logins.enter, person, visit.place(), tokens, is_known_device=known, code=body.codigo
            )
        except WrongCode:
            failed_logins.count(person.id)
            raise
        return visit.opened(person, session, tokens, devices, device, "Login realizado com sucesso")

    @http.route(routes, "POST", "/token/renovar", answers={200: payloads.TokenOut})
    @requires_user
    def renovar(identity: Identity) -> Any:
        """Troca o token por um novo, que não passa do fim da sessão; o antigo vale até a própria expiração."""
        limits.check(RENEWALS_BY_USER, str(identity.user_id))
        session = security.transact(logins.renew, identity, visit.place(), tokens)
        if session.expires_at <= clock.now():
            raise SessionOver
        return http.answer(payloads.renewed(session, sessions.token_of(session, tokens)))

    @http.route(routes, "POST", "/logout", body=payloads.Logout, answers={204: None}, body_required=False)
    @requires_user
    def logout(identity: Identity) -> Any:
        """Encerra esta sessão (o token e os renovados a partir dele), ou todas as do usuário, em todos os nós."""
        body = http.read_body(payloads.Logout) if request.get_data(cache=True) else read(payloads.Logout, {})
        security.transact(logins.leave, identity, tokens, everywhere=body.todos)
        return "", 204

    @http.route(routes, "GET", "/perfil", answers={200: payloads.ProfileOut})
    @requires_user
    def perfil(identity: Identity) -> Any:
        """Os dados de quem está autenticado."""
        person, is_administrator = db.read(profile_of, identity.user_id)
        return http.answer(payloads.profile(person, is_administrator=is_administrator))

    return routes
