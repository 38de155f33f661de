"""The routes of users and of their money, on a database of the test's own, and visitors with cookies of their own."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.limits.limiter import Limiter
from werkzeug.test import TestResponse

from app import cards
from app.audit.failed_logins import FailedLogins
from app.bank import routes as bank_routes
from app.db import Database
from app.factory import schedules, welcome
from app.keys import KeySet
from app.notifications.security import warn
from app.push.actions import forget_sessions
from app.settings import Settings
from app.users import passkey_routes, recovery_routes, routes, second_factor_routes, session_routes
from app.users.attempts import Attempts
from app.users.auth import Auth
from app.users.devices import Devices
from app.users.passkeys import Challenges, Site
from app.users.security import Security
from app.users.tokens import Tokens
from app.web import edge

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
SITE = Site("banco.example", "https://banco.example")
PASSWORD = "correta-cavalo-bateria"
OTHER_PASSWORD = "grampo-lua-bicicleta"
CHROME_ON_ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)

_numbers = itertools.count(secrets.randbelow(2**20))


def address() -> str:
    """Somewhere that no other test comes from."""
    number = next(_numbers)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def users_app(
    db: Database,
    limits: Limiter,
    *,
    keys: KeySet | str = SECRET,
    ttl_s: int = 3600,
    session_ttl_s: int = 7 * 24 * 3600,
    ended: list[Ended] | None = None,
    has_mail: bool = True,
    failed_logins: FailedLogins | None = None,
    site: Site | None = SITE,
) -> Flask:
    """`ended` gets the sessions whose sockets are to be closed, `failed_logins` who did not get in."""
    app = Flask("users")
    told = [] if ended is None else ended
    auth = Auth(db.authentication, Tokens(keys, ttl_s, session_ttl_s))
    app.extensions["auth"] = auth
    attempts = Attempts(limits)
    security = Security(db, farewell=forget_sessions, warn=warn, ended=told.append, committed=lambda: None)
    failed = failed_logins or FailedLogins(db.transact)
    app.register_blueprint(
        routes.blueprint(db, auth, limits, attempts, Devices(keys), failed, security, welcome=welcome)
    )
    app.register_blueprint(
        passkey_routes.blueprint(
            db, auth, limits, attempts, Devices(keys), Challenges(keys), failed, security, site=site
        )
    )
    app.register_blueprint(session_routes.blueprint(db, auth, limits, attempts, security))
    app.register_blueprint(second_factor_routes.blueprint(db, auth, limits, attempts, security))
    app.register_blueprint(recovery_routes.blueprint(db, auth, limits, attempts, security, has_mail=has_mail))
    app.register_blueprint(bank_routes.blueprint(db, auth, limits, beside=cards.add, committed=lambda: None))
    app.register_blueprint(schedules(db, auth, limits))
    settings = Settings.model_validate({"database_url": "sqlite:////x", "redis_url": "redis://x", "jwt_secret": SECRET})
    edge.install(app, settings, limits)
    return app


@dataclass
class Visitor:
    """With cookies of its own, at one address."""

    client: FlaskClient
    address: str = field(default_factory=address)
    user_agent: str = CHROME_ON_ANDROID
    token: str = ""

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        return self._ask("POST", path, json=body, headers=headers or {})

    def get(self, path: str) -> TestResponse:
        return self._ask("GET", path, headers={})

    def put(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> TestResponse:
        return self._ask("PUT", path, json=body, headers=headers or {})

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> TestResponse:
        return self._ask("DELETE", path, json=body, headers={})

    def log_in(self, email: str, password: str = PASSWORD) -> int:
        return self._open(self.post("/login", {"email": email, "senha": password}))

    def register(self, email: str) -> int:
        return self._open(self.post("/registro", {"nome": "Ana Souza", "email": email, "senha": PASSWORD}))

    def renew(self) -> int:
        return self._open(self.post("/token/renovar"))

    def is_in(self) -> bool:
        return self.get("/perfil").status_code == 200

    def guess(self, email: str, times: int) -> list[int]:
        return [self.log_in(email, f"palpite {number}") for number in range(times)]

    def with_token(self, token: str) -> "Visitor":
        """Another one who shows this token."""
        return Visitor(self.client, token=token)

    def _open(self, answer: TestResponse) -> int:
        if answer.status_code < 300:
            self.token = str(answer.get_json()["token"])
        return answer.status_code

    def _ask(self, method: str, path: str, *, headers: Mapping[str, str], **body: Any) -> TestResponse:
        sent = {"User-Agent": self.user_agent, **headers}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        environ = {"REMOTE_ADDR": self.address}
        return self.client.open(path, method=method, headers=sent, environ_overrides=environ, **body)
