"""The ledger on both databases: double entry, and rules that the database itself holds."""

import pytest
from sqlalchemy.exc import DBAPIError

from app.bank import accounts, holders
from app.bank.models import CASH_ACCOUNT_ID
from app.db import Database
from app.errors import (
    AccountNotFound,
    AppError,
    BalanceLimit,
    InsufficientFunds,
    NotYourAccount,
    TooManyAccounts,
)
from app.money import BALANCE_CENTS_MAX, VALUE_CENTS_MAX
from tests.integration.customers import new_customer, refusal_of, rows, write

ENTRIES = "SELECT account_id, amount_cents, balance_after_cents FROM entries WHERE operation_id = :id ORDER BY id"


def everything(database: Database) -> tuple[object, ...]:
    """All that an operation may change, but for the keys."""
    return tuple(
        tuple(rows(database, f"SELECT * FROM {table} ORDER BY 1, 2"))
        for table in ("accounts", "operations", "entries", "user_streams", "stream_events", "outbox")
    )


def test_each_operation_has_two_entries_that_sum_to_zero(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)

    done = [alice.deposit(1000), alice.withdraw(100), alice.pay(50), alice.transfer(bob, 300)]

    assert [rows(database, ENTRIES, id=answer["operacao_id"]) for answer in done] == [
        [(CASH_ACCOUNT_ID, -1000, None), (alice.account, 1000, 1000)],
        [(alice.account, -100, 900), (CASH_ACCOUNT_ID, 100, None)],
        [(alice.account, -50, 850), (CASH_ACCOUNT_ID, 50, None)],
        [(alice.account, -300, 550), (bob.account, 300, 300)],
    ]


def test_the_cash_account_is_what_entered_and_did_not_leave(database: Database) -> None:
    alice, bob = new_customer(database, cents=1000), new_customer(database, cents=500)
    alice.withdraw(250)
    bob.transfer(alice, 500)

    cash = rows(database, f"SELECT SUM(amount_cents) FROM entries WHERE account_id = {CASH_ACCOUNT_ID}")

    assert int(str(cash[0][0])) == -(alice.balance() + bob.balance()) == -1250


def test_the_answer_tells_the_balance_after_the_operation(database: Database) -> None:
    alice, bob = new_customer(database, "Alice Souza", cents=1000), new_customer(database, "Bob Pereira")

    answer = alice.transfer(bob, 250, "Aluguel")

    assert answer["saldo"] == 7.5
    movement = answer["movimentacao"]
    assert (movement["CorrentistaID"], movement["TipoOperacao"]) == (alice.account, "Débito")
    assert (movement["ValorOperacao"], movement["SaldoApos"], movement["Descricao"]) == (2.5, 7.5, "Aluguel")
    assert (movement["BeneficiarioID"], movement["NomeBeneficiario"]) == (bob.account, "Bob Pereira")


def test_each_change_of_a_balance_raises_its_version_by_one(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    alice.deposit(1000)
    alice.transfer(bob, 1)
    refusal_of(lambda: alice.withdraw(10_000))

    versions = [database.read(accounts.owned, c.account, c.id).version for c in (alice, bob)]

    assert versions == [2, 1]


def test_what_is_refused_changes_nothing(database: Database) -> None:
    alice, bob = new_customer(database, cents=1000), new_customer(database, cents=1000)
    before = everything(database)

    refused = {
        "more than there is": (InsufficientFunds, lambda: alice.withdraw(1001)),
        "a payment of more": (InsufficientFunds, lambda: alice.pay(1001)),
        "a transfer of more": (InsufficientFunds, lambda: alice.transfer(bob, 1001)),
        "somebody else's money": (NotYourAccount, lambda: alice.do("saque", 1, bob.account, CASH_ACCOUNT_ID)),
        "a deposit into another's": (NotYourAccount, lambda: alice.deposit(1, to=bob.account)),
        "a transfer from another's": (
            NotYourAccount,
            lambda: alice.do("transferencia", 1, bob.account, alice.account),
        ),
        "to nobody": (AccountNotFound, lambda: alice.transfer(999_999, 1)),
        "from nobody": (AccountNotFound, lambda: alice.do("saque", 1, 999_999, CASH_ACCOUNT_ID)),
    }

    assert {what: refusal_of(call) for what, (_, call) in refused.items()} == {
        what: kind for what, (kind, _) in refused.items()
    }
    assert everything(database) == before


def test_no_account_grows_beyond_what_json_holds_exactly(database: Database) -> None:
    alice = new_customer(database)
    write(
        database,
        "UPDATE accounts SET balance_cents = :balance WHERE id = :id",
        balance=BALANCE_CENTS_MAX - VALUE_CENTS_MAX,
        id=alice.account,
    )
    alice.deposit(VALUE_CENTS_MAX)
    before = everything(database)

    assert alice.balance() == BALANCE_CENTS_MAX
    assert refusal_of(lambda: alice.deposit(1)) is BalanceLimit
    assert everything(database) == before


@pytest.mark.parametrize("table", ["entries", "operations"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_the_database_refuses_to_rewrite_history(database: Database, table: str, statement: str) -> None:
    new_customer(database, cents=1000)
    before = everything(database)

    with pytest.raises(DBAPIError, match=f"{table} are never changed"):
        write(database, statement.format(table))

    assert everything(database) == before


@pytest.mark.parametrize("balance", [-1, BALANCE_CENTS_MAX + 1])
def test_the_database_refuses_a_balance_out_of_range(database: Database, balance: int) -> None:
    alice = new_customer(database, cents=1000)

    with pytest.raises(DBAPIError, match="balance_in_range"):
        write(
            database, "UPDATE accounts SET balance_cents = :balance WHERE id = :id", balance=balance, id=alice.account
        )

    assert alice.balance() == 1000


def test_the_database_refuses_an_entry_without_its_account(database: Database) -> None:
    alice = new_customer(database)
    operation = alice.deposit(1000)["operacao_id"]

    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        write(
            database,
            "INSERT INTO entries (operation_id, account_id, amount_cents) VALUES (:id, 999999, 1)",
            id=operation,
        )


def test_a_user_has_a_limited_number_of_accounts(database: Database) -> None:
    alice = new_customer(database)
    for _ in range(accounts.ACCOUNTS_PER_USER_MAX - 1):
        alice.open_account()

    with pytest.raises(TooManyAccounts):
        alice.open_account()

    assert len(database.read(accounts.of_user, alice.id)) == accounts.ACCOUNTS_PER_USER_MAX


def test_the_cash_account_is_nobody_s(database: Database) -> None:
    alice = new_customer(database, cents=1000)

    for look in (
        lambda: database.read(accounts.owned, CASH_ACCOUNT_ID, alice.id),
        lambda: database.read(holders.of_account, CASH_ACCOUNT_ID),
    ):
        with pytest.raises(AppError) as refused:
            look()
        assert isinstance(refused.value, AccountNotFound)
