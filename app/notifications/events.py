"""Socket events of the inbox."""

from app import wire
from app.db import Database
from app.fields import read
from app.notifications import payloads
from app.notifications.routes import Tell, mark


def on_notificacoes_lidas(db: Database, tell: Tell, user_id: int, data: object) -> wire.NotificacoesLidas:
    """Mark what is named as read and tell every socket of the user; returned for the acknowledgement.
    Raises Invalid, TooManyReadRanges."""
    return mark(db, tell, user_id, read(payloads.Read, data))
