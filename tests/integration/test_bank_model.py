"""The bank does what a few lines of plain Python say, whatever is asked of it and in whatever order."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.bank import payloads, queries, reconciliation
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.payloads import ReceiptOut
from app.db import Database
from app.errors import AccountNotFound, AppError, InsufficientFunds, KeyReused, NotYourAccount
from app.streams.stream import streams
from tests.integration.customers import Customer, answered, new_customer

NOBODY_S_ACCOUNT = 999_999
CENTS = st.integers(1, 1000) | st.integers(1, 100_000_000_000)
KEYS = st.sampled_from(["k1", "k2", "k3"])

# What an operation ended in: its refusal, or None.
Verdict = type[AppError] | None


@dataclass
class Model:
    """What the bank should know. Accounts by id."""

    owner: dict[int, int] = field(default_factory=dict)
    balance: dict[int, int] = field(default_factory=dict)
    rows: dict[int, list[int]] = field(default_factory=dict)
    events: dict[int, int] = field(default_factory=dict)
    answers: dict[tuple[int, str], tuple[Posting, Verdict, ReceiptOut | None]] = field(default_factory=dict)

    def open(self, user: int, account: int) -> None:
        self.owner[account], self.balance[account], self.rows[account] = user, 0, []
        self.events.setdefault(user, 0)

    def verdict(self, posting: Posting) -> Verdict:
        named = [a for a in (posting.source_account_id, posting.target_account_id) if a != CASH_ACCOUNT_ID]
        if any(account not in self.owner for account in named):
            return AccountNotFound
        if self.owner[named[0]] != posting.user_id:
            return NotYourAccount
        source = posting.source_account_id
        if source != CASH_ACCOUNT_ID and self.balance[source] < posting.amount_cents:
            return InsufficientFunds
        return None

    def move(self, posting: Posting) -> None:
        touched = set()
        for account, change in (
            (posting.source_account_id, -posting.amount_cents),
            (posting.target_account_id, posting.amount_cents),
        ):
            if account != CASH_ACCOUNT_ID:
                self.balance[account] += change
                self.rows[account].insert(0, change)
                touched.add(self.owner[account])
        for user in touched:
            self.events[user] += 1


class Bank(RuleBasedStateMachine):
    """Two people to begin with, more accounts later, and everything that they may ask."""

    template: Path
    customers = Bundle("customers")
    accounts = Bundle("accounts")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="saldo-model-")
        self.db = Database(f"sqlite:///{shutil.copy(self.template, Path(self.folder.name) / 'bank.db')}")
        self.model = Model()
        self.numbers = iter(range(1_000_000))

    def teardown(self) -> None:
        try:
            self.check_streams()
            checks = self.db.transact(reconciliation.run)
            assert [check.faults for check in checks] == [[]] * len(checks)
        finally:
            self.db.dispose()
            self.folder.cleanup()

    @initialize(target=customers)
    def somebody_joins(self) -> Customer:
        return self.new_customer()

    @rule(target=customers)
    def another_joins(self) -> Customer:
        return self.new_customer()

    def new_customer(self) -> Customer:
        customer = new_customer(self.db)
        self.model.open(customer.id, customer.account)
        return customer

    @rule(target=accounts, customer=customers)
    def shows_the_first_account(self, customer: Customer) -> int:
        return customer.account

    @rule(target=accounts, customer=customers)
    def opens_an_account(self, customer: Customer) -> int:
        if sum(owner == customer.id for owner in self.model.owner.values()) >= 5:
            return customer.account
        account = customer.open_account()
        self.model.open(customer.id, account)
        return account

    @rule(customer=customers, cents=CENTS)
    def deposits_into_the_first_account(self, customer: Customer, cents: int) -> None:
        self.asks(Posting(payloads.DEPOSIT, customer.id, cents, "", CASH_ACCOUNT_ID, customer.account))

    @rule(customer=customers, account=accounts, cents=CENTS)
    def deposits(self, customer: Customer, account: int, cents: int) -> None:
        self.asks(Posting(payloads.DEPOSIT, customer.id, cents, "", CASH_ACCOUNT_ID, account))

    @rule(customer=customers, account=accounts, cents=CENTS, kind=st.sampled_from(["saque", "pagamento"]))
    def takes_out(self, customer: Customer, account: int, cents: int, kind: str) -> None:
        self.asks(Posting(kind, customer.id, cents, "", account, CASH_ACCOUNT_ID))

    @rule(customer=customers)
    def takes_out_everything(self, customer: Customer) -> None:
        if cents := self.model.balance[customer.account]:
            self.asks(Posting(payloads.WITHDRAWAL, customer.id, cents, "", customer.account, CASH_ACCOUNT_ID))

    @rule(customer=customers)
    def takes_out_a_centavo_too_much(self, customer: Customer) -> None:
        cents = self.model.balance[customer.account] + 1
        self.asks(Posting(payloads.WITHDRAWAL, customer.id, cents, "", customer.account, CASH_ACCOUNT_ID))

    @rule(customer=customers, giver=accounts, taker=accounts, cents=CENTS)
    def transfers(self, customer: Customer, giver: int, taker: int, cents: int) -> None:
        if giver != taker:
            self.asks(Posting(payloads.TRANSFER, customer.id, cents, "", giver, taker))

    @rule(customer=customers, giver=accounts, cents=CENTS)
    def transfers_to_nobody(self, customer: Customer, giver: int, cents: int) -> None:
        self.asks(Posting(payloads.TRANSFER, customer.id, cents, "", giver, NOBODY_S_ACCOUNT))

    @rule(customer=customers, other=customers, cents=st.integers(1, 1000), key=KEYS)
    def transfers_under_a_key(self, customer: Customer, other: Customer, cents: int, key: str) -> None:
        if customer is not other:
            posting = Posting(payloads.TRANSFER, customer.id, cents, "", customer.account, other.account)
            self.asks(posting, key)

    @rule(customer=customers, key=KEYS)
    def repeats_a_key(self, customer: Customer, key: str) -> None:
        if (customer.id, key) in self.model.answers:
            self.asks(self.model.answers[customer.id, key][0], key)

    def asks(self, posting: Posting, key: str | None = None) -> None:
        """The bank and the model come to the same end."""
        chosen = key or f"own-{next(self.numbers)}"
        kept = self.model.answers.get((posting.user_id, chosen))
        body, verdict = self.outcome(posting, chosen)
        if kept is not None and kept[0] != posting:
            assert verdict is KeyReused
        elif kept is not None:
            assert (verdict, body) == kept[1:]
        else:
            assert verdict is self.model.verdict(posting)
            self.model.answers[posting.user_id, chosen] = (posting, verdict, body)
            if verdict is None:
                self.model.move(posting)

    def outcome(self, posting: Posting, key: str) -> tuple[ReceiptOut | None, Verdict]:
        try:
            return answered(self.db, posting, key), None
        except AppError as refusal:
            return None, type(refusal)

    @invariant()
    def the_balances_are_the_model_s(self) -> None:
        with self.db.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT id, balance_cents FROM accounts WHERE user_id IS NOT NULL")
            assert {row.id: row.balance_cents for row in rows} == self.model.balance

    @invariant()
    def the_statements_are_the_model_s(self) -> None:
        for account, changes in self.model.rows.items():
            read = self.db.read(queries.newest, [account], limit=queries.PAGE_ROWS_MAX).rows
            assert [row.amount_cents for row in read] == changes[: queries.PAGE_ROWS_MAX]

    def check_streams(self) -> None:
        for user, count in self.model.events.items():
            events = self.db.read(streams.read_after, user, 0)
            assert [event.seq for event in events] == list(range(1, count + 1))


def test_the_bank_does_what_the_model_says(sqlite_template: Path) -> None:
    Bank.template = sqlite_template
    run_state_machine_as_test(
        Bank,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
