"""Operations that somebody wants done on a day to come: what is looked at when they are asked for, and the posting."""

from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app.bank import accounts, pace, payloads
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.db import Database
from app.errors import AppError, Invalid, SameAccount


def posting(
    kind: str,
    user_id: int,
    *,
    amount_cents: int,
    description: str,
    source_account_id: int,
    target_account_id: int | None,
) -> Posting:
    """`target_account_id` is None for a payment."""
    target = CASH_ACCOUNT_ID if target_account_id is None else target_account_id
    return Posting(kind, user_id, amount_cents, description or payloads.label(kind), source_account_id, target)


def check(db: Database, limits: Limiter, order: Posting, *, address: str) -> None:
    """Look at the accounts, and count it as an operation is counted: nobody counts it on its day.

    Raises AccountNotFound, NotYourAccount, SameAccount, Invalid, OperationLimit, TooFast.
    """
    try:
        db.read(_look, order)
    except AppError as error:
        raise pace.told_of(error, limits, order.user_id, address) from None
    too_fast = pace.refusal_of(limits, db, order, address=address)
    if too_fast is not None:
        raise too_fast


def _look(connection: Connection, order: Posting) -> None:
    accounts.owned(connection, order.source_account_id, order.user_id)
    if order.kind != payloads.TRANSFER:
        return
    if order.source_account_id == order.target_account_id:
        raise SameAccount
    if accounts.owner(connection, order.target_account_id) == order.user_id:
        return
    # Many at once, each with its words, would fill somebody's inbox on one morning.
    if order.amount_cents < pace.TINY_BELOW_CENTS:
        raise Invalid("valor: uma transferência agendada para outra pessoa é de ao menos R$ 1,00.")
