"""What a person does in a conversation: within limits, in one transaction, and told to both."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

from app import wire
from app.chat import actions, money, payloads
from app.chat.actions import Connected
from app.chat.messages import Message
from app.chat.money import RequireOwned
from app.chat.sides import Side
from app.db import Database
from app.errors import NotConnected, TooFast, TooMuchText

MESSAGES = limiter.per_minute("chat-messages", 60)
CHANGES = limiter.per_minute("chat-changes", 30)
# What a person may put into conversations in a day, changes too: messages are kept for ever, their events for long.
TEXT_BYTES = limiter.per_day("chat-bytes", 2_000_000)
# What a message of any length takes besides its text.
MESSAGE_BYTES = 200
# A page tells of what it shows once a second at the most.
READS = limiter.per_minute("chat-reads", 120)
TYPING = limiter.per_minute("chat-typing", 40)
SEARCHES = limiter.per_minute("chat-searches", 10)
REQUESTS = limiter.per_hour("chat-requests", 60)
REQUESTS_TO_ONE = limiter.per_hour("chat-requests-to-one", 10)
REPORTS = limiter.per_day("chat-reports", 20)

Done = TypeVar("Done")
# Tell every socket of a user; best effort.
Tell = Callable[[int, str, Any], None]


class Chat:
    """`connected`: whether two people may chat. `held_connected`: the same, and it stays so until the transaction ends.
    `committed` is told after each commit; it must not wait or raise."""

    def __init__(
        self,
        db: Database,
        limits: Limiter,
        *,
        connected: Connected,
        held_connected: Connected,
        require_owned: RequireOwned,
        tell: Tell,
        committed: Callable[[], None],
    ) -> None:
        self._db = db
        self._limits = limits
        self._connected = connected
        self._held_connected = held_connected
        self._require_owned = require_owned
        self._tell = tell
        self._committed = committed

    def send(self, user_id: int, *, receiver_id: int, text: str, client_id: str) -> Message:
        """Raises TooFast, TooMuchText, NotConnected, ClientIdReused."""
        self._limits.check(MESSAGES, str(user_id))
        self._count_bytes(user_id, text)
        return self._do(
            actions.send,
            sender_id=user_id,
            receiver_id=receiver_id,
            text=text,
            client_id=client_id,
            connected=self._held_connected,
        )

    def edit(self, user_id: int, body: payloads.Edit) -> Message:
        """Raises TooFast, TooMuchText, NotFound, TooLate, NotConnected."""
        self._limits.check(CHANGES, str(user_id))
        self._count_bytes(user_id, body.texto)
        return self._do(
            actions.edit, user_id=user_id, message_id=body.id, text=body.texto, connected=self._held_connected
        )

    def delete(self, user_id: int, body: payloads.Delete) -> Message:
        """Raises TooFast, NotFound, TooLate."""
        self._limits.check(CHANGES, str(user_id))
        return self._do(actions.delete, user_id=user_id, message_id=body.id)

    def read(self, user_id: int, body: payloads.UpTo) -> Side:
        """Raises TooFast, NotFound."""
        self._limits.check(READS, str(user_id))
        return self._do(actions.read, user_id=user_id, other_id=body.usuario_id, to=body.ate, connected=self._connected)

    def receive(self, user_id: int, body: payloads.UpTo) -> Side:
        """Raises TooFast, NotFound."""
        self._limits.check(READS, str(user_id))
        return self._do(
            actions.receive, user_id=user_id, other_id=body.usuario_id, to=body.ate, connected=self._connected
        )

    def type(self, user_id: int, body: payloads.To) -> None:
        """Tell the other that the user is writing; what is too much or not allowed is told to nobody."""
        try:
            self._limits.check(TYPING, str(user_id))
            self._db.read(actions.require_connected, user_id, body.para, self._connected)
        except (TooFast, NotConnected):
            return
        self._tell(body.para, wire.CHAT_DIGITANDO, wire.ChatDigitando(usuario_id=user_id))

    def ask(self, user_id: int, body: payloads.Ask) -> Message:
        """Raises TooFast, NotConnected, ClientIdReused, AccountNotFound, NotYourAccount."""
        self._limits.check(REQUESTS, str(user_id))
        self._limits.check(REQUESTS_TO_ONE, str(user_id), str(body.usuario_id))
        return self._do(
            money.ask,
            sender_id=user_id,
            receiver_id=body.usuario_id,
            account_id=body.correntista_id,
            amount_cents=body.valor,
            text=body.descricao,
            client_id=body.id_cliente,
            connected=self._held_connected,
            require_owned=self._require_owned,
        )

    def settle(self, user_id: int, request_id: int, how: str) -> Message:
        """Refuse a request, or withdraw an own one. Raises TooFast, NotFound, RequestSettled."""
        self._limits.check(CHANGES, str(user_id))
        return self._do(money.settle, request_id=request_id, user_id=user_id, status=payloads.STATUS_OF[how])

    def report(self, user_id: int, other_id: int, body: payloads.Report) -> None:
        """Raises TooFast, NotFound."""
        self._limits.check(REPORTS, str(user_id))
        self._db.transact(
            actions.report, user_id=user_id, other_id=other_id, reason=body.motivo, message_id=body.mensagem_id
        )

    def _count_bytes(self, user_id: int, text: str) -> None:
        try:
            self._limits.check(TEXT_BYTES, str(user_id), cost=MESSAGE_BYTES + len(text.encode()))
        except TooFast as error:
            raise TooMuchText(retry_after_s=error.retry_after_s) from None

    def _do(self, action: Callable[..., Done], **arguments: Any) -> Done:
        done = self._db.transact(action, **arguments)
        self._committed()
        return done
