"""A key moves money once, and is answered as it was answered first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app import cards, clock
from app.bank import actions, idempotency
from app.bank.idempotency import KEPT_H
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.db import Database
from app.errors import AppError, InsufficientFunds, KeyInFlight, KeyReused, NotYourAccount
from tests.integration.customers import Customer, answered, new_customer, refusal_of, rows, write


def operations(database: Database) -> int:
    return len(rows(database, "SELECT id FROM operations"))


def test_a_repeated_key_moves_money_once_and_repeats_the_answer(database: Database) -> None:
    alice, bob = new_customer(database, cents=1000), new_customer(database)
    first = alice.transfer(bob, 250, key="k")
    alice.withdraw(100)

    assert alice.transfer(bob, 250, key="k") == first
    assert (alice.balance(), bob.balance()) == (650, 250)


def test_a_repeated_key_tells_nobody_again(database: Database) -> None:
    alice, bob = new_customer(database, cents=1000), new_customer(database)
    for _ in range(3):
        alice.transfer(bob, 250, key="k")

    assert rows(database, "SELECT seq FROM stream_events WHERE user_id = :id", id=bob.id) == [(1,)]
    assert rows(database, "SELECT seq FROM outbox WHERE user_id = :id", id=bob.id) == [(1,)]


def test_a_refusal_is_repeated_although_it_would_now_be_granted(database: Database) -> None:
    alice = new_customer(database)
    assert refusal_of(lambda: alice.withdraw(100, key="k")) is InsufficientFunds
    alice.deposit(1000)

    assert refusal_of(lambda: alice.withdraw(100, key="k")) is InsufficientFunds
    assert alice.balance() == 1000


def test_a_refusal_is_repeated_in_the_same_words(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    said = []
    for _ in range(2):
        with pytest.raises(AppError) as refused:
            alice.deposit(1, to=bob.account, key="k")
        said.append((refused.value.status, refused.value.code, refused.value.text))

    assert said == [(NotYourAccount.status, NotYourAccount.code, NotYourAccount.text)] * 2


@pytest.mark.parametrize("kept", ["an answer", "a refusal"])
def test_a_key_with_another_body_is_refused(database: Database, kept: str) -> None:
    alice, bob = new_customer(database, cents=1000), new_customer(database)
    if kept == "an answer":
        alice.transfer(bob, 250, "Aluguel", key="k")
    else:
        assert refusal_of(lambda: alice.transfer(bob, 9999, "Aluguel", key="k")) is InsufficientFunds
    before = operations(database)

    others = (
        lambda: alice.transfer(bob, 251, "Aluguel", key="k"),
        lambda: alice.transfer(bob, 250, "aluguel", key="k"),
        lambda: alice.transfer(alice.open_account(), 250, "Aluguel", key="k"),
        lambda: alice.pay(250, "Aluguel", key="k"),
        lambda: alice.withdraw(250, key="k"),
    )

    assert [refusal_of(other) for other in others] == [KeyReused] * len(others)
    assert operations(database) == before


@pytest.mark.parametrize(("first", "second"), [("k", "K"), ("chave-1", "chave-10"), ("a b", "a  b")])
def test_keys_that_differ_a_little_are_two_keys(database: Database, first: str, second: str) -> None:
    alice = new_customer(database)

    alice.deposit(100, key=first)
    alice.deposit(100, key=second)

    assert alice.balance() == 200


def test_two_people_may_use_the_same_key(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)

    alice.deposit(100, key="k")
    bob.deposit(100, key="k")

    assert (alice.balance(), bob.balance()) == (100, 100)


def test_a_key_in_flight_waits_for_its_first_use_and_repeats_its_answer(database: Database) -> None:
    alice = new_customer(database)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: alice.deposit(100, key="k"), range(24)))

    assert all(answer == answers[0] for answer in answers)
    assert alice.balance() == 100


def test_a_key_that_stays_in_flight_is_refused_and_then_answered(emptied_mariadb: Database) -> None:
    alice = new_customer(emptied_mariadb)
    posting = Posting("deposito", alice.id, 100, "Depósito", CASH_ACCOUNT_ID, alice.account)

    with emptied_mariadb.engine.connect() as first:
        actions.execute(first, posting, key="k", beside=cards.add)
        assert refusal_of(lambda: answered(emptied_mariadb, posting, "k")) is KeyInFlight
        assert KeyInFlight.status == 409
        first.commit()

    answered(emptied_mariadb, posting, "k")
    assert alice.balance() == 100


def test_keys_are_kept_for_a_day_at_least_and_dropped_in_the_end(database: Database) -> None:
    alice = new_customer(database)
    for key, age_h in (("young", 24), ("kept", KEPT_H - 1), ("old", KEPT_H + 1)):
        age(alice, key, age_h)
    assert KEPT_H > 24

    dropped = database.transact(idempotency.purge)

    assert dropped == 1
    assert sorted(rows(database, KEYS)) == [
        ("kept",),
        ("young",),
    ]


KEYS = "SELECT `key` FROM idempotency_keys"


def age(customer: Customer, key: str, hours: int) -> None:
    """Use a key, `hours` ago."""
    customer.deposit(1, key=key)
    moment = clock.now().replace(tzinfo=None) - timedelta(hours=hours)
    write(
        customer.db,
        "UPDATE idempotency_keys SET created_at = :moment WHERE `key` = :key",
        moment=str(moment),
        key=key,
    )
