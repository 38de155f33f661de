"""Socket doors of the bank. They answer; they never emit by themselves."""

from typing import Any

from app import wire
from app.bank import accounts, payloads
from app.db import Database
from app.fields import Body, Id, read


class BalanceRequest(Body):
    correntista_id: Id


def on_solicitar_saldo(db: Database, user_id: int, data: object) -> tuple[str, Any]:
    """The balance of an own account, to the socket that asked. Raises AccountNotFound, NotYourAccount, Invalid."""
    body = read(BalanceRequest, data)
    return wire.SALDO_ATUALIZADO, payloads.balance(db.read(accounts.owned, body.correntista_id, user_id))
