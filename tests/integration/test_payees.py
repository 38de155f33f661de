"""The bank knows whom a person has paid, from the transaction of the transfer itself, and from any older ledger."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command

from app.bank import holders, payees, payloads, queries
from app.db import Database
from app.errors import AppError
from app.migrations import runner
from tests.integration.customers import Customer, new_customer, rows
from tests.integration.stopping import Stopped, stopped_after

FILLED = {
    "payees": "payer_id, payee_id, first_operation_id, last_operation_id, last_at",
    "people_entries": "user_id, other_id, entry_id",
}


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza", cents=100_000)


@pytest.fixture
def bob(database: Database) -> Customer:
    return new_customer(database, "Bob Pereira", cents=100_000)


def agreed(_connection: object, _user_id: int, _other_id: int) -> bool:
    return True


def strangers(_connection: object, _user_id: int, _other_id: int) -> bool:
    return False


def test_whom_a_transfer_would_reach_is_named_in_full_to_contacts_and_to_who_has_paid(
    alice: Customer, bob: Customer
) -> None:
    def shown(customer: Customer, account: int, connected: holders.Connected) -> payloads.HolderOut:
        seen = customer.db.read(holders.seen_by, customer.id, account, connected=connected)
        return payloads.holder(account, seen)

    other = {"CorrentistaID": bob.account}
    assert shown(alice, bob.account, strangers) == {
        **other,
        "Titular": "B** P******",
        "contato": False,
        "primeira_vez": True,
    }
    assert shown(alice, bob.account, agreed) == {
        **other,
        "Titular": "Bob Pereira",
        "contato": True,
        "primeira_vez": True,
    }

    alice.transfer(bob, 100)

    assert shown(alice, bob.open_account(), strangers)["Titular"] == "Bob Pereira"
    assert not shown(alice, bob.account, strangers)["primeira_vez"]
    assert shown(bob, alice.account, strangers)["primeira_vez"], "being paid is not paying"
    assert shown(alice, alice.account, strangers)["primeira_vez"] is False


def test_between_own_accounts_and_in_refused_transfers_nobody_is_paid(alice: Customer, bob: Customer) -> None:
    alice.do(payloads.TRANSFER, 100, alice.account, alice.open_account())
    with pytest.raises(AppError):
        alice.transfer(bob, 10**9)

    assert rows(alice.db, "SELECT * FROM payees") == rows(alice.db, "SELECT * FROM people_entries") == []


def test_what_went_between_two_people_is_their_movements_of_all_accounts_by_pages(
    alice: Customer, bob: Customer
) -> None:
    carol, reserve = new_customer(alice.db, cents=100_000), alice.open_account()
    alice.deposit(10_000, to=reserve)
    for n in range(4):
        alice.transfer(bob, 100 + n)
        bob.transfer(reserve, 200 + n)
        carol.transfer(alice, 300)
        alice.do(payloads.TRANSFER, 400, alice.account, reserve)
    everything = alice.db.read(queries.newest, [alice.account, reserve], limit=100).rows
    expected = [row for row in everything if row.counterpart_name == "Bob Pereira"]
    assert len(expected) == 8

    found, before = [], None
    for _ in range(3):
        page = alice.db.read(payees.between, alice.id, bob.id, limit=3, before_id=before)
        found += page.rows
        before = page.next_before_id

    assert found == expected
    assert before is None


def test_the_last_payment_is_the_last_of_those_made_at_the_same_moment(database: Database) -> None:
    alice, bob = new_customer(database, cents=10_000), new_customer(database)
    pairs = [(alice.account, bob.account)]
    for _ in range(3):
        source = alice.open_account()
        alice.deposit(10_000, to=source)
        pairs.append((source, bob.open_account()))

    with ThreadPoolExecutor(len(pairs)) as pool:
        done = [pool.submit(alice.do, payloads.TRANSFER, 100, *pair) for pair in pairs for _ in range(3)]
    operations = [each.result()["operacao_id"] for each in done]

    assert database.read(payees.last_payments, alice.id, [bob.id])[bob.id].operation_id == max(operations)
    assert rows(database, "SELECT COUNT(*) FROM people_entries") == [(2 * len(operations),)]


def filled(db: Database) -> dict[str, list[tuple[object, ...]]]:
    return {name: sorted(rows(db, f"SELECT {columns} FROM {name}")) for name, columns in FILLED.items()}


def test_the_migration_makes_of_an_older_ledger_what_the_bank_would_have_kept(
    own_database: Database,
) -> None:
    """From wherever it was stopped."""
    alice, bob, carol = (new_customer(own_database, cents=100_000) for _ in range(3))
    reserve = alice.open_account()
    for n in range(4):
        alice.transfer(bob, 100)
        bob.do(payloads.TRANSFER, 100, bob.account, reserve)
        carol.transfer(alice, 100)
        alice.do(payloads.TRANSFER, 100, alice.account, reserve)
        alice.pay(10 + n)
    live = filled(own_database)
    with own_database.engine.connect() as connection, connection.begin():
        command.downgrade(runner.config(connection), "0006")

    # On SQLite a revision is done or not: there is less in between, and each try does all revisions again.
    stops, step = 0, 5 if own_database.is_sqlite else 1
    while True:
        try:
            with stopped_after(stops):
                runner.upgrade(own_database)
            break
        except Stopped:
            stops += step

    assert stops > 8
    assert filled(own_database) == live
    assert [len(each) for each in live.values()] == [3, 24]
