"""HTTP routes of users: registration, login, renewal, logout, profile."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import Blueprint, request
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.transport import connection
from sqlalchemy import Connection

from app import http
from app.audit.events import Kind, record
from app.audit.failed_logins import FailedLogins
from app.db import Database
from app.errors import WrongCredentials
from app.fields import read
from app.users import actions, bearer, passwords, payloads
from app.users.actions import Person
from app.users.attempts import Attempts
from app.users.auth import Auth, Identity
from app.users.devices import COOKIE, KEPT, Device, Devices
from app.users.guessable import refuse_guessable

# What else a new user gets, in the transaction that makes the user.
Welcome = Callable[[Connection, int, str], None]
# What else ends with a session, in the transaction that ends it.
Farewell = Callable[[Connection, Ended], None]


def blueprint(
    db: Database,
    auth: Auth,
    attempts: Attempts,
    devices: Devices,
    failed_logins: FailedLogins,
    *,
    welcome: Welcome,
    farewell: Farewell,
    sessions_ended: Callable[[Ended], None],
) -> Blueprint:
    """`sessions_ended` is told after the commit, so that sockets end at once."""
    routes = Blueprint("usuarios", __name__)
    requires_user = bearer.requires_user(auth)

    def end(connection: Connection, identity: Identity, *, everywhere: bool) -> Ended:
        end_sessions = actions.end_all_sessions if everywhere else actions.end_session
        ended = end_sessions(connection, identity, auth.tokens.ttl_s)
        farewell(connection, ended)
        kind = Kind.LOGOUT_EVERYWHERE if everywhere else Kind.LOGOUT
        record(connection, kind, user_id=identity.user_id)
        return ended

    def register_and_welcome(connection: Connection, body: payloads.NewUser, password_hash: str) -> Person:
        person = actions.register(connection, email=body.email, name=body.nome, password_hash=password_hash)
        welcome(connection, person.id, person.name)
        record(connection, Kind.REGISTERED, user_id=person.id)
        return person

    def session(person: Person, device: Device, message: str, status: int) -> Any:
        """A new session, on a device that is known from now on."""
        token = auth.tokens.issue(person.id, person.generation)
        answer, _ = http.answer(payloads.session(person, token, message), status)
        answer.set_cookie(
            COOKIE,
            devices.remember(device, person.id),
            max_age=KEPT,
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
        return answer, status

    def client_is_gone() -> bool:
        return connection.is_gone(request.environ)

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
            password_hash = passwords.hash_password(body.senha, is_gone=client_is_gone)
        person = db.authentication.transact(register_and_welcome, body, password_hash)
        return session(person, devices.read(request.cookies.get(COOKIE)), "Cadastro realizado com sucesso", 201)

    @http.route(
        routes,
        "POST",
        "/login",
        body=payloads.Credentials,
        answers={200: payloads.SessionOut},
        open_to_all=True,
    )
    def login() -> Any:
        """Entra com e-mail e senha."""
        body = http.read_body(payloads.Credentials)
        device = devices.read(request.cookies.get(COOKIE))
        with attempt(body.email, device):
            person = db.authentication.read(actions.by_email, body.email)
            password_hash = person.password_hash if person else None
            good = passwords.matches(body.senha, password_hash, is_gone=client_is_gone)
        if not good or person is None:
            failed_logins.count(person.id if person else None)
            raise WrongCredentials
        db.authentication.transact(record, Kind.LOGIN, user_id=person.id)
        return session(person, device, "Login realizado com sucesso", 200)

    @http.route(routes, "POST", "/token/renovar", answers={200: payloads.TokenOut})
    @requires_user
    def renovar(identity: Identity) -> Any:
        """Troca o token por um novo; o antigo vale até a própria expiração."""
        return http.answer({"token": auth.tokens.issue(identity.user_id, identity.generation, identity.session_id)})

    @http.route(routes, "POST", "/logout", body=payloads.Logout, answers={204: None}, body_required=False)
    @requires_user
    def logout(identity: Identity) -> Any:
        """Encerra esta sessão (o token e os renovados a partir dele), ou todas as do usuário, em todos os nós."""
        body = http.read_body(payloads.Logout) if request.get_data(cache=True) else read(payloads.Logout, {})
        sessions_ended(db.authentication.transact(end, identity, everywhere=body.todos))
        return "", 204

    @http.route(routes, "GET", "/perfil", answers={200: payloads.ProfileOut})
    @requires_user
    def perfil(identity: Identity) -> Any:
        """Os dados de quem está autenticado."""
        return http.answer(payloads.profile(db.read(actions.by_id, identity.user_id)))

    return routes
