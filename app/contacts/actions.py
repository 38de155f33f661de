"""Asking, answering, removing, blocking. Each locks the two rows of the pair, and a stream last if anybody is told."""

from dataclasses import dataclass
from datetime import timedelta

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, delete, select, update

from app import clock, db, wire
from app.contacts import pairs, payloads, people
from app.contacts.history import History
from app.contacts.models import EmailRequest
from app.contacts.pairs import Pair
from app.errors import BlockedByYou, NotFound, TooManyContacts, TooManyRequests
from app.streams.stream import streams
from app.users.models import User
from app.wire import Notificacao

# Who takes a request back and makes it again does not notify the other again before that.
ASKED_AGAIN_AFTER = timedelta(days=30)

_NOBODY = {"consents": 0, "favourite": 0}


@dataclass(frozen=True, slots=True)
class Change:
    """Whose lists are others now, and the other person where who is connected has changed."""

    lists_of: tuple[int, ...]
    connection_with: int | None = None


def ask_email(connection: Connection, user_id: int, email: str) -> Change:
    """Ask whoever has this address. What the user can see of it is the same when nobody has.

    Raises TooManyContacts, TooManyRequests.
    """
    other_id = connection.execute(select(User.id).where(User.email == email)).scalar_one_or_none()
    _require_room(connection, user_id)
    pair = pairs.lock(connection, user_id, other_id) if other_id is not None else None
    if pair is not None and pair.connected:
        return Change((user_id,))
    if pair is not None and pair.theirs.consents and not (pair.mine.blocked or pair.theirs.blocked):
        return _connect(connection, pair)
    values = {"user_id": user_id, "email": email, "created_at": clock.now(), "other_id": None}
    connection.execute(db.insert_missing(EmailRequest).values(**values))
    # Not of somebody whom the user blocks, or has asked openly before.
    if pair is None or pair.mine.blocked or pair.mine.consents:
        return Change((user_id,))
    # Also of an older request that had not reached this person, or had ended for them alone.
    own = (EmailRequest.user_id == user_id) & (EmailRequest.email == email)
    connection.execute(update(EmailRequest).where(own).values(other_id=other_id))
    return _ask(connection, pair)


def ask_person(connection: Connection, user_id: int, other_id: int, history: History) -> Change:
    """Ask somebody whom the user's list or statement shows. Raises NotFound, BlockedByYou, TooManyContacts or
    TooManyRequests."""
    pair = _known(connection, user_id, other_id, history)
    if pair.mine.blocked:
        raise BlockedByYou
    if pair.connected:
        return Change((user_id,))
    _require_room(connection, user_id)
    if pair.theirs.consents and not pair.theirs.blocked:
        return _connect(connection, pair)
    _forget_email(connection, pair)
    pairs.write(connection, pair.mine, listed=1)
    return _ask(connection, pair)


def accept(connection: Connection, user_id: int, other_id: int) -> Change:
    """Raises NotFound when there is no open request of theirs, TooManyContacts."""
    pair = _asked(connection, user_id, other_id)
    if people.count_listed(connection, user_id) >= people.CONTACTS_MAX:
        raise TooManyContacts
    return _connect(connection, pair)


def refuse(connection: Connection, user_id: int, other_id: int) -> Change:
    """The other is told nothing and cannot ask again. Raises NotFound when there is no open request of theirs."""
    pair = _asked(connection, user_id, other_id)
    pairs.write(connection, pair.mine, refused=1)
    return Change((user_id,))


def set_favourite(connection: Connection, user_id: int, other_id: int, *, favourite: bool, history: History) -> Change:
    """Raises NotFound, BlockedByYou."""
    pair = _known(connection, user_id, other_id, history)
    if pair.mine.blocked:
        raise BlockedByYou
    pairs.write(connection, pair.mine, favourite=int(favourite), **({"listed": 1} if favourite else {}))
    return Change((user_id,))


def remove(connection: Connection, user_id: int, other_id: int, history: History) -> Change:
    """Out of the user's list; two who were connected are so no longer. A block stays. Raises NotFound."""
    pair = _known(connection, user_id, other_id, history)
    _forget_email(connection, pair)
    pairs.write(
        connection,
        pair.mine,
        **_NOBODY,
        listed=0,
        refused=int(pair.mine.refused or pair.waits_for_me),
        removed_at=clock.now(),
    )
    return _parted(connection, pair)


def block(connection: Connection, user_id: int, other_id: int, history: History) -> Change:
    """The two are connected no longer, and the other cannot ask. To the other it looks as `remove` does.

    Raises NotFound.
    """
    pair = _known(connection, user_id, other_id, history)
    _forget_email(connection, pair)
    pairs.write(connection, pair.mine, **_NOBODY, blocked=1, refused=1)
    return _parted(connection, pair)


def unblock(connection: Connection, user_id: int, other_id: int, history: History) -> Change:
    """Back in the list, and nothing else. Raises NotFound."""
    pair = _known(connection, user_id, other_id, history)
    if pair.mine.blocked:
        pairs.write(connection, pair.mine, blocked=0, listed=1)
    return Change((user_id,))


def take_back(connection: Connection, user_id: int, request_id: int) -> Change:
    """End a request by e-mail. Raises NotFound."""
    change = end_request(connection, user_id, request_id)
    if change is None:
        raise NotFound
    return change


def end_request(connection: Connection, user_id: int, request_id: int) -> Change | None:
    """The user asks by this e-mail no longer; None when there is no such request, or it was answered meanwhile."""
    own = (EmailRequest.id == request_id) & (EmailRequest.user_id == user_id)
    row = connection.execute(select(EmailRequest.other_id).where(own)).first()
    if row is None:
        return None
    pair = pairs.lock(connection, user_id, row.other_id) if row.other_id is not None else None
    as_read = EmailRequest.other_id.is_not_distinct_from(row.other_id)
    if connection.execute(delete(EmailRequest).where(own, as_read)).rowcount == 0:
        # Answered, or whom it asks was changed, until the pair was locked.
        return end_request(connection, user_id, request_id)
    if pair is None:
        return Change((user_id,))
    pairs.write(connection, pair.mine, consents=0)
    return Change((user_id, pair.theirs.user_id) if pair.waits_for_them else (user_id,))


def _known(connection: Connection, user_id: int, other_id: int, history: History) -> Pair:
    """The locked pair, of somebody whom the user's list or statement shows. Raises NotFound."""
    people.one(connection, user_id, other_id, history)
    pair = pairs.lock(connection, user_id, other_id)
    assert pair is not None, "this person is there"
    return pair


def _asked(connection: Connection, user_id: int, other_id: int) -> Pair:
    pair = pairs.lock(connection, user_id, other_id) if user_id != other_id else None
    if pair is None or not pair.waits_for_me:
        raise NotFound
    return pair


def _ask(connection: Connection, pair: Pair) -> Change:
    """Consent, and ask the other unless that person refused, blocks, was asked lately or has enough to answer."""
    me, them = pair.mine.user_id, pair.theirs.user_id
    asks = {"consents": 1, "refused": 0}
    if pair.theirs.refused or pair.theirs.blocked:
        pairs.write(connection, pair.mine, **asks)
        return Change((me,))
    now = clock.now()
    if pair.mine.asked_at is not None and pair.mine.asked_at > now - ASKED_AGAIN_AFTER:
        pairs.write(connection, pair.mine, **asks)
        return Change((me, them))
    if people.count_received(connection, them) >= people.REQUESTS_MAX:
        pairs.write(connection, pair.mine, **asks)
        return Change((me,))
    pairs.write(connection, pair.mine, **asks, asked_at=now)
    _tell(connection, them, payloads.request(me, _name(connection, me)))
    return Change((me, them))


def _forget_email(connection: Connection, pair: Pair) -> None:
    """What the user does with the person ends what was asked by e-mail; what the user typed stays in sight, since its
    going would say whose address it was."""
    own = (EmailRequest.user_id == pair.mine.user_id) & (EmailRequest.other_id == pair.mine.other_id)
    connection.execute(update(EmailRequest).where(own).values(other_id=None))


def _connect(connection: Connection, pair: Pair) -> Change:
    """Both consent from now on; who asked is told."""
    me, them = pair.mine.user_id, pair.theirs.user_id
    for side in (pair.mine, pair.theirs):
        pairs.write(connection, side, consents=1, refused=0, listed=1)
        email = select(User.email).where(User.id == side.other_id).scalar_subquery()
        own = (EmailRequest.user_id == side.user_id) & (EmailRequest.email == email)
        connection.execute(delete(EmailRequest).where(own))
    _tell(connection, them, payloads.accepted(me, _name(connection, me)))
    return Change((me, them), them)


def _parted(connection: Connection, pair: Pair) -> Change:
    """What follows for the other when the user consents no longer."""
    me, them = pair.mine.user_id, pair.theirs.user_id
    if pair.connected:
        pairs.write(connection, pair.theirs, consents=0)
        return Change((me, them), them)
    return Change((me, them) if pair.waits_for_them else (me,))


def _name(connection: Connection, user_id: int) -> str:
    return connection.execute(select(User.name).where(User.id == user_id)).scalar_one()


def _tell(connection: Connection, user_id: int, payload: Notificacao) -> None:
    streams.append(connection, [Append(user_id, wire.NOTIFICACAO, dict(payload))])


def _require_room(connection: Connection, user_id: int) -> None:
    """Raises TooManyRequests, TooManyContacts."""
    open_requests = people.count_sent(connection, user_id)
    if open_requests >= people.REQUESTS_MAX:
        raise TooManyRequests
    if open_requests + people.count_listed(connection, user_id) >= people.CONTACTS_MAX:
        raise TooManyContacts
