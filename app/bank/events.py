"""Socket events of the bank. They answer; they never emit by themselves."""

from typing import Any

from flask_socketio_cluster.limits.limiter import Limiter

from app import wire
from app.bank import accounts, pace, payloads
from app.db import Database
from app.errors import AppError
from app.fields import Body, Id, read


class BalanceRequest(Body):
    correntista_id: Id


def on_solicitar_saldo(db: Database, limits: Limiter, user_id: int, data: object, *, address: str) -> tuple[str, Any]:
    """The balance of an own account, to the socket that asked.

    Raises AccountNotFound, NotYourAccount, Invalid, or TooFast for who asks for others' too often.
    """
    body = read(BalanceRequest, data)
    try:
        account = db.read(accounts.owned, body.correntista_id, user_id)
    except AppError as error:
        raise pace.told_of(error, limits, user_id, address) from None
    return wire.SALDO_ATUALIZADO, payloads.balance(account)
