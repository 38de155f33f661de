"""What contacts need to know of the bank, which `app.factory` hands over: neither imports the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection


class Payment(Protocol):
    """The last transfer of a person to `payee_id`. Amount in centavos."""

    @property
    def payee_id(self) -> int: ...
    @property
    def operation_id(self) -> int: ...
    @property
    def amount_cents(self) -> int: ...
    @property
    def description(self) -> str: ...
    @property
    def source_account_id(self) -> int: ...
    @property
    def target_account_id(self) -> int: ...
    @property
    def moved_at(self) -> datetime: ...


class History(Protocol):
    """Who has paid whom."""

    def newest_payees(self, connection: Connection, payer_id: int, limit: int) -> Sequence[Payment]:
        """The last payment to each of up to `limit` people, the latest first."""

    def last_payments(self, connection: Connection, payer_id: int, payee_ids: Sequence[int]) -> Mapping[int, Payment]:
        """The last payment to each of these people who was ever paid."""

    def dealt_with(self, connection: Connection, user_id: int, other_ids: Sequence[int]) -> set[int]:
        """Those of `other_ids` whom the user has paid or was paid by."""

    def first_accounts(self, connection: Connection, user_ids: Sequence[int]) -> dict[int, int]:
        """The account by user id that money for a person goes to when nobody chose one."""
