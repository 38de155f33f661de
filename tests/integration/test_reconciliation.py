"""Reconciliation finds each kind of fault, and no fault where there is none."""

import pytest

from app.bank import reconciliation
from app.bank.reconciliation import FAULTS_SHOWN_MAX
from app.db import Database
from tests.integration.customers import Customer, new_customer, rows, write


def faults(database: Database) -> dict[str, list[str]]:
    """The words of every check that found something."""
    return {check.name: check.faults for check in database.transact(reconciliation.run) if check.faults}


@pytest.fixture
def alice(own_database: Database) -> Customer:
    """With some history, in a database whose books are no longer sealed."""
    alice, bob = new_customer(own_database, cents=10_000), new_customer(own_database, cents=10_000)
    alice.transfer(bob, 300)
    alice.transfer(alice.open_account(), 50)
    bob.pay(1)
    for table in ("entries", "operations"):
        for verb in ("update", "delete"):
            write(own_database, f"DROP TRIGGER {table}_refuse_{verb}")
    return alice


def newest_entry(customer: Customer) -> int:
    (row,) = rows(customer.db, "SELECT MAX(id) FROM entries WHERE account_id = :id", id=customer.account)
    return int(str(row[0]))


def test_good_books_have_no_fault(database: Database) -> None:
    alice, bob = new_customer(database, cents=10_000), new_customer(database)
    new_customer(database)
    for _ in range(3):
        alice.transfer(bob, 300)
    bob.withdraw(100)

    checks = database.transact(reconciliation.run)

    assert [check.faults for check in checks] == [[]] * len(checks)
    assert {check.name: check.looked_at for check in checks} == {
        "entries sum to zero": 5,
        "entries say what operations say": 10,
        "balance equals entries": 4,
        "balance_after is continuous": 10,
        "copies follow the entries": 8,
        "payees follow the operations": 1,
        "people's entries follow the entries": 6,
        "streams have no gap": 3,
        "operations were written down": 5,
    }


def test_empty_books_have_no_fault(database: Database) -> None:
    assert faults(database) == {}


def test_entries_that_do_not_sum_to_zero_are_found(alice: Customer) -> None:
    operation = alice.deposit(100)["operacao_id"]
    write(
        alice.db,
        "UPDATE entries SET amount_cents = amount_cents + 1 WHERE operation_id = :id AND account_id < 0",
        id=operation,
    )

    found = faults(alice.db)
    assert found.pop("entries sum to zero") == [f"operation {operation}: 2 entries that sum to 1 centavos"]
    assert list(found) == ["entries say what operations say"]


@pytest.mark.parametrize("rewritten", ["amount_cents = -amount_cents", "account_id = :other"])
def test_entries_that_were_rewritten_alike_are_found(alice: Customer, rewritten: str) -> None:
    operation = alice.deposit(100)["operacao_id"]
    other = alice.open_account()
    sql = f"UPDATE entries SET {rewritten} WHERE operation_id = :id"
    write(alice.db, sql, **({"other": other} if ":other" in sql else {}), id=operation)

    assert len(faults(alice.db)["entries say what operations say"]) == 2


def test_an_operation_without_entries_is_found(alice: Customer) -> None:
    operation = alice.deposit(100)["operacao_id"]
    write(alice.db, "DELETE FROM entries WHERE operation_id = :id", id=operation)

    assert f"operation {operation}: 0 entries that sum to 0 centavos" in faults(alice.db)["entries sum to zero"]


def test_a_balance_that_its_entries_do_not_make_is_found(alice: Customer) -> None:
    balance = alice.balance()
    write(alice.db, "UPDATE accounts SET balance_cents = balance_cents + 1 WHERE id = :id", id=alice.account)

    assert faults(alice.db) == {
        "balance equals entries": [f"account {alice.account}: balance {balance + 1}, entries sum to {balance} centavos"]
    }


def test_a_balance_after_that_does_not_follow_is_found(alice: Customer) -> None:
    entry, balance = newest_entry(alice), alice.balance()
    write(alice.db, "UPDATE entries SET balance_after_cents = balance_after_cents - 1 WHERE id = :id", id=entry)

    assert faults(alice.db) == {
        "balance_after is continuous": [
            f"entry {entry} of account {alice.account}: balance after it is {balance - 1}, expected {balance} centavos"
        ]
    }


def test_a_balance_after_that_is_missing_is_found(alice: Customer) -> None:
    entry = newest_entry(alice)
    write(alice.db, "UPDATE entries SET balance_after_cents = NULL WHERE id = :id", id=entry)

    assert f"entry {entry} of account {alice.account}" in faults(alice.db)["balance_after is continuous"][0]


@pytest.mark.parametrize(
    "broken",
    [
        "DELETE FROM statement_lines WHERE account_id = :id",
        "UPDATE statement_lines SET amount_cents = amount_cents + 1 WHERE account_id = :id",
        "UPDATE day_totals SET out_cents = out_cents + 1 WHERE account_id = :id",
        "DELETE FROM day_totals WHERE account_id = :id",
    ],
)
def test_a_copy_that_does_not_follow_the_entries_is_found(alice: Customer, broken: str) -> None:
    write(alice.db, broken, id=alice.account)

    ((name, (fault,)),) = faults(alice.db).items()

    assert name == "copies follow the entries"
    assert fault.startswith(f"account {alice.account}: 3 entries of 9650 centavos")


def test_a_payee_or_an_entry_between_two_people_that_is_missing_or_old_is_found(alice: Customer) -> None:
    write(alice.db, "DELETE FROM people_entries WHERE user_id = :id", id=alice.id)
    write(alice.db, "UPDATE payees SET last_operation_id = 0 WHERE payer_id = :id", id=alice.id)
    (entry,) = faults(alice.db)["people's entries follow the entries"]
    (payee,) = faults(alice.db)["payees follow the operations"]
    assert f"of user {alice.id} is not among" in entry
    assert payee.startswith(f"user {alice.id} paid user")

    write(alice.db, "DELETE FROM payees")

    assert faults(alice.db)["payees follow the operations"][0].endswith("the copy says None to None")


@pytest.mark.parametrize("lost_seq", [1, 2, 3])
def test_a_gap_in_a_stream_is_found(alice: Customer, lost_seq: int) -> None:
    write(alice.db, "DELETE FROM stream_events WHERE user_id = :id AND seq = :seq", id=alice.id, seq=lost_seq)

    (fault,) = faults(alice.db)["streams have no gap"]

    assert fault.startswith(f"user {alice.id}: stream is at 3 and holds 2 events")


def test_a_stream_that_ends_before_its_head_is_found(alice: Customer) -> None:
    write(alice.db, "UPDATE user_streams SET seq = seq + 1 WHERE user_id = :id", id=alice.id)

    assert list(faults(alice.db)) == ["streams have no gap"]


def test_of_many_faults_some_are_shown(own_database: Database) -> None:
    for _ in range(FAULTS_SHOWN_MAX + 1):
        new_customer(own_database)
    write(own_database, "UPDATE user_streams SET seq = 1")

    assert len(faults(own_database)["streams have no gap"]) == FAULTS_SHOWN_MAX
