"""Filters of the inbox: by kind and by which way the money went, page by page, at a bounded cost."""

import pytest

from app.db import Database
from app.notifications import actions
from app.notifications.actions import Filters, Inbox
from app.notifications.kinds import Way
from app.streams.notify import notify
from tests.integration.customers import Customer, new_customer
from tests.integration.test_costs import touched


@pytest.fixture
def alice(database: Database) -> Customer:
    """1 deposit, 2 withdrawal, 3 sent, 4 received, 5 between own accounts, 6 of an unknown kind, 7 security."""
    customer, bob = new_customer(database), new_customer(database, cents=1000)
    customer.deposit(1000)
    customer.withdraw(100)
    customer.transfer(bob, 100)
    bob.transfer(customer, 100)
    customer.transfer(customer.open_account(), 100)
    notify(database, [customer.id], kind="leilao", message="oi", data={"movimentacoes": "do script"})
    notify(database, [customer.id], kind="seguranca", message="Sua senha mudou")
    return customer


def found(
    customer: Customer, kinds: str = "", way: Way | None = None, *, limit: int = 100, unread_only: bool = False
) -> list[int]:
    """The seqs of all pages."""
    filters = Filters(frozenset(kinds.split(",")) if kinds else frozenset(), way)
    seqs: list[int] = []
    before: int | None = None
    while True:
        page: Inbox = customer.db.read(
            actions.inbox,
            customer.id,
            limit=limit,
            after=None,
            before=before,
            unread_only=unread_only,
            filters=filters,
        )
        seqs += [row["seq"] for row in page.rows]
        if page.next_seq is None:
            return seqs
        before = page.next_seq


def test_kinds_one_or_several(alice: Customer) -> None:
    assert found(alice, "deposito") == [1]
    assert found(alice, "transferencia,seguranca") == [7, 5, 4, 3]
    assert found(alice, "aviso") == [6], "a kind that is not known is a plain notice"
    assert found(alice, "cobranca") == []


def test_which_way_the_money_went(alice: Customer) -> None:
    assert found(alice, way="entrada") == [4, 1]
    assert found(alice, way="saida") == [3, 2]
    assert found(alice, "transferencia", "entrada") == [4]


def test_together_with_unread_only(alice: Customer) -> None:
    assert found(alice, "transferencia,aviso", unread_only=True) == [6, 4]
    alice.db.transact(actions.mark_each, alice.id, [4])
    assert found(alice, "transferencia,aviso", unread_only=True) == [6]


@pytest.mark.parametrize("limit", [1, 2])
def test_page_by_page_nothing_is_left_out_or_repeated(
    alice: Customer, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "FILTER_ROWS_MAX", 2)

    assert found(alice, "transferencia,deposito", limit=limit) == [5, 4, 3, 1]
    assert found(alice, "seguranca", "saida", limit=limit) == []


def test_a_filter_that_fits_nothing_looks_at_so_many_rows_and_no_more(shared_mariadb: Database) -> None:
    customer = new_customer(shared_mariadb)
    for number in range(actions.FILTER_ROWS_MAX + 50):
        notify(shared_mariadb, [customer.id], kind="aviso", message=str(number))

    looked_at = touched(
        shared_mariadb,
        actions.inbox,
        customer.id,
        limit=30,
        after=None,
        before=None,
        unread_only=False,
        filters=Filters(frozenset({"saque"})),
    )

    assert looked_at <= actions.FILTER_ROWS_MAX + 10
