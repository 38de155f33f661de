"""Sessions: a login with all that is renewed from it, on one device, until its end."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock, sql_errors
from app.errors import NotFound, RevokedToken
from app.users.auth import Identity, current_identities
from app.users.models import Revocation, SessionRow, User
from app.users.tokens import Tokens

# One more ends the one that was not used for longest.
SESSIONS_MAX = 50
PURGED_AT_ONCE = 1000
# Nobody ends all of their sessions so often between two backups.
GENERATIONS_LOST_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a login comes from: the device in a person's words, and the address as the limits see it."""

    device: str
    address: str


@dataclass(frozen=True, slots=True)
class Session:
    """`id` is the `sid` of its tokens. It proves nothing by itself: tokens are signed."""

    id: str
    user_id: int
    generation: int
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


_COLUMNS = (
    SessionRow.id,
    SessionRow.user_id,
    SessionRow.generation,
    SessionRow.device,
    SessionRow.address,
    SessionRow.created_at,
    SessionRow.last_used_at,
    SessionRow.expires_at,
)


def begin(
    connection: Connection, *, user_id: int, generation: int, place: Place, tokens: Tokens
) -> tuple[Session, list[Ended]]:
    """A new session, and those that had to end for it. Lock, held by the caller: the user's row, or it is new."""
    ended = _make_room(connection, user_id, tokens.ttl_s)
    return _add(connection, secrets.token_hex(16), user_id, generation, place, tokens), ended


def _add(
    connection: Connection, session_id: str, user_id: int, generation: int, place: Place, tokens: Tokens
) -> Session:
    now = clock.now()
    ends_at = now + timedelta(seconds=tokens.session_ttl_s)
    session = Session(session_id, user_id, generation, place.device, place.address, now, now, ends_at)
    values = {column.key: getattr(session, column.key) for column in _COLUMNS}
    connection.execute(insert(SessionRow).values(**values))
    return session


def _make_room(connection: Connection, user_id: int, ttl_s: int) -> list[Ended]:
    # A node of the release before ends a session without its row.
    ended = select(Revocation.session_id).where(Revocation.user_id == user_id, Revocation.session_id.is_not(None))
    connection.execute(delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.id.in_(ended)))
    newest_first = (
        select(SessionRow.id)
        .where(SessionRow.user_id == user_id)
        .order_by(SessionRow.last_used_at.desc(), SessionRow.id)
        .offset(SESSIONS_MAX - 1)
        .limit(SESSIONS_MAX)
    )
    return [end(connection, user_id, too_old, ttl_s) for too_old in connection.execute(newest_first).scalars().all()]


def renew(connection: Connection, identity: Identity, place: Place, tokens: Tokens) -> tuple[Session, list[Ended]]:
    """The session of a verified token, used now; one from before sessions had rows begins here, with a full life.

    Locks: the session's row; for such a one the user's, which the end of a session touches too. Raises RevokedToken.
    """
    own = update(SessionRow).where(SessionRow.id == identity.session_id, SessionRow.user_id == identity.user_id)
    used = own.values(last_used_at=clock.now(), device=place.device, address=place.address)
    if connection.execute(used).rowcount == 1:
        row = connection.execute(select(*_COLUMNS).where(SessionRow.id == identity.session_id)).one()
        return _session(row), []
    if identity.session_ends_at is not None:
        raise RevokedToken
    connection.execute(select(User.id).where(User.id == identity.user_id).with_for_update())
    require_current(connection, identity)
    ended = _make_room(connection, identity.user_id, tokens.ttl_s)
    known = connection.execute(select(*_COLUMNS).where(SessionRow.id == identity.session_id)).first()
    if known is not None:  # another of its tokens was renewed meanwhile
        return _session(known), ended
    return _add(connection, identity.session_id, identity.user_id, identity.generation, place, tokens), ended


def require_current(connection: Connection, identity: Identity) -> None:
    """Raises RevokedToken when the session was ended since it was verified."""
    claims = identity.claims()
    found = current_identities(connection, [claims])[claims]
    if not isinstance(found, Identity):
        raise found


def token_of(session: Session, tokens: Tokens) -> str:
    ends_at = int(session.expires_at.timestamp())
    return tokens.issue(session.user_id, session.generation, session.id, session_ends_at=ends_at)


def of_user(connection: Connection, user_id: int) -> list[Session]:
    """Those that have not come to their end, the last used first."""
    own = (SessionRow.user_id == user_id, SessionRow.expires_at > clock.now())
    rows = connection.execute(
        select(*_COLUMNS).where(*own).order_by(SessionRow.last_used_at.desc(), SessionRow.id).limit(SESSIONS_MAX)
    )
    return [_session(row) for row in rows]


def end_own(connection: Connection, user_id: int, session_id: str, ttl_s: int) -> Ended:
    """End a listed session of the user's. Raises NotFound, also for somebody else's."""
    row = connection.execute(
        select(SessionRow.id).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
    ).first()
    if row is None:
        raise NotFound
    try:
        return end(connection, user_id, row.id, ttl_s)
    except RevokedToken:  # it was just ended elsewhere
        raise NotFound from None


def end(connection: Connection, user_id: int, session_id: str, ttl_s: int) -> Ended:
    """End one session: its tokens live for `ttl_s` at the most. Raises RevokedToken when it was ended already."""
    try:
        _record(connection, user_id, ttl_s, session_id=session_id)
    except IntegrityError as error:
        if sql_errors.is_duplicate(error):
            raise RevokedToken from None
        raise
    connection.execute(delete(SessionRow).where(SessionRow.id == session_id, SessionRow.user_id == user_id))
    return Ended(user_id, session_id, None)


def end_all(connection: Connection, user_id: int, ttl_s: int, *, but: str | None = None) -> Ended:
    """End every session of the user on any device, but for the one that is kept. Locks the user's row.

    What was issued before is of an older generation, also what has no row; the kept session's row is of the new one.
    """
    connection.execute(update(User).where(User.id == user_id).values(token_generation=User.token_generation + 1))
    generation = connection.execute(select(User.token_generation).where(User.id == user_id)).scalar_one()
    own = SessionRow.user_id == user_id
    connection.execute(delete(SessionRow).where(own, SessionRow.id != (but or "")))
    if but is not None:
        connection.execute(update(SessionRow).where(own, SessionRow.id == but).values(generation=generation))
    _record(connection, user_id, ttl_s, generation=generation, kept_session_id=but)
    return Ended(user_id, None, generation, but)


def _record(
    connection: Connection,
    user_id: int,
    ttl_s: int,
    *,
    session_id: str | None = None,
    generation: int | None = None,
    kept_session_id: str | None = None,
) -> None:
    now = clock.now()
    row = {"user_id": user_id, "session_id": session_id, "generation": generation, "kept_session_id": kept_session_id}
    connection.execute(insert(Revocation).values(**row, revoked_at=now, expires_at=now + timedelta(seconds=ttl_s)))


def end_everybodys(connection: Connection) -> None:
    """Of a database that was set back, where what was ended since may be open again. Generations grow by more than may
    have been lost."""
    connection.execute(update(User).values(token_generation=User.token_generation + GENERATIONS_LOST_MAX))
    connection.execute(delete(SessionRow))


def purge(connection: Connection) -> list[str]:
    """Drop up to PURGED_AT_ONCE sessions whose end has passed; their ids."""
    over = select(SessionRow.id).where(SessionRow.expires_at < clock.now()).limit(PURGED_AT_ONCE)
    ids = connection.execute(over).scalars().all()
    if ids:
        connection.execute(delete(SessionRow).where(SessionRow.id.in_(ids)))
    return list(ids)


def purge_revocations(connection: Connection) -> int:
    """Drop what no token can need any more; rows deleted."""
    return connection.execute(delete(Revocation).where(Revocation.expires_at < clock.now())).rowcount


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    return Session(*row)
