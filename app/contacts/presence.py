"""Contacts see each other come and go: who is told what, and what a page that has just come is given."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from flask_socketio_cluster.delivery.delivery import Delivery
from flask_socketio_cluster.errors import BusUnavailable
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from flask_socketio_cluster.presence import Change, Listing, Presence
from redis.exceptions import RedisError

from app import clock, wire
from app.contacts import presence_queries
from app.contacts.presence_queries import Choice, Watched
from app.contacts.queries import USERS_AT_ONCE_MAX
from app.db import Database
from app.errors import DatabaseDown, PresenceDown

LISTS = limiter.per_minute("presence-lists", 60)
CHOICES = limiter.per_minute("presence-choices", 10)


class ContactPresence:
    def __init__(self, db: Database, limits: Limiter, presence: Presence, delivery: Delivery) -> None:
        self._db = db
        self._limits = limits
        self._presence = presence
        self._delivery = delivery
        presence.listen(self._changed, self._lost)

    def listing(self, user_id: int) -> wire.PresencaLista:
        """Whom the user may see. Raises TooFast, PresenceDown, DatabaseDown."""
        self._limits.check(LISTS, str(user_id))
        seen = self._db.read(presence_queries.visible, user_id)
        return _listing(seen, self._listing(list(seen)))

    def choose(self, user_id: int, chosen: Choice) -> None:
        """Be shown or not, from now on; those who see the difference are told. Raises TooFast."""
        self._limits.check(CHOICES, str(user_id))
        before = self._db.read(presence_queries.watched, [user_id])[user_id]
        self._db.transact(presence_queries.choose, user_id, chosen)
        after = self._db.read(presence_queries.watched, [user_id])[user_id]
        self._tell_of([user_id, *before.watchers, *after.watchers], between=user_id)

    def changed_contact(self, user_id: int, other_id: int) -> None:
        """Two people are contacts from now on, or no longer. Tells what it can, and raises nothing."""
        with suppress(DatabaseDown):
            self._tell_of([user_id, other_id], between=user_id)

    def _tell_of(self, people: Iterable[int], *, between: int) -> None:
        """Tell one person of the others, and them of that one, as they may see each other now."""
        everybody = list(dict.fromkeys(people))[:USERS_AT_ONCE_MAX]
        seen = self._db.read(presence_queries.watched, everybody)
        try:
            listing = self._listing(everybody)
        except PresenceDown:
            return  # a page that comes back asks anyway
        messages = []
        for other in everybody[1:]:
            for of, to in ((between, other), (other, between)):
                sees = to in seen[of].watchers
                watched = seen[of] if sees else replace(seen[of], last_seen=None)
                online = sees and of in listing.online
                messages.append((to, _told(of, watched, online=online, version=listing.version)))
        with suppress(BusUnavailable):  # as above
            self._delivery.tell_each(wire.PRESENCA, messages)

    def _changed(self, changes: Sequence[Change]) -> None:
        """People came or went: tell those who may see them. What it costs is the number of these.

        Also those who are not here, as far as is known: a page that comes just now asks once it is in its room, and
        hears whatever is told from then on.
        """
        newest = {int(change.key): change for change in sorted(changes, key=lambda change: change.version)}
        gone = [user_id for user_id, change in newest.items() if not change.online]
        if gone:
            self._db.transact(presence_queries.note_last_seen, gone)
        seen = self._db.read(presence_queries.watched, list(newest))
        self._delivery.tell_each(
            wire.PRESENCA,
            [
                (watcher, _told(user_id, watched, online=newest[user_id].online, version=newest[user_id].version))
                for user_id, watched in seen.items()
                for watcher in watched.watchers
            ],
        )

    def _lost(self) -> None:
        """Redis forgot who was here: give every page of this node its list anew."""
        for page in _pages(self._delivery.keys()):
            mine = self._db.read(presence_queries.watched, page)
            others = list({other for watched in mine.values() for other in watched.watchers})
            seen: dict[int, Watched] = {}
            listings = []
            for part in _pages(others):
                seen |= self._db.read(presence_queries.watched, part)
                listings.append(self._presence.listing(part))
            online = frozenset().union(*(listing.online for listing in listings))
            listing = Listing(online, min((listing.version for listing in listings), default=0))
            for user_id, watched in mine.items():
                own = {other: seen[other] for other in watched.watchers if other in seen}
                self._delivery.say_here(user_id, wire.PRESENCA_LISTA, _listing(own, listing))

    def _listing(self, user_ids: Sequence[int]) -> Listing:
        try:
            return self._presence.listing(user_ids)
        except RedisError:
            raise PresenceDown from None


def _pages(user_ids: Iterable[Any]) -> Iterable[list[int]]:
    left = iter(user_ids)
    while page := list(islice(left, USERS_AT_ONCE_MAX)):
        yield page


def _listing(seen: dict[int, Watched], listing: Listing) -> wire.PresencaLista:
    return {
        "usuarios": [
            {"usuario_id": user_id, "nome": seen[user_id].name} for user_id in seen if user_id in listing.online
        ],
        "vistos": {
            str(user_id): clock.iso(watched.last_seen)
            for user_id, watched in seen.items()
            if watched.last_seen and user_id not in listing.online
        },
        "versao": listing.version,
    }


def _told(user_id: int, watched: Watched, *, online: bool, version: int) -> wire.Presenca:
    return {
        "usuario_id": user_id,
        "nome": watched.name,
        "online": online,
        "versao": version,
        "visto_em": clock.iso(watched.last_seen) if watched.last_seen and not online else None,
    }
