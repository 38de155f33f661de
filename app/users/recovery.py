"""A way back in for who forgot the password: a code by mail, of which only the newest counts, once, for a while."""

import hmac
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from app import clock, db
from app.errors import WrongCode
from app.mail import outbox
from app.users import actions, codes
from app.users.models import RecoveryRow

LIFE = timedelta(minutes=15)
TRIES_MAX = 5
# Forty bits, of which five tries may be made.
GROUPS = 2
_PURPOSE = "recuperar"
_SUBJECT = "Saldo Vivo: código para criar uma nova senha"
# Without the name, which whoever registered could choose: the bank's mail says nothing in others' words.
_TEXT = """Olá!

Alguém pediu uma nova senha para a sua conta no Saldo Vivo. Se foi você, use este código:

    {code}

Ele vale por 15 minutos e uma única vez. Ninguém do banco pede este código.
Se não foi você, ignore esta mensagem: sua senha continua a mesma.
"""


def ask(connection: Connection, email: str) -> None:
    """A new code, in the outbox, for who has this e-mail; nothing for nobody. Locks the row of the code."""
    person = actions.by_email(connection, email)
    if person is None:
        return
    code = codes.new_code(GROUPS)
    hashed = codes.hash_of(code, purpose=_PURPOSE, user_id=person.id)
    values = {"code_hash": hashed, "tries": 0, "expires_at": clock.now() + LIFE}
    connection.execute(db.insert_missing(RecoveryRow).values(user_id=person.id, **values))
    connection.execute(update(RecoveryRow).where(RecoveryRow.user_id == person.id).values(**values))
    outbox.put(connection, recipient=email, subject=_SUBJECT, body=_TEXT.format(code=code), life=LIFE)


def try_code(connection: Connection, email: str, code: str) -> actions.Person | None:
    """Whose code it is; None for a wrong one, which is counted. It stays good. Locks the row of the code."""
    person = actions.by_email(connection, email)
    row = _locked(connection, person.id) if person else None
    if person is None or row is None or row.tries >= TRIES_MAX or row.expires_at <= clock.now():
        return None
    if _is_good(row, code):
        return person
    tried = update(RecoveryRow).where(RecoveryRow.user_id == person.id)
    connection.execute(tried.values(tries=RecoveryRow.tries + 1))
    return None


def use_up(connection: Connection, user_id: int, code: str) -> None:
    """Raises WrongCode when it is not good any more. Locks the row of the code."""
    row = _locked(connection, user_id)
    if row is None or row.expires_at <= clock.now() or not _is_good(row, code):
        raise WrongCode
    forget(connection, user_id)


def forget(connection: Connection, user_id: int) -> None:
    """No code is good any more."""
    connection.execute(delete(RecoveryRow).where(RecoveryRow.user_id == user_id))


def _locked(connection: Connection, user_id: int) -> Row[*tuple[Any, ...]] | None:
    return connection.execute(
        select(RecoveryRow.user_id, RecoveryRow.code_hash, RecoveryRow.tries, RecoveryRow.expires_at)
        .where(RecoveryRow.user_id == user_id)
        .with_for_update()
    ).first()


def _is_good(row: Row[*tuple[Any, ...]], code: str) -> bool:
    return hmac.compare_digest(row.code_hash, codes.hash_of(code, purpose=_PURPOSE, user_id=row.user_id))
