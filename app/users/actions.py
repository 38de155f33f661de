"""Registration, and who somebody is."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock, db, names, sql_errors
from app.errors import EmailTaken, NotFound
from app.users.models import User

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


def lock(connection: Connection, user_id: int) -> Person:
    """Lock the user's row. Raises NotFound."""
    connection.execute(select(User.id).where(User.id == user_id).with_for_update())
    return by_id(connection, user_id)


def locked(connection: Connection, person: Person) -> Person | None:
    """The same person now, whose row is locked; None when the password was changed meanwhile: what was just compared
    with it is not the password any more."""
    now = lock(connection, person.id)
    return now if now.password_hash == person.password_hash else None


def _person(connection: Connection, condition: object) -> Person | None:
    row = connection.execute(
        select(User.id, User.email, User.name, User.token_generation, User.created_at, User.password_hash).where(
            condition  # type: ignore[arg-type]
        )
    ).first()
    return Person(*row) if row else None


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    connection.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))
