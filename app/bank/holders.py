"""Whom a transfer would reach, as the person who asks may see it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from app.bank import payees
from app.bank.models import Account
from app.errors import AccountNotFound
from app.users.models import User

# Whether two people agreed to be each other's contacts.
Connected = Callable[[Connection, int, int], bool]


@dataclass(frozen=True, slots=True)
class Holder:
    """The person behind an account. `paid_before`: the one who asks has paid this person, into whatever account."""

    user_id: int
    name: str
    is_self: bool = False
    is_contact: bool = False
    paid_before: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the whole name is shown: who was paid is named in the payer's statement anyway."""
        return self.is_self or self.is_contact or self.paid_before


def of_account(connection: Connection, account_id: int) -> tuple[int, str]:
    """Id and registered name of the owner. Raises AccountNotFound."""
    row = connection.execute(
        select(User.id, User.name).join(Account, Account.user_id == User.id).where(Account.id == account_id)
    ).first()
    if row is None:
        raise AccountNotFound
    return row.id, row.name


def seen_by(connection: Connection, user_id: int, account_id: int, *, connected: Connected) -> Holder:
    """Raises AccountNotFound."""
    owner_id, name = of_account(connection, account_id)
    if owner_id == user_id:
        return Holder(owner_id, name, is_self=True)
    return Holder(
        owner_id,
        name,
        is_contact=connected(connection, user_id, owner_id),
        paid_before=bool(payees.last_payments(connection, user_id, [owner_id])),
    )
