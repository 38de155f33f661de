"""A notice for every user: a row now, and then into one stream after the other, by the worker."""

import hashlib
from datetime import timedelta

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock, db, sql_errors, wire
from app.errors import KeyInFlight, KeyReused
from app.panel.models import BroadcastRow
from app.streams import notify
from app.streams.models import UserStream
from app.streams.stream import streams

KIND = "aviso"
# For its key to be known again, and for who asks what was said.
KEPT = timedelta(days=30)
PURGED_AT_ONCE = 1000


def known(connection: Connection, user_id: int, key: str, text: str) -> int | None:
    """The id of the broadcast that was made under this key. Raises KeyReused for another text."""
    own = BroadcastRow.user_id == user_id, BroadcastRow.key_hash == _hash(key)
    row = connection.execute(select(BroadcastRow.id, BroadcastRow.text).where(*own)).first()
    if row is not None and row.text != text:
        raise KeyReused
    return row.id if row else None


def add(connection: Connection, user_id: int, key: str, text: str) -> int:
    """Its id. Raises KeyInFlight when another request made it meanwhile."""
    values = {"user_id": user_id, "key_hash": _hash(key), "text": text, "created_at": clock.now(), "told_to": 0}
    try:
        return db.new_id(connection.execute(insert(BroadcastRow).values(**values)))
    except IntegrityError as error:
        if sql_errors.is_duplicate(error):
            raise KeyInFlight from None
        raise


def tell_some(connection: Connection) -> int | None:
    """Tell the next users of the oldest broadcast that is not finished; how many, None when there is none.

    Who was told is written with the notice itself, so each user gets one whatever dies. Locks the broadcast, then the
    users' streams.
    """
    row = _oldest(connection)
    if row is None:
        return None
    users = _users_after(connection, row.told_to)
    own = update(BroadcastRow).where(BroadcastRow.id == row.id)
    if not users:
        connection.execute(own.values(finished_at=clock.now()))
        return 0
    connection.execute(own.values(told_to=users[-1]))
    payload = notify.check(KIND, row.text, {"aviso_id": row.id})
    streams.append(connection, [Append(user_id, wire.NOTIFICACAO, payload) for user_id in users])
    return len(users)


def purge(connection: Connection) -> int:
    """Drop up to PURGED_AT_ONCE of those that were finished KEPT ago; rows deleted."""
    old = select(BroadcastRow.id).where(BroadcastRow.finished_at < clock.now() - KEPT).limit(PURGED_AT_ONCE)
    ids = connection.execute(old).scalars().all()
    return connection.execute(delete(BroadcastRow).where(BroadcastRow.id.in_(ids))).rowcount if ids else 0


def _oldest(connection: Connection) -> Row[int, str, int] | None:
    columns = select(BroadcastRow.id, BroadcastRow.text, BroadcastRow.told_to)
    open_ones = columns.where(BroadcastRow.finished_at.is_(None)).order_by(BroadcastRow.id)
    return connection.execute(open_ones.limit(1).with_for_update()).first()


def _users_after(connection: Connection, last: int) -> list[int]:
    after = select(UserStream.user_id).where(UserStream.user_id > last).order_by(UserStream.user_id)
    return list(connection.execute(after.limit(notify.USERS_PER_TRANSACTION)).scalars())


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
