"""HTTP doors of users: registration, login, renewal, logout, profile."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Connection

from app import door, limiter
from app.errors import WrongCredentials
from app.fields import read
from app.limiter import Limiter
from app.users import actions, passwords, payloads
from app.users.actions import Person
from app.users.auth import Auth, Ended, Identity

# Guessing one person's password, from one address and from many; and many people behind one address.
LOGIN_BY_EMAIL_AND_ADDRESS = limiter.per_minute("login-email-address", 10)
LOGIN_BY_EMAIL = limiter.per_minute("login-email", 60)
LOGIN_BY_ADDRESS = limiter.per_minute("login-address", 120)
REGISTER_BY_ADDRESS = limiter.per_minute("register-address", 300)

# What else a new user gets, in the transaction that makes the user.
Welcome = Callable[[Connection, int, str], None]


def blueprint(auth: Auth, limits: Limiter, *, welcome: Welcome, tokens_ended: Callable[[Ended], None]) -> Blueprint:
    """`tokens_ended` is told after the commit, so that sockets end at once."""
    routes = Blueprint("usuarios", __name__)

    def register_and_welcome(connection: Connection, body: payloads.NewUser, password_hash: str) -> Person:
        person = actions.register(connection, email=body.email, name=body.nome, password_hash=password_hash)
        welcome(connection, person.id, person.name)
        return person

    def session(person: Person, message: str, status: int) -> Any:
        token = auth.tokens.issue(person.id, person.generation)
        return door.answer(payloads.session(person, token, message), status)

    @door.route(
        routes,
        "POST",
        "/registro",
        body=payloads.NewUser,
        answers={201: payloads.SessionOut},
        open_to_all=True,
    )
    def registrar() -> Any:
        """Cadastra um usuário e abre sua primeira conta, com saldo zero."""
        limits.check(REGISTER_BY_ADDRESS, door.client_address())
        body = door.read_body(payloads.NewUser)
        person = auth.db.authentication.transact(register_and_welcome, body, passwords.hash_password(body.senha))
        return session(person, "Cadastro realizado com sucesso", 201)

    @door.route(
        routes,
        "POST",
        "/login",
        body=payloads.Credentials,
        answers={200: payloads.SessionOut},
        open_to_all=True,
    )
    def login() -> Any:
        """Entra com e-mail e senha."""
        body = door.read_body(payloads.Credentials)
        limits.check(LOGIN_BY_ADDRESS, door.client_address())
        limits.check(LOGIN_BY_EMAIL, body.email)
        limits.check(LOGIN_BY_EMAIL_AND_ADDRESS, body.email, door.client_address())
        person = auth.db.authentication.read(actions.by_email, body.email)
        if not passwords.matches(body.senha, person.password_hash if person else None) or person is None:
            raise WrongCredentials
        return session(person, "Login realizado com sucesso", 200)

    @door.route(routes, "POST", "/token/renovar", answers={200: payloads.TokenOut})
    @auth.requires_user
    def renovar(identity: Identity) -> Any:
        """Troca o token por um novo; o antigo vale até a própria expiração."""
        return door.answer({"token": auth.tokens.issue(identity.user_id, identity.generation)})

    @door.route(routes, "POST", "/logout", body=payloads.Logout, answers={204: None}, body_required=False)
    @auth.requires_user
    def logout(identity: Identity) -> Any:
        """Encerra este token, ou todos os do usuário, em todos os nós."""
        body = door.read_body(payloads.Logout) if request.get_data(cache=True) else read(payloads.Logout, {})
        if body.todos:
            ended = auth.db.authentication.transact(actions.end_all_tokens, identity, auth.tokens.ttl_s)
        else:
            ended = auth.db.authentication.transact(actions.end_token, identity)
        tokens_ended(ended)
        return "", 204

    @door.route(routes, "GET", "/perfil", answers={200: payloads.ProfileOut})
    @auth.requires_user
    def perfil(identity: Identity) -> Any:
        """Os dados de quem está autenticado."""
        return door.answer(payloads.profile(auth.db.read(actions.by_id, identity.user_id)))

    return routes
