"""Whom presence concerns: contacts of each other who are both shown; and when they were last here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from app import clock, db
from app.contacts.models import LastSeen, PresenceChoice
from app.contacts.queries import connected_of
from app.users.models import User


@dataclass(frozen=True, slots=True)
class Choice:
    """`shown`: contacts see whether the user is online. `last_seen_shown`: and when the user last was."""

    shown: bool = True
    last_seen_shown: bool = True


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody's name, who may see them, and when they were last here, if they show that."""

    name: str
    watchers: list[int]
    last_seen: datetime | None


def choice(connection: Connection, user_id: int) -> Choice:
    statement = select(PresenceChoice.shown, PresenceChoice.last_seen_shown).where(PresenceChoice.user_id == user_id)
    row = connection.execute(statement).first()
    return Choice(bool(row.shown), bool(row.last_seen_shown)) if row else Choice()


def choose(connection: Connection, user_id: int, chosen: Choice) -> None:
    values = {"shown": int(chosen.shown), "last_seen_shown": int(chosen.last_seen_shown)}
    connection.execute(db.insert_missing(PresenceChoice).values(user_id=user_id, **values))
    connection.execute(update(PresenceChoice).where(PresenceChoice.user_id == user_id).values(**values))


def watched(connection: Connection, user_ids: Sequence[int]) -> dict[int, Watched]:
    """For each of up to 1000 users who may see them, which is also whom they may see."""
    contacts = connected_of(connection, user_ids)
    everybody = {*user_ids, *(other for others in contacts.values() for other in others)}
    hidden = _hidden(connection, everybody)
    names = dict(connection.execute(select(User.id, User.name).where(User.id.in_(user_ids))).all())
    seen = last_seen(connection, user_ids)
    return {
        user_id: Watched(
            names[user_id],
            [] if user_id in hidden else [other for other in others if other not in hidden],
            None if user_id in hidden else seen.get(user_id),
        )
        for user_id, others in contacts.items()
        if user_id in names
    }


def _hidden(connection: Connection, user_ids: Iterable[int]) -> set[int]:
    statement = select(PresenceChoice.user_id).where(PresenceChoice.user_id.in_(user_ids), PresenceChoice.shown == 0)
    return set(connection.execute(statement).scalars())


def visible(connection: Connection, user_id: int) -> dict[int, Watched]:
    """Those whom a user may see."""
    mine = watched(connection, [user_id]).get(user_id)
    return watched(connection, mine.watchers) if mine and mine.watchers else {}


def last_seen(connection: Connection, user_ids: Sequence[int]) -> dict[int, datetime]:
    """When they were last here; without those who do not show it."""
    statement = (
        select(LastSeen.user_id, LastSeen.at)
        .outerjoin(PresenceChoice, PresenceChoice.user_id == LastSeen.user_id)
        .where(LastSeen.user_id.in_(user_ids), func.coalesce(PresenceChoice.last_seen_shown, 1) == 1)
    )
    return dict(connection.execute(statement).all())


def note_last_seen(connection: Connection, user_ids: Sequence[int]) -> None:
    """They have just gone."""
    now = clock.now()
    rows = [{"user_id": user_id, "at": now} for user_id in sorted(user_ids)]
    connection.execute(db.insert_missing(LastSeen), rows)
    connection.execute(update(LastSeen).where(LastSeen.user_id.in_(user_ids)).values(at=now))
