"""Who is asking: a token is good when it is genuine, not expired and not revoked, asked of the database each time."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request
from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection, and_, bindparam, select

from app.db import Database
from app.errors import BadToken, NotAuthenticated, RevokedToken
from app.users.models import Revocation, User
from app.users.tokens import Claims, Tokens


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified user, and of the token that proved it the session and the end. `expires_at` in unix seconds."""

    user_id: int
    email: str
    name: str
    session_id: str
    generation: int
    expires_at: int

    @property
    def key(self) -> int:
        """Of the user's stream."""
        return self.user_id


class Auth:
    def __init__(self, db: Database, tokens: Tokens) -> None:
        self.db = db
        self.tokens = tokens

    def verify(self, token: object) -> Identity:
        """Raises BadToken, ExpiredToken, RevokedToken or DatabaseDown."""
        return self.check(self.tokens.read(token))

    def check(self, claims: Claims | Identity) -> Identity:
        """The user behind genuine claims, whose session was not ended. Raises BadToken, RevokedToken, DatabaseDown."""
        return self.db.authentication.read(current_identity, claims)

    def requires_user(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Give the view the verified Identity of the bearer token as its first argument."""

        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise NotAuthenticated
            g.identity = self.verify(token.strip())
            return view(g.identity, *args, **kwargs)

        return guarded


_IDENTITY = (
    select(User.email, User.name, User.token_generation, Revocation.id.label("revocation"))
    .outerjoin(Revocation, and_(Revocation.session_id == bindparam("session"), Revocation.user_id == User.id))
    .where(User.id == bindparam("user"))
)


def current_identity(connection: Connection, claims: Claims | Identity) -> Identity:
    """The user behind genuine claims, unless the session or all sessions of its generation were ended."""
    row = connection.execute(_IDENTITY, {"user": claims.user_id, "session": claims.session_id}).first()
    if row is None:
        raise BadToken
    if row.revocation is not None or row.token_generation != claims.generation:
        raise RevokedToken
    return Identity(claims.user_id, row.email, row.name, claims.session_id, claims.generation, claims.expires_at)


def ended_since(connection: Connection, moment: datetime) -> list[Ended]:
    """What was revoked at or after `moment`."""
    rows = connection.execute(
        select(Revocation.user_id, Revocation.session_id, Revocation.generation).where(Revocation.revoked_at >= moment)
    )
    return [Ended(row.user_id, row.session_id, row.generation) for row in rows]
