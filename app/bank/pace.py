"""How fast one person, or one address with many, may move money, fill somebody's inbox, or learn names and which
accounts there are.

Asked before the transaction, since Redis is a network away. See docs/security.md.
"""

from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter, Rate
from sqlalchemy import Connection, select

from app.bank.ledger import Posting
from app.bank.models import Account
from app.bank.payloads import TRANSFER
from app.db import Database
from app.errors import AccountNotFound, AppError, NotYourAccount, NotYourOperation, OperationLimit, TooFast

OPERATIONS_BY_USER = limiter.per_minute("operations", 300)

# Below one real a transfer is worth little but the words and the notification that come with it.
TINY_BELOW_CENTS = 100
TINY_TO_ONE_PERSON = limiter.per_hour("tiny-to-person", 10)
TINY_RECEIVED = limiter.per_hour("tiny-received", 60)

# A transfer shows both parties' names, so people who were not paid before count as names asked for.
NEW_RECIPIENTS = limiter.per_hour("new-recipients", 60)
KNOWN_RECIPIENT = limiter.per_day("known-recipient", 1)
# An address registers a hundred people an hour. Whom many there pay, such as a shop, counts once.
NEW_RECIPIENTS_BY_ADDRESS = limiter.per_hour("new-recipients-address", 200)
KNOWN_TO_ADDRESS = limiter.per_day("known-to-address", 1)

HOLDERS_BY_USER = limiter.per_minute("holder", 20)
HOLDERS_BY_ADDRESS = limiter.per_minute("holder-address", 100)

# Questions about an account that is not there or not theirs: 404 and 403 tell which accounts there are.
PROBES_BY_USER = limiter.per_minute("probe", 30)
PROBES_BY_ADDRESS = limiter.per_minute("probe-address", 100)

_TINY = "Esta pessoa já recebeu muitas transferências de menos de R$ 1,00. Tente de novo mais tarde."
_NEW = "Você transferiu para muitas pessoas novas em pouco tempo. Tente de novo mais tarde."
_NEW_FROM_ADDRESS = (
    "Da sua conexão já se transferiu para muitas pessoas novas em pouco tempo. Tente de novo mais tarde."
)


def refusal_of(limits: Limiter, db: Database, posting: Posting, *, address: str) -> OperationLimit | None:
    """Count an operation that is about to be done; why it may not be, or None. Raises DatabaseDown."""
    try:
        _count(limits, OPERATIONS_BY_USER, OperationLimit.text, str(posting.user_id))
        if posting.kind == TRANSFER:
            _count_transfer(limits, db, posting, address)
    except OperationLimit as refusal:
        return refusal
    return None


def _count_transfer(limits: Limiter, db: Database, posting: Posting, address: str) -> None:
    sender, account = str(posting.user_id), str(posting.target_account_id)
    if posting.amount_cents < TINY_BELOW_CENTS:
        owner = db.read(_owner_of, posting.target_account_id)
        if owner not in (None, posting.user_id):
            _count(limits, TINY_TO_ONE_PERSON, _TINY, sender, str(owner))
            _count(limits, TINY_RECEIVED, _TINY, str(owner))
    if not limits.is_used_up(KNOWN_RECIPIENT, sender, account):
        _count(limits, NEW_RECIPIENTS, _NEW, sender)
        if not limits.is_used_up(KNOWN_TO_ADDRESS, address, account):
            _count(limits, NEW_RECIPIENTS_BY_ADDRESS, _NEW_FROM_ADDRESS, address)
            limits.note(KNOWN_TO_ADDRESS, address, account)
        limits.note(KNOWN_RECIPIENT, sender, account)  # another transfer to them may just have done so


def _count(limits: Limiter, rate: Rate, text: str, *keys: str) -> None:
    try:
        limits.check(rate, *keys)
    except TooFast as error:
        raise OperationLimit(text, retry_after_s=error.retry_after_s) from None


def _owner_of(connection: Connection, account_id: int) -> int | None:
    return connection.execute(select(Account.user_id).where(Account.id == account_id)).scalar_one_or_none()


def count_holder(limits: Limiter, user_id: int, address: str) -> None:
    """Count a look at whom a transfer would reach. Raises TooFast."""
    limits.check(HOLDERS_BY_USER, str(user_id))
    limits.check(HOLDERS_BY_ADDRESS, address)


def told_of(error: AppError, limits: Limiter, user_id: int, address: str) -> AppError:
    """What is told to a user who asked for what is not there or not theirs: `error`, or that it was too often."""
    if not isinstance(error, AccountNotFound | NotYourAccount | NotYourOperation):
        return error
    try:
        limits.check(PROBES_BY_USER, str(user_id))
        limits.check(PROBES_BY_ADDRESS, address)
    except TooFast as too_fast:
        return too_fast
    return error
