"""Who is asking: a token is good when it is genuine, not expired and not revoked, asked of the database each time."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request
from sqlalchemy import Connection, and_, bindparam, select

from app import clock
from app.db import Database
from app.errors import BadToken, ExpiredToken, NotAuthenticated, RevokedToken
from app.users.models import Revocation, User
from app.users.tokens import Claims, Tokens


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified user and the token that proved it. `expires_at` in unix seconds."""

    user_id: int
    email: str
    name: str
    jti: str
    generation: int
    expires_at: int


class Auth:
    def __init__(self, db: Database, tokens: Tokens) -> None:
        self.db = db
        self.tokens = tokens

    def verify(self, token: object) -> Identity:
        """Raises BadToken, ExpiredToken, RevokedToken or DatabaseDown."""
        return self.db.authentication.read(current_identity, self.tokens.read(token))

    def verify_again(self, identity: Identity) -> Identity:
        """The same user, if the token is still good. Raises ExpiredToken, RevokedToken or DatabaseDown."""
        if identity.expires_at <= clock.unix_s():
            raise ExpiredToken
        claims = Claims(identity.user_id, identity.jti, identity.generation, identity.expires_at)
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
    .outerjoin(Revocation, and_(Revocation.jti == bindparam("token"), Revocation.user_id == User.id))
    .where(User.id == bindparam("user"))
)


def current_identity(connection: Connection, claims: Claims) -> Identity:
    """The user behind genuine claims, unless the token or all tokens of its generation were ended."""
    row = connection.execute(_IDENTITY, {"user": claims.user_id, "token": claims.jti}).first()
    if row is None:
        raise BadToken
    if row.revocation is not None or row.token_generation != claims.generation:
        raise RevokedToken
    return Identity(claims.user_id, row.email, row.name, claims.jti, claims.generation, claims.expires_at)


@dataclass(frozen=True, slots=True)
class Ended:
    """One token (`jti`), or all of a user's tokens of a generation below `generation`."""

    user_id: int
    jti: str | None
    generation: int | None

    def covers(self, identity: Identity) -> bool:
        if self.user_id != identity.user_id:
            return False
        return self.jti == identity.jti if self.jti else identity.generation < (self.generation or 0)


def ended_since(connection: Connection, moment: datetime) -> list[Ended]:
    """What was revoked at or after `moment`."""
    rows = connection.execute(
        select(Revocation.user_id, Revocation.jti, Revocation.generation).where(Revocation.revoked_at >= moment)
    )
    return [Ended(row.user_id, row.jti, row.generation) for row in rows]
