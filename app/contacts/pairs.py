"""The two rows of two people, locked and written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from app import db
from app.contacts.models import Contact
from app.users.models import User

_NOTHING = {"consents": 0, "refused": 0, "listed": 0, "favourite": 0, "blocked": 0}


@dataclass(frozen=True, slots=True)
class Side:
    """What one person decided about the other; flags are 0 or 1."""

    user_id: int
    other_id: int
    consents: int
    refused: int
    listed: int
    favourite: int
    blocked: int
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pair:
    """ "Mine" and "theirs" as one of the two sees it."""

    mine: Side
    theirs: Side

    @property
    def connected(self) -> bool:
        return bool(self.mine.consents and self.theirs.consents) and not (self.mine.blocked or self.theirs.blocked)

    @property
    def waits_for_me(self) -> bool:
        """I was told that they ask, and have not answered."""
        return bool(self.theirs.consents and self.theirs.asked_at) and not (
            self.mine.consents or self.mine.refused or self.mine.blocked or self.theirs.blocked
        )

    @property
    def waits_for_them(self) -> bool:
        """They were told that I ask, and have not answered."""
        return Pair(self.theirs, self.mine).waits_for_me


def lock(connection: Connection, user_id: int, other_id: int) -> Pair | None:
    """Both rows, made where they are missing and locked in ascending order of their owners until the transaction
    ends; None when there is no such other person."""
    assert user_id != other_id
    sides = _locked(connection, user_id, other_id)
    if len(sides) < 2:
        if connection.execute(select(User.id).where(User.id == other_id)).first() is None:
            return None
        # Somebody else may be doing the same right now; whoever is second waits here and finds the rows.
        low, high = sorted((user_id, other_id))
        pairs = ({"user_id": low, "other_id": high}, {"user_id": high, "other_id": low})
        connection.execute(db.insert_missing(Contact), [{**pair, **_NOTHING} for pair in pairs])
        sides = _locked(connection, user_id, other_id)
    return Pair(sides[user_id], sides[other_id])


def _locked(connection: Connection, user_id: int, other_id: int) -> dict[int, Side]:
    found = select(
        Contact.user_id,
        Contact.other_id,
        Contact.consents,
        Contact.refused,
        Contact.listed,
        Contact.favourite,
        Contact.blocked,
        Contact.asked_at,
    ).where(
        or_(
            and_(Contact.user_id == user_id, Contact.other_id == other_id),
            and_(Contact.user_id == other_id, Contact.other_id == user_id),
        )
    )
    return {row.user_id: Side(*row) for row in connection.execute(db.locked_by_key(found, Contact))}


def write(connection: Connection, side: Side, **values: Any) -> None:
    """Change one locked row."""
    own = (Contact.user_id == side.user_id) & (Contact.other_id == side.other_id)
    connection.execute(update(Contact).where(own).values(**values))
