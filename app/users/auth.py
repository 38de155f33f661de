"""Who is asking: a token is good when it is genuine, not expired and not revoked, asked of the database each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.limits.batches import Batches
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    and_,
    bindparam,
    func,
    literal,
    null,
    select,
    union_all,
)

from app import clock
from app.db import Share
from app.errors import AppError, BadToken, ExpiredToken, Overloaded, RevokedToken
from app.users.models import Revocation, SessionRow, User
from app.users.session_uses import SessionUses
from app.users.tokens import Claims, Tokens


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified user, and of the token that proved it the session and the end. `expires_at` in unix seconds.

    `session_ends_at`: see `Claims`.
    """

    user_id: int
    email: str
    name: str
    session_id: str
    generation: int
    expires_at: int
    session_ends_at: int | None = None

    @property
    def key(self) -> int:
        """Of the user's stream."""
        return self.user_id

    def claims(self) -> Claims:
        """What the token said."""
        return Claims(self.user_id, self.session_id, self.generation, self.expires_at, self.session_ends_at)


class Auth:
    """`share`: the connections to the database that are for this alone."""

    def __init__(self, share: Share, tokens: Tokens) -> None:
        self.tokens = tokens
        self.uses = SessionUses(share)
        # Whoever asks at the same time is looked up in one statement.
        self._checks = Batches(lambda asked: share.read(current_identities, asked), full=Overloaded)

    def verify(self, token: object) -> Identity:
        """Raises BadToken, ExpiredToken, RevokedToken or DatabaseDown."""
        return self.check(self.tokens.read(token))

    def check(self, claimed: Claims | Identity) -> Identity:
        """The user behind genuine claims, whose session was not ended. Raises BadToken, RevokedToken, DatabaseDown."""
        claims = claimed if isinstance(claimed, Claims) else claimed.claims()
        found: Identity | type[AppError] = self._checks.get(claims)
        if isinstance(found, Identity):
            self.uses.note(found.session_id)
            return found
        raise found


_SESSIONS: BindParameter[Any] = bindparam("sessions", expanding=True)
_USERS: BindParameter[Any] = bindparam("users", expanding=True)
# Every node asks twice a second.
_ENDED = select(Revocation.user_id, Revocation.session_id, Revocation.generation, Revocation.kept_session_id).where(
    Revocation.revoked_at >= bindparam("moment")
)


def _identities(now_s: ColumnElement[Any]) -> CompoundSelect[*tuple[Any, ...]]:
    """A row for each user and each of the asked sessions that was ended, or one without a session; and one for each of
    the asked sessions that is there, with its generation. Each with the moment."""
    users = (
        select(
            User.id,
            User.email,
            User.name,
            User.token_generation,
            Revocation.session_id,
            literal(0).label("is_there"),
            now_s.label("now_s"),
        )
        .outerjoin(Revocation, and_(Revocation.user_id == User.id, Revocation.session_id.in_(_SESSIONS)))
        .where(User.id.in_(_USERS))
    )
    there = select(
        SessionRow.user_id, literal(""), literal(""), SessionRow.generation, SessionRow.id, literal(1), now_s
    ).where(SessionRow.id.in_(_SESSIONS), SessionRow.user_id.in_(_USERS))
    return union_all(users, there)


# MariaDB's own clock decides, whatever the node takes the time to be. SQLite's is the machine's.
_OF_MARIADB = _identities(func.unix_timestamp(func.now(6)))
_OF_SQLITE = _identities(null())


def current_identities(connection: Connection, asked: Sequence[Claims]) -> dict[Claims, Identity | type[AppError]]:
    """The user behind each of genuine claims; ExpiredToken by the database's clock, RevokedToken where the session or
    all sessions of its generation were ended, BadToken where there is no such user."""
    users = {claims.user_id for claims in asked}
    sessions = {claims.session_id for claims in asked}
    statement = _OF_SQLITE if connection.dialect.name == "sqlite" else _OF_MARIADB
    rows = connection.execute(statement, {"users": list(users), "sessions": list(sessions)}).all()
    now_s = float(rows[0].now_s) if rows and rows[0].now_s is not None else clock.unix_s()
    known = {row.id: row for row in rows if not row.is_there}
    ended = {(row.id, row.session_id) for row in rows if not row.is_there}
    there = {(row.id, row.session_id): int(row.token_generation) for row in rows if row.is_there}
    return {
        claims: ExpiredToken
        if claims.expires_at <= now_s
        else _identity(claims, known.get(claims.user_id), ended, there)
        for claims in asked
    }


def _identity(
    claims: Claims,
    row: Row[*tuple[Any, ...]] | None,
    ended: set[tuple[int, str]],
    there: dict[tuple[int, str], int],
) -> Identity | type[AppError]:
    if row is None:
        return BadToken
    session = claims.user_id, claims.session_id
    # No token outlives its session, so a session that is there is not over. A token from before sessions had rows
    # needs none.
    generation = there.get(session, claims.generation if claims.session_ends_at is None else None)
    if session in ended or generation is None or row.token_generation != generation:
        return RevokedToken
    return Identity(
        claims.user_id,
        row.email,
        row.name,
        claims.session_id,
        generation,
        claims.expires_at,
        claims.session_ends_at,
    )


def ended_since(connection: Connection, moment: datetime) -> list[Ended]:
    """What was revoked at or after `moment`."""
    rows = connection.execute(_ENDED, {"moment": moment})
    return [Ended(*row) for row in rows]
