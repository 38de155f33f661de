"""Registration, login and the end of tokens."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock, db, sql_errors
from app.errors import EmailTaken, NotFound, RevokedToken
from app.users.auth import Ended, Identity
from app.users.models import Revocation, User


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    name: str
    generation: int
    created_at: datetime
    password_hash: str


def register(connection: Connection, *, email: str, name: str, password_hash: str) -> Person:
    """A new user. Raises EmailTaken."""
    created_at = clock.now()
    values = {"email": email, "name": name, "password_hash": password_hash, "created_at": created_at}
    try:
        result = connection.execute(insert(User).values(token_generation=1, **values))
    except IntegrityError as error:
        if sql_errors.is_duplicate(error):
            raise EmailTaken from None
        raise
    user_id = db.new_id(result)
    return Person(user_id, email, name, 1, created_at, password_hash)


def by_email(connection: Connection, email: str) -> Person | None:
    return _person(connection, User.email == email)


def by_id(connection: Connection, user_id: int) -> Person:
    """Raises NotFound."""
    person = _person(connection, User.id == user_id)
    if person is None:
        raise NotFound
    return person


def _person(connection: Connection, condition: object) -> Person | None:
    row = connection.execute(
        select(User.id, User.email, User.name, User.token_generation, User.created_at, User.password_hash).where(
            condition  # type: ignore[arg-type]
        )
    ).first()
    return Person(*row) if row else None


def end_token(connection: Connection, identity: Identity) -> Ended:
    """End the token that proved `identity`. Raises RevokedToken when it was ended already."""
    try:
        _record(connection, identity, jti=identity.jti, generation=None)
    except IntegrityError:
        raise RevokedToken from None
    return Ended(identity.user_id, identity.jti, None)


def end_all_tokens(connection: Connection, identity: Identity, ttl_s: int) -> Ended:
    """End every token of the user, issued on any device."""
    connection.execute(
        update(User).where(User.id == identity.user_id).values(token_generation=User.token_generation + 1)
    )
    generation = connection.execute(select(User.token_generation).where(User.id == identity.user_id)).scalar_one()
    _record(connection, identity, jti=None, generation=generation, ttl_s=ttl_s)
    return Ended(identity.user_id, None, generation)


def _record(
    connection: Connection, identity: Identity, *, jti: str | None, generation: int | None, ttl_s: int = 0
) -> None:
    now = clock.now()
    expires_at = now + timedelta(seconds=ttl_s) if ttl_s else datetime.fromtimestamp(identity.expires_at, UTC)
    connection.execute(
        insert(Revocation).values(
            user_id=identity.user_id, jti=jti, generation=generation, revoked_at=now, expires_at=expires_at
        )
    )


def purge_revocations(connection: Connection) -> int:
    """Drop what no token can need any more; rows deleted."""
    return connection.execute(delete(Revocation).where(Revocation.expires_at < clock.now())).rowcount
