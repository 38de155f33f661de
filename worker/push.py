"""Push to closed pages: follows the streams of those who have subscribed.

An event is pushed when it is older than SETTLED_S and no socket of the person took it. How far a device is stands in
its row and is written after the push: a worker that dies in between pushes again, and the message's tag makes the
second take the place of the first.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gevent.pool import Pool
from sqlalchemy import Connection, bindparam, select

from app import clock, money, wire
from app.chat import messages as messages_of_chat
from app.chat import sides
from app.db import Database
from app.jobs.job import Result
from app.notifications import actions as inbox
from app.notifications.kinds import MESSAGE, REQUEST, SECURITY, kind_of
from app.notifications.preferences import Preferences, from_document
from app.push import actions, message
from app.push.actions import Subscription
from app.push.message import Message
from app.push.services import origin_of
from app.streams.models import StreamEvent
from worker.push_sender import Answer, Outcome, PushSender

SETTLED_S = 10
# Who was away for longer reads it in the page.
AGE_MAX = timedelta(hours=24)
EVENTS_AT_ONCE = 100
ONE_BY_ONE_MAX = 3
DEVICES_AT_ONCE = 200
SENDING_MAX = 16
# Less than the job's lease, by the longest push of each kind that may be under way.
RUN_S = 30
BACKOFF_S = 30
BACKOFF_MAX_S = 3600

_MESSAGE_KINDS = {messages_of_chat.TEXT: MESSAGE, messages_of_chat.REQUEST: REQUEST}
# Whether some socket of this user took the event of this seq; False when nobody knows. Raises nothing.
Taken = Callable[[int, int], bool]


_EVENTS = (
    select(StreamEvent.seq, StreamEvent.event, StreamEvent.payload, StreamEvent.created_at, StreamEvent.notices)
    .where(StreamEvent.user_id == bindparam("user"), StreamEvent.seq > bindparam("after"))
    .order_by(StreamEvent.seq)
    .limit(EVENTS_AT_ONCE)
)


@dataclass(frozen=True, slots=True)
class Told:
    """One event that the person may want to be told of."""

    seq: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settled:
    """The next events of a device that have settled: all up to `seq`. `news`: what of it is wanted and not read yet.
    `look_again`: when the event after them has settled."""

    news: list[Told]
    preferences: Preferences
    seq: int
    look_again: datetime | None


class PushJob:
    def __init__(self, db: Database, sender: PushSender, *, taken: Taken) -> None:
        self._db = db
        self._sender = sender
        self._taken = taken

    def run(self) -> Result:
        """Everything that has settled, of DEVICES_AT_ONCE devices, for RUN_S; what is left comes in the next run.

        A push service that cannot be reached is not asked again in this run, so it holds the others up for SEND_S.
        """
        until_s = clock.monotonic_s() + RUN_S
        found = self._db.read(actions.behind, clock.now(), DEVICES_AT_ONCE)
        away: set[str] = set()

        def serve(subscription: Subscription) -> int:
            return self._serve(subscription.id, away) if clock.monotonic_s() < until_s else 0

        sent = sum(Pool(SENDING_MAX).map(serve, found))
        return Result(f"devices: {len(found)}, pushes: {sent}", more=len(found) == DEVICES_AT_ONCE)

    def _serve(self, subscription_id: int, away: set[str]) -> int:
        """Tell one device; how many pushes were sent. Looks again whether it is subscribed: a logout may have come."""
        subscription = self._db.read(actions.current, subscription_id)
        if subscription is None:
            return 0
        settled = self._db.read(settled_events, subscription, clock.now())
        news = [told for told in settled.news if not self._taken(subscription.user_id, told.seq)]
        origin = origin_of(subscription.endpoint)
        for sent, (seq, push) in enumerate(messages(news, settled.preferences)):
            answer = Answer(Outcome.LATER) if origin in away else self._sender.send(subscription, push)
            if answer.is_away:
                away.add(origin)
            if not self._goes_on(subscription, seq, answer):
                return sent
        self._db.transact(_done, subscription, settled)
        return len(news)

    def _goes_on(self, subscription: Subscription, seq: int, answer: Answer) -> bool:
        """Note how the push of all up to `seq` went; whether the next one may follow."""
        if answer.outcome is Outcome.GONE:
            self._db.transact(actions.drop, subscription)
        elif answer.outcome is Outcome.LATER:
            pause_s = answer.retry_after_s or BACKOFF_S * 2 ** min(subscription.failures, 8)
            until = clock.now() + timedelta(seconds=min(pause_s, BACKOFF_MAX_S))
            self._db.transact(actions.put_off, subscription, until, failures=min(subscription.failures + 1, 1000))
        else:
            self._db.transact(actions.advance, subscription, seq)
            return True
        return False


def _done(connection: Connection, subscription: Subscription, settled: Settled) -> None:
    actions.advance(connection, subscription, settled.seq)
    if settled.look_again is not None:
        actions.put_off(connection, subscription, settled.look_again, failures=0)


def settled_events(connection: Connection, subscription: Subscription, now: datetime) -> Settled:
    user_id, settled_until = subscription.user_id, now - timedelta(seconds=SETTLED_S)
    preferences = from_document(inbox.preferences(connection, user_id))
    read = inbox.stand(connection, user_id).read
    settled = Settled([], preferences, subscription.pushed_to, None)
    for event in connection.execute(_EVENTS, {"user": user_id, "after": subscription.pushed_to}):
        if event.created_at > settled_until:
            return replace(settled, look_again=event.created_at + timedelta(seconds=SETTLED_S))
        settled = replace(settled, seq=event.seq)
        if event.created_at <= now - AGE_MAX:
            continue
        payload = json.loads(event.payload)
        if event.event == wire.NOTIFICACAO and read.has(event.notices):
            continue
        if event.event == wire.CHAT_MENSAGEM:
            payload = _unread_message(connection, user_id, payload)
        elif event.event != wire.NOTIFICACAO:
            continue
        if payload and _is_wanted(payload, preferences, now):
            settled.news.append(Told(event.seq, payload))
    return settled


def _unread_message(connection: Connection, user_id: int, event: dict[str, Any]) -> dict[str, Any] | None:
    """Somebody else's message as a notice; None for one that was read, and for a transfer, which has a notice."""
    kind = _MESSAGE_KINDS.get(event["tipo"])
    if kind is None or event["de"] == user_id:
        return None
    side = sides.of(connection, user_id, event["conversa"])
    if side is None or side.read_to >= event["mensagem_id"]:
        return None
    said = event["texto"] if kind == MESSAGE else f"pediu {money.to_text(money.parse_cents(str(event['valor'])))}"
    return {
        "tipo": kind,
        "mensagem": f"{event['nome']}: {said}",
        "dados": {"conversa": event["conversa"], "nome": event["nome"]},
        "id": event["id"],
    }


def _is_wanted(payload: dict[str, Any], preferences: Preferences, now: datetime) -> bool:
    return payload["dados"].get("propria") is not True and preferences.pushes(kind_of(payload), now)


def messages(news: list[Told], preferences: Preferences) -> list[tuple[int, Message]]:
    """One for each, or one for all when they are more than ONE_BY_ONE_MAX; each with the seq up to which it tells."""
    if len(news) > ONE_BY_ONE_MAX:
        is_urgent = any(kind_of(told.payload) == SECURITY for told in news)
        return [(news[-1].seq, message.of_many(len(news), is_urgent=is_urgent))]
    with_amounts = preferences.push_valores
    return [(told.seq, message.of_event(told.payload, with_amounts=with_amounts)) for told in news]
