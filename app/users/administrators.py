"""Who may see the panel, and act from it. Nothing that is asked over HTTP can change who does."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from app import clock, db
from app.audit.events import Kind, record
from app.errors import NotFound
from app.users.models import Administrator, User


def is_one(connection: Connection, user_id: int) -> bool:
    return bool(among(connection, [user_id]))


def among(connection: Connection, user_ids: Collection[int]) -> set[int]:
    """Those of them that are administrators."""
    return set(connection.execute(select(Administrator.user_id).where(Administrator.user_id.in_(user_ids))).scalars())


def require(connection: Connection, user_id: int) -> None:
    """Raises NotFound: to anybody else there is no panel."""
    if not is_one(connection, user_id):
        raise NotFound


def make(connection: Connection, user_id: int) -> None:
    """Once more does nothing. Raises NotFound."""
    if connection.execute(select(User.id).where(User.id == user_id)).first() is None:
        raise NotFound(f"O usuário {user_id} não existe.")
    connection.execute(db.insert_missing(Administrator).values(user_id=user_id, since=clock.now()))
    record(connection, Kind.ADMIN_MADE, user_id=user_id)


def unmake(connection: Connection, user_id: int) -> None:
    """Raises NotFound for who is none."""
    if connection.execute(delete(Administrator).where(Administrator.user_id == user_id)).rowcount == 0:
        raise NotFound(f"O usuário {user_id} não é administrador.")
    record(connection, Kind.ADMIN_UNMADE, user_id=user_id)
