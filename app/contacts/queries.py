"""Who is connected with whom, for everything that only contacts may see or do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from app import db
from app.contacts.models import Contact, EmailRequest

USERS_AT_ONCE_MAX = 1000

_Theirs = aliased(Contact)
_USERS: BindParameter[Any] = bindparam("users", expanding=True)
# Built once: presence asks it for everybody who comes and goes.
_CONNECTED_OF = (
    select(Contact.user_id, Contact.other_id)
    .join(_Theirs, and_(_Theirs.user_id == Contact.other_id, _Theirs.other_id == Contact.user_id))
    .where(
        Contact.user_id.in_(_USERS),
        Contact.consents == 1,
        Contact.blocked == 0,
        _Theirs.consents == 1,
        _Theirs.blocked == 0,
    )
    .order_by(Contact.user_id, Contact.other_id)
)
_BOTH_WAYS = or_(
    and_(Contact.user_id == bindparam("user"), Contact.other_id == bindparam("other")),
    and_(Contact.user_id == bindparam("other"), Contact.other_id == bindparam("user")),
)
_AGREE = and_(_BOTH_WAYS, Contact.consents == 1, Contact.blocked == 0)
_AGREED = select(func.count()).where(_AGREE)
_HELD = db.locked_by_key(select(Contact.user_id).where(_AGREE), Contact, shared=True)
_asked_by_email = exists().where(EmailRequest.user_id == Contact.user_id, EmailRequest.other_id == Contact.other_id)
_PAIR = select(
    Contact.user_id,
    Contact.consents,
    Contact.refused,
    Contact.blocked,
    Contact.asked_at,
    _asked_by_email.label("by_email"),
).where(_BOTH_WAYS)


@dataclass(frozen=True, slots=True)
class Relation:
    """How one person, "me", stands to another, "them". `blocks_me` is never told to me.

    `waiting_for_them`: as I may see it, which leaves out whom I asked by e-mail.
    """

    connected: bool
    blocked_by_me: bool
    blocks_me: bool
    waiting_for_me: bool
    waiting_for_them: bool


def connected(connection: Connection, user_id: int, other_id: int) -> bool:
    """Whether both consent and neither blocks. Nobody is connected with oneself."""
    return connection.execute(_AGREED, {"user": user_id, "other": other_id}).scalar_one() == 2


def held_connected(connection: Connection, user_id: int, other_id: int) -> bool:
    """The same for what one of them does to the other: nothing that parts them is committed before this transaction.

    Locks both rows, in ascending order of their owners, against changes; two who ask at the same time do not wait.
    """
    return len(connection.execute(_HELD, {"user": user_id, "other": other_id}).all()) == 2


def connected_of(connection: Connection, user_ids: Sequence[int]) -> dict[int, list[int]]:
    """For each of up to USERS_AT_ONCE_MAX users whom they are connected with, ascending. One statement."""
    assert len(user_ids) <= USERS_AT_ONCE_MAX
    found: dict[int, list[int]] = {user_id: [] for user_id in user_ids}
    if found:
        for user_id, other_id in connection.execute(_CONNECTED_OF, {"users": list(found)}):
            found[user_id].append(other_id)
    return found


def relation(connection: Connection, user_id: int, other_id: int) -> Relation:
    """One statement, so that both sides are of one moment."""
    rows = {row.user_id: row for row in connection.execute(_PAIR, {"user": user_id, "other": other_id})}
    mine, theirs = rows.get(user_id), rows.get(other_id)
    blocked_by_me, blocks_me = bool(mine and mine.blocked), bool(theirs and theirs.blocked)
    apart = blocked_by_me or blocks_me
    i_agree, they_agree = bool(mine and mine.consents), bool(theirs and theirs.consents)
    i_was_told, i_refused = bool(theirs and theirs.asked_at), bool(mine and mine.refused)
    return Relation(
        connected=i_agree and they_agree and not apart,
        blocked_by_me=blocked_by_me,
        blocks_me=blocks_me,
        waiting_for_me=they_agree and i_was_told and not (i_agree or i_refused or apart),
        waiting_for_them=i_agree and not they_agree and not (mine and mine.by_email),
    )
