"""Conversations, their pages, and what a search finds in them. What a page costs does not grow with the history."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, LargeBinary, Select, cast, func, select, union_all

from app.chat.messages import Message, names_of, select_messages
from app.chat.models import ChatMessage, ChatSide
from app.chat.sides import Side
from app.search import folded

CONVERSATIONS_MAX = 200
PAGE_ROWS_MAX = 100
# A text is looked for in this many messages at a time; the answer says where it goes on.
SEARCH_ROWS_MAX = 1000
# Only the beginning of a longer one is looked for: at each character of a text, MariaDB may compare all of it.
SEARCH_BYTES_MAX = 200


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's side, and the other's, whose reading the first one sees as ticks."""

    side: Side
    other_name: str
    other_read_to: int
    other_received_to: int
    last: Message | None


@dataclass(frozen=True, slots=True)
class Page:
    """`next_before_id` of the page that follows; None when there is none."""

    rows: list[Message]
    next_before_id: int | None


_OWN = tuple(getattr(ChatSide, name) for name in Side.__dataclass_fields__)


def conversations(connection: Connection, user_id: int) -> list[Conversation]:
    """The CONVERSATIONS_MAX newest of a user's, newest first."""
    newest = select(*_OWN).where(ChatSide.user_id == user_id, ChatSide.last_id > 0)
    rows = connection.execute(newest.order_by(ChatSide.last_id.desc()).limit(CONVERSATIONS_MAX)).all()
    return _with_others(connection, [Side(*row) for row in rows])


def conversation(connection: Connection, user_id: int, other_id: int) -> Conversation | None:
    """One conversation, or None before its first message."""
    rows = connection.execute(select(*_OWN).where(ChatSide.user_id == user_id, ChatSide.other_id == other_id)).all()
    found = _with_others(connection, [Side(*row) for row in rows])
    return found[0] if found else None


def _with_others(connection: Connection, own: list[Side]) -> list[Conversation]:
    if not own:
        return []
    others = {side.other_id for side in own}
    theirs = select(ChatSide.user_id, ChatSide.read_to, ChatSide.received_to).where(
        ChatSide.user_id.in_(others), ChatSide.other_id == own[0].user_id
    )
    ticks = {row.user_id: row for row in connection.execute(theirs)}
    last = select_messages().where(ChatMessage.id.in_([side.last_id for side in own]))
    messages = {message.id: message for message in (Message(*row) for row in connection.execute(last))}
    names = names_of(connection, others)
    return [
        Conversation(
            side,
            names[side.other_id],
            ticks[side.other_id].read_to,
            ticks[side.other_id].received_to,
            messages.get(side.last_id),
        )
        for side in own
    ]


def unread(connection: Connection, user_id: int) -> int:
    """How many messages the user has not read, in all conversations."""
    statement = select(func.coalesce(func.sum(ChatSide.unread), 0)).where(ChatSide.user_id == user_id)
    return int(connection.execute(statement).scalar_one())


def page(
    connection: Connection, user_id: int, other_id: int, *, limit: int, before_id: int | None, after_id: int | None
) -> Page:
    """Up to `limit` (≤ PAGE_ROWS_MAX) messages of a conversation: the newest first, or, after a message, the oldest
    first. Empty where there is no such conversation."""
    assert 0 < limit <= PAGE_ROWS_MAX
    low_id, high_id = sorted((user_id, other_id))
    statement = select_messages().where(ChatMessage.low_id == low_id, ChatMessage.high_id == high_id)
    if before_id is not None:
        statement = statement.where(ChatMessage.id < before_id)
    if after_id is not None:
        statement = statement.where(ChatMessage.id > after_id)
    order = ChatMessage.id.desc() if after_id is None else ChatMessage.id.asc()
    rows = [Message(*row) for row in connection.execute(statement.order_by(order).limit(limit + 1))]
    more = len(rows) > limit
    return Page(rows[:limit], rows[limit - 1].id if more and after_id is None else None)


def search(connection: Connection, user_id: int, *, text: str, limit: int, before_id: int | None) -> Page:
    """Up to `limit` of the user's messages that hold `text`, newest first, among the SEARCH_ROWS_MAX before
    `before_id`: the page may be short, or empty, and still not be the last one."""
    assert 0 < limit <= PAGE_ROWS_MAX
    wanted = folded(text).encode()[:SEARCH_BYTES_MAX]
    if not wanted:
        return Page([], None)
    looked_at = _newest_ids(user_id, before_id).subquery()
    oldest = connection.execute(
        select(looked_at.c.id).order_by(looked_at.c.id.desc()).offset(SEARCH_ROWS_MAX - 1).limit(1)
    ).scalar_one_or_none()
    # As bytes: MariaDB compares characters four times more slowly.
    holds = func.instr(cast(ChatMessage.search_text, LargeBinary), wanted) > 0
    statement = (
        select_messages()
        .join(looked_at, looked_at.c.id == ChatMessage.id)
        .where(looked_at.c.id >= (oldest or 0), holds)
    )
    rows = [Message(*row) for row in connection.execute(statement.order_by(ChatMessage.id.desc()).limit(limit + 1))]
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1].id)
    return Page(rows, oldest)


def _newest_ids(user_id: int, before_id: int | None) -> Any:
    """Ids of the newest messages on each side of the pair, each by its own index."""
    halves: list[Select[tuple[int]]] = []
    for column in (ChatMessage.low_id, ChatMessage.high_id):
        ids = select(ChatMessage.id).where(column == user_id)
        if before_id is not None:
            ids = ids.where(ChatMessage.id < before_id)
        newest = ids.order_by(ChatMessage.id.desc()).limit(SEARCH_ROWS_MAX).subquery()
        halves.append(select(newest.c.id))
    return union_all(*halves)
