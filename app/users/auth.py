"""Who is asking: a token is good when it is genuine, not expired and not revoked, asked of the database each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.limits.batches import Batches
from sqlalchemy import BindParameter, Connection, Row, and_, bindparam, func, select

from app import clock
from app.db import Share
from app.errors import AppError, BadToken, ExpiredToken, Overloaded, RevokedToken
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
    """`share`: the connections to the database that are for this alone."""

    def __init__(self, share: Share, tokens: Tokens) -> None:
        self.tokens = tokens
        # Whoever asks at the same time is looked up in one statement.
        self._checks = Batches(lambda asked: share.read(current_identities, asked), full=Overloaded)

    def verify(self, token: object) -> Identity:
        """Raises BadToken, ExpiredToken, RevokedToken or DatabaseDown."""
        return self.check(self.tokens.read(token))

    def check(self, claimed: Claims | Identity) -> Identity:
        """The user behind genuine claims, whose session was not ended. Raises BadToken, RevokedToken, DatabaseDown."""
        claims = Claims(claimed.user_id, claimed.session_id, claimed.generation, claimed.expires_at)
        found: Identity | type[AppError] = self._checks.get(claims)
        if isinstance(found, Identity):
            return found
        raise found


_SESSIONS: BindParameter[Any] = bindparam("sessions", expanding=True)
_USERS: BindParameter[Any] = bindparam("users", expanding=True)
# Every node asks twice a second.
_ENDED = select(Revocation.user_id, Revocation.session_id, Revocation.generation).where(
    Revocation.revoked_at >= bindparam("moment")
)
# A row for each user and each of the asked sessions that was ended, or one without a session.
_IDENTITIES = (
    select(User.id, User.email, User.name, User.token_generation, Revocation.session_id)
    .outerjoin(Revocation, and_(Revocation.user_id == User.id, Revocation.session_id.in_(_SESSIONS)))
    .where(User.id.in_(_USERS))
)
# With the moment by the clock of MariaDB, which decides whatever the node takes the time to be.
_IDENTITIES_AND_TIME = _IDENTITIES.add_columns(func.unix_timestamp(func.now(6)).label("now_s"))


def current_identities(connection: Connection, asked: Sequence[Claims]) -> dict[Claims, Identity | type[AppError]]:
    """The user behind each of genuine claims; ExpiredToken by the database's clock, RevokedToken where the session or
    all sessions of its generation were ended, BadToken where there is no such user."""
    users = {claims.user_id for claims in asked}
    sessions = {claims.session_id for claims in asked}
    is_sqlite = connection.dialect.name == "sqlite"
    statement = _IDENTITIES if is_sqlite else _IDENTITIES_AND_TIME
    rows = connection.execute(statement, {"users": list(users), "sessions": list(sessions)}).all()
    now_s = clock.unix_s() if is_sqlite or not rows else float(rows[0].now_s)
    known = {row.id: row for row in rows}
    ended = {(row.id, row.session_id) for row in rows}
    return {claims: _identity(claims, known.get(claims.user_id), ended, now_s) for claims in asked}


def _identity(
    claims: Claims, row: Row[*tuple[Any, ...]] | None, ended: set[tuple[int, str]], now_s: float
) -> Identity | type[AppError]:
    if row is None:
        return BadToken
    if claims.expires_at <= now_s:
        return ExpiredToken
    if (claims.user_id, claims.session_id) in ended or row.token_generation != claims.generation:
        return RevokedToken
    return Identity(claims.user_id, row.email, row.name, claims.session_id, claims.generation, claims.expires_at)


def ended_since(connection: Connection, moment: datetime) -> list[Ended]:
    """What was revoked at or after `moment`."""
    rows = connection.execute(_ENDED, {"moment": moment})
    return [Ended(row.user_id, row.session_id, row.generation) for row in rows]
