"""Registration, login and the end of sessions."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock, db, names, sql_errors
from app.errors import EmailTaken, NotFound, RevokedToken
from app.users.auth import Identity
from app.users.models import Revocation, User

NAMES_AT_ONCE = 1000
_NAMES = select(User.id, User.name).order_by(User.id).limit(NAMES_AT_ONCE)


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


def look_at_names(connection: Connection) -> tuple[int, dict[int, str]]:
    """How many users there are; and, by id, why a name from before the rules of `names` would be refused now."""
    looked_at, last_id, unfit = 0, 0, {}
    while page := connection.execute(_NAMES.where(User.id > last_id)).all():
        for user_id, name in page:
            if problem := names.problem_of_person(unicodedata.normalize("NFC", name)):
                unfit[user_id] = problem
        looked_at, last_id = looked_at + len(page), page[-1].id
    return looked_at, unfit


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


def end_session(connection: Connection, identity: Identity, ttl_s: int) -> Ended:
    """End the session of `identity`: its token and all that were renewed from the same login, each of which lives for
    `ttl_s` at the most. Raises RevokedToken when it was ended already."""
    try:
        _record(connection, identity.user_id, session_id=identity.session_id, generation=None, ttl_s=ttl_s)
    except IntegrityError:
        raise RevokedToken from None
    return Ended(identity.user_id, identity.session_id, None)


def end_all_sessions(connection: Connection, identity: Identity, ttl_s: int) -> Ended:
    """End every session of the user, on any device."""
    connection.execute(
        update(User).where(User.id == identity.user_id).values(token_generation=User.token_generation + 1)
    )
    generation = connection.execute(select(User.token_generation).where(User.id == identity.user_id)).scalar_one()
    _record(connection, identity.user_id, session_id=None, generation=generation, ttl_s=ttl_s)
    return Ended(identity.user_id, None, generation)


def _record(
    connection: Connection, user_id: int, *, session_id: str | None, generation: int | None, ttl_s: int
) -> None:
    now = clock.now()
    row = {"user_id": user_id, "session_id": session_id, "generation": generation}
    connection.execute(insert(Revocation).values(**row, revoked_at=now, expires_at=now + timedelta(seconds=ttl_s)))


def purge_revocations(connection: Connection) -> int:
    """Drop what no token can need any more; rows deleted."""
    return connection.execute(delete(Revocation).where(Revocation.expires_at < clock.now())).rowcount
