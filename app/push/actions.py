"""Push subscriptions: kept with the session that made them, taken up by the worker, put off, dropped."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection, Row, delete, insert, select, update

from app import clock, db
from app.errors import NotFound
from app.push.models import PushSubscription
from app.push.payloads import NewSubscription
from app.streams.models import UserStream
from app.streams.stream import streams
from app.users import sessions
from app.users.auth import Identity
from app.users.models import User

# Who subscribes on one more device loses the one that subscribed first.
DEVICES_MAX = 10


@dataclass(frozen=True, slots=True)
class Subscription:
    """One device, as the worker sees it."""

    id: int
    user_id: int
    endpoint: str
    public_key: str
    auth_secret: str
    pushed_to: int
    failures: int


_COLUMNS = (
    PushSubscription.id,
    PushSubscription.user_id,
    PushSubscription.endpoint,
    PushSubscription.public_key,
    PushSubscription.auth_secret,
    PushSubscription.pushed_to,
    PushSubscription.failures,
)


def subscribe(connection: Connection, identity: Identity, body: NewSubscription) -> int:
    """Keep a browser's subscription for as long as the session lives; its id. What happens from now on is pushed.

    A browser that subscribes again, or for another person, has only the newer one. Lock: the user's row, which the end
    of a session touches too: of both at once, the subscription is gone. Raises RevokedToken.
    """
    connection.execute(select(User.id).where(User.id == identity.user_id).with_for_update())
    sessions.require_current(connection, identity)
    hashed = hashlib.sha256(body.endpoint.encode()).hexdigest()
    same = PushSubscription.endpoint_hash == hashed
    before = connection.execute(select(PushSubscription.user_id, PushSubscription.pushed_to).where(same)).first()
    is_own = before is not None and before.user_id == identity.user_id
    pushed_to = before.pushed_to if before and is_own else streams.head(connection, identity.user_id).seq
    connection.execute(delete(PushSubscription).where(same))
    _make_room(connection, identity.user_id)
    values = {
        "user_id": identity.user_id,
        "session_id": identity.session_id,
        "endpoint": body.endpoint,
        "endpoint_hash": hashed,
        "public_key": body.keys.p256dh,
        "auth_secret": body.keys.auth,
    }
    made = connection.execute(
        insert(PushSubscription).values(**values, pushed_to=pushed_to, not_before=clock.now(), failures=0)
    )
    return db.new_id(made)


def _make_room(connection: Connection, user_id: int) -> None:
    newest_first = (
        select(PushSubscription.id).where(PushSubscription.user_id == user_id).order_by(PushSubscription.id.desc())
    )
    too_many = connection.execute(newest_first.offset(DEVICES_MAX - 1).limit(DEVICES_MAX)).scalars().all()
    connection.execute(delete(PushSubscription).where(PushSubscription.id.in_(too_many)))


def unsubscribe(connection: Connection, user_id: int, subscription_id: int) -> None:
    """Raises NotFound, also for another person's."""
    own = delete(PushSubscription).where(PushSubscription.id == subscription_id, PushSubscription.user_id == user_id)
    if connection.execute(own).rowcount == 0:
        raise NotFound


def forget_sessions(connection: Connection, ended: Ended) -> None:
    """Nothing is pushed to a session that has ended. In the transaction that ends it."""
    own = delete(PushSubscription).where(PushSubscription.user_id == ended.key)
    # Without a session all of the user's have ended, but for one at the most.
    of_ended = PushSubscription.session_id == ended.session_id
    if ended.session_id is None:
        of_ended = PushSubscription.session_id != (ended.kept_session_id or "")
    connection.execute(own.where(of_ended))


def forget_all_of(connection: Connection, session_ids: Sequence[str]) -> None:
    """The same for many sessions that have come to their end."""
    connection.execute(delete(PushSubscription).where(PushSubscription.session_id.in_(session_ids)))


def forget_everybodys(connection: Connection) -> None:
    """Every session has ended."""
    connection.execute(delete(PushSubscription))


def behind(connection: Connection, now: datetime, limit: int) -> list[Subscription]:
    """Subscriptions of whose user something happened that was not looked at, and that may be tried; longest first."""
    statement = (
        select(*_COLUMNS)
        .join(UserStream, UserStream.user_id == PushSubscription.user_id)
        .where(UserStream.seq > PushSubscription.pushed_to, PushSubscription.not_before <= now)
        .order_by(PushSubscription.not_before, PushSubscription.id)
        .limit(limit)
    )
    return [_subscription(row) for row in connection.execute(statement)]


def current(connection: Connection, subscription_id: int) -> Subscription | None:
    """None when it was dropped meanwhile, for example because its session has ended."""
    row = connection.execute(select(*_COLUMNS).where(PushSubscription.id == subscription_id)).first()
    return _subscription(row) if row else None


def _subscription(row: Row[*tuple[Any, ...]]) -> Subscription:
    return Subscription(*row)


def advance(connection: Connection, subscription: Subscription, seq: int) -> None:
    """All up to `seq` was pushed, or needed no push."""
    own = update(PushSubscription).where(PushSubscription.id == subscription.id, PushSubscription.pushed_to < seq)
    connection.execute(own.values(pushed_to=seq, failures=0))


def put_off(connection: Connection, subscription: Subscription, until: datetime, *, failures: int) -> None:
    own = update(PushSubscription).where(PushSubscription.id == subscription.id)
    connection.execute(own.values(not_before=until, failures=failures))


def drop(connection: Connection, subscription: Subscription) -> None:
    connection.execute(delete(PushSubscription).where(PushSubscription.id == subscription.id))
