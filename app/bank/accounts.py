"""Accounts: open and list."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from app import clock, db
from app.bank.models import Account
from app.errors import AccountNotFound, NotYourAccount, TooManyAccounts
from app.users.models import User

ACCOUNTS_PER_USER_MAX = 20


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as it is now. `version` counts the changes of its balance.

    `name` is the owner's own word for it, which nobody else is shown; `holder_name` is the owner's registered name.
    """

    id: int
    user_id: int
    name: str
    holder_name: str
    balance_cents: int
    version: int


def open_account(connection: Connection, user_id: int, name: str) -> AccountState:
    """A new account with balance 0. Locks the user's row. Raises TooManyAccounts."""
    holder_name = connection.execute(select(User.name).where(User.id == user_id).with_for_update()).scalar_one()
    count = connection.execute(select(func.count()).select_from(Account).where(Account.user_id == user_id)).scalar_one()
    if count >= ACCOUNTS_PER_USER_MAX:
        raise TooManyAccounts
    result = connection.execute(
        insert(Account).values(user_id=user_id, name=name, balance_cents=0, version=0, created_at=clock.now())
    )
    return AccountState(db.new_id(result), user_id, name, holder_name, 0, 0)


def select_states() -> Select[*tuple[Any, ...]]:
    """Customers' accounts, each row for `state`. A lock on it takes the accounts' rows, not their owners'."""
    holder_name = select(User.name).where(User.id == Account.user_id).scalar_subquery()
    statement: Select[*tuple[Any, ...]] = select(
        Account.id, Account.user_id, Account.name, holder_name, Account.balance_cents, Account.version
    ).where(Account.user_id.is_not(None))
    return statement


def state(row: Row[*tuple[Any, ...]]) -> AccountState:
    """A row of `select_states`."""
    return AccountState(*row)


def of_user(connection: Connection, user_id: int) -> list[AccountState]:
    """The user's accounts, oldest first."""
    rows = connection.execute(select_states().where(Account.user_id == user_id).order_by(Account.id))
    return [state(row) for row in rows]


def owned(connection: Connection, account_id: int, user_id: int) -> AccountState:
    """Raises AccountNotFound, NotYourAccount."""
    row = connection.execute(select_states().where(Account.id == account_id)).first()
    if row is None:
        raise AccountNotFound
    if row.user_id != user_id:
        raise NotYourAccount
    return state(row)


def counterpart_name(own: AccountState, other: AccountState) -> str:
    """What the owner of `own` reads as the other party: the person, or their own word for an account of theirs."""
    return other.name if other.user_id == own.user_id else other.holder_name
