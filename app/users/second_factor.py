"""The second factor: codes of an app (TOTP, RFC 6238) and ten recovery codes, each good once.

A code of the app counts when its time step is the present one or beside it, and later than the last one used: that is
looked at and written with the row locked, so of two who send the same code one gets in.
"""

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
import segno
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from app import clock, db
from app.errors import NoSecondFactor, SecondFactorActive, WrongCode
from app.users import codes
from app.users.models import RecoveryCode, SecondFactorRow

STEP_S = 30
STEPS_BESIDE = 1
# 160 bits, as RFC 4226 advises.
SECRET_BYTES = 20
ISSUER = "Saldo Vivo"
RECOVERY_CODES = 10
# Sixty bits: nobody finds one from its hash.
RECOVERY_GROUPS = 3
LIMIT_CENTS = 500_000
# Right ones count too, or tries at the same moment would not be counted in time.
TRIES_BY_USER = limiter.per_minute("second-factor", 5)
TRIES_BY_USER_HOURLY = limiter.per_hour("second-factor-hour", 40)
_PURPOSE = "segundo-fator"


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """`limit_cents`: from which amount on money asks for a code."""

    confirmed_at: datetime | None
    limit_cents: int
    recovery_codes_left: int


def count_try(limits: Limiter, user_id: int, *, is_inside: bool) -> None:
    """Before a code is compared. `is_inside`: by somebody with a session, from whom a thief of the password who tries
    to get in takes nothing away. Raises TooFast."""
    keys = str(user_id), "inside" if is_inside else "outside"
    limits.check(TRIES_BY_USER, *keys)
    limits.check(TRIES_BY_USER_HOURLY, *keys)


def state(connection: Connection, user_id: int) -> SecondFactor:
    """Also of who has none."""
    row = connection.execute(
        select(SecondFactorRow.confirmed_at, SecondFactorRow.limit_cents).where(SecondFactorRow.user_id == user_id)
    ).first()
    if row is None or row.confirmed_at is None:
        return SecondFactor(None, LIMIT_CENTS, 0)
    own = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return SecondFactor(row.confirmed_at, row.limit_cents, connection.execute(own).scalar_one())


def limit_cents(connection: Connection, user_id: int) -> int | None:
    """From which amount on this person's money asks for a code; None where there is no second factor."""
    return connection.execute(
        select(SecondFactorRow.limit_cents).where(
            SecondFactorRow.user_id == user_id, SecondFactorRow.confirmed_at.is_not(None)
        )
    ).scalar_one_or_none()


def is_active(connection: Connection, user_id: int) -> bool:
    return limit_cents(connection, user_id) is not None


def propose(connection: Connection, user_id: int) -> str:
    """A new secret, which counts once a code of it was confirmed. Raises SecondFactorActive. Locks the row."""
    secret = b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    values = {"secret": secret, "confirmed_at": None, "last_step": 0, "limit_cents": LIMIT_CENTS}
    connection.execute(db.insert_missing(SecondFactorRow).values(user_id=user_id, **values))
    pending = SecondFactorRow.user_id == user_id, SecondFactorRow.confirmed_at.is_(None)
    if connection.execute(update(SecondFactorRow).where(*pending).values(**values)).rowcount == 0:
        raise SecondFactorActive
    return secret


def confirm(connection: Connection, user_id: int, code: str) -> list[str]:
    """From now on the second factor is asked for; its recovery codes, which nobody can read again.

    Raises NoSecondFactor, SecondFactorActive, WrongCode. Locks the row.
    """
    row = _locked(connection, user_id)
    if row is None:
        raise NoSecondFactor
    if row.confirmed_at is not None:
        raise SecondFactorActive
    _use_step(connection, user_id, row.secret, row.last_step, code)
    own = update(SecondFactorRow).where(SecondFactorRow.user_id == user_id)
    connection.execute(own.values(confirmed_at=clock.now()))
    made = [codes.new_code(RECOVERY_GROUPS) for _ in range(RECOVERY_CODES)]
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    hashes = [{"user_id": user_id, "code_hash": _hash(each, user_id)} for each in made]
    connection.execute(insert(RecoveryCode), hashes)
    return made


def use(connection: Connection, user_id: int, code: str) -> None:
    """A code of the app or a recovery code, used up. Locks the row. Raises NoSecondFactor, WrongCode."""
    row = _locked(connection, user_id)
    if row is None or row.confirmed_at is None:
        raise NoSecondFactor
    typed = codes.as_typed(code)
    if len(typed) > pyotp.TOTP(row.secret).digits:
        own = delete(RecoveryCode).where(
            RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(typed, user_id)
        )
        if connection.execute(own).rowcount == 0:
            raise WrongCode
    else:
        _use_step(connection, user_id, row.secret, row.last_step, typed)


def switch_off(connection: Connection, user_id: int) -> None:
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    connection.execute(delete(SecondFactorRow).where(SecondFactorRow.user_id == user_id))


def set_limit(connection: Connection, user_id: int, cents: int) -> None:
    own = update(SecondFactorRow).where(SecondFactorRow.user_id == user_id)
    connection.execute(own.values(limit_cents=cents))


def uri(secret: str, email: str) -> str:
    """What an app reads, as otpauth://."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_of(text: str) -> str:
    """The same as a picture: SVG in a data address."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(scale=4, border=4))


def _locked(connection: Connection, user_id: int) -> Row[*tuple[Any, ...]] | None:
    own = select(SecondFactorRow.secret, SecondFactorRow.confirmed_at, SecondFactorRow.last_step)
    return connection.execute(own.where(SecondFactorRow.user_id == user_id).with_for_update()).first()


def _use_step(connection: Connection, user_id: int, secret: str, last_step: int, code: str) -> None:
    """Raises WrongCode."""
    totp, present = pyotp.TOTP(secret, interval=STEP_S), int(clock.unix_s()) // STEP_S
    typed = codes.as_typed(code)
    for step in range(max(present - STEPS_BESIDE, last_step + 1), present + STEPS_BESIDE + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode()):
            own = update(SecondFactorRow).where(SecondFactorRow.user_id == user_id)
            connection.execute(own.values(last_step=step))
            return
    raise WrongCode


def _hash(code: str, user_id: int) -> str:
    return codes.hash_of(code, purpose=_PURPOSE, user_id=user_id)
