"""Accounts, the double-entry ledger and the idempotency keys. All amounts are integer centavos."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, UtcMoment, exact_text
from app.fields import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX
from app.money import BALANCE_CENTS_MAX

# The bank's own cash account: the other side of what enters or leaves the bank. Its balance is the sum of
# its entries and is kept nowhere else, so that deposits do not queue for one row (docs/adr/0003).
CASH_ACCOUNT_ID = -1


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint(f"balance_cents >= 0 AND balance_cents <= {BALANCE_CENTS_MAX}", name="balance_in_range"),
        Index("ix_accounts_user_id", "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Null only for the cash account.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    balance_cents: Mapped[int] = mapped_column(BigId, default=0)
    # Counts the changes of the balance: `versao` on the wire.
    version: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class OperationRow(Base):
    """One committed operation. Never changed."""

    __tablename__ = "operations"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_operations_created_at", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    amount_cents: Mapped[int] = mapped_column(BigId)
    description: Mapped[str] = mapped_column(String(DESCRIPTION_CHARS_MAX))
    source_account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"))
    target_account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class Entry(Base):
    """One side of an operation: negative leaves the account.

    Never changed or deleted: triggers refuse it, where they can be made (docs/adr/0009).

    `id` grows with the order of the commits of one account, since the account's row is locked first.
    """

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint("amount_cents <> 0", name="amount_not_zero"),
        Index("ix_entries_account_id_id", "account_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    operation_id: Mapped[int] = mapped_column(BigId, ForeignKey("operations.id"), index=True)
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"))
    amount_cents: Mapped[int] = mapped_column(BigId)
    # Null only for the cash account.
    balance_after_cents: Mapped[int | None] = mapped_column(BigId)


class StatementLine(Base):
    """What filters and sums read of one entry of a customer's account, written with it.

    A copy: all of it follows from the ledger, which is never changed.
    """

    __tablename__ = "statement_lines"
    __table_args__ = (Index("ix_statement_lines_credit", "account_id", "credit", "entry_id"),)

    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date)
    moved_at: Mapped[datetime] = mapped_column(UtcMoment)
    # 1 for what came, 0 for what went.
    credit: Mapped[int] = mapped_column(SmallInteger)
    amount_cents: Mapped[int] = mapped_column(BigId)
    # `search.line_text`: folded already, so both databases only compare bytes.
    search_text: Mapped[str] = mapped_column(Text().with_variant(Text(collation="utf8mb4_bin"), "mysql", "mariadb"))


class DayTotals(Base):
    """What one account did on one day, written with every entry, so that no sum reads the entries themselves."""

    __tablename__ = "day_totals"

    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    in_cents: Mapped[int] = mapped_column(BigId)
    out_cents: Mapped[int] = mapped_column(BigId)
    # The part of both that only moved between accounts of one owner.
    own_in_cents: Mapped[int] = mapped_column(BigId)
    own_out_cents: Mapped[int] = mapped_column(BigId)
    closing_cents: Mapped[int] = mapped_column(BigId)
    first_entry_id: Mapped[int] = mapped_column(BigId)
    last_entry_id: Mapped[int] = mapped_column(BigId)


class IdempotencyKey(Base):
    """The first answer to a key. The row is inserted first and its lock makes a second request wait."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(exact_text(260), primary_key=True)
    # SHA-256 of the route and the parsed body.
    fingerprint: Mapped[str] = mapped_column(exact_text(64))
    status: Mapped[int] = mapped_column(SmallInteger)
    # JSON body of the answer; an error's slug when status is 4xx.
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class Receipt(Base):
    """The code under which anybody may confirm that a receipt is true; made when the receipt is first asked for."""

    __tablename__ = "receipts"

    operation_id: Mapped[int] = mapped_column(BigId, ForeignKey("operations.id"), primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(exact_text(20), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class Payee(Base):
    """That one person has paid another: a copy of what the ledger says, written with every transfer between people."""

    __tablename__ = "payees"
    __table_args__ = (Index("ix_payees_payer_id", "payer_id", "last_at"),)

    payer_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    payee_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    first_operation_id: Mapped[int] = mapped_column(BigId)
    last_operation_id: Mapped[int] = mapped_column(BigId)
    last_at: Mapped[datetime] = mapped_column(UtcMoment)


class PeopleEntry(Base):
    """An entry of `user_id` whose other side is an account of `other_id`, so that a page of what went between the two
    costs the same whatever else either has done. A copy, like `Payee`."""

    __tablename__ = "people_entries"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
