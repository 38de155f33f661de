"""One's own operation is told on every device, and raises no badge on any; what others did does."""

from app.db import Database
from app.notifications import actions
from app.notifications.actions import Inbox
from tests.integration.customers import Customer, new_customer

# As a description, the mark of an own operation must not hide somebody else's.
FORGED = 'x","propria":true,"y":"'


def inbox(customer: Customer, *, unread_only: bool = False) -> Inbox:
    return customer.db.read(actions.inbox, customer.id, limit=100, after=None, before=None, unread_only=unread_only)


def test_what_i_did_is_never_unread(database: Database) -> None:
    alice, bob = new_customer(database, cents=10_000), new_customer(database)
    alice.withdraw(100)
    alice.pay(100)
    alice.transfer(bob, 1_000)
    alice.transfer(alice.open_account(), 500)

    mine = inbox(alice)
    assert mine.unread == 0
    assert [row["lida"] for row in mine.rows] == [True] * 5
    assert {row["dados"]["propria"] for row in mine.rows} == {True}
    assert inbox(alice, unread_only=True).rows == []

    his = inbox(bob)
    assert his.unread == 1
    assert [(row["lida"], row["dados"]["propria"]) for row in his.rows] == [(False, False)]


def test_among_my_own_what_others_did_is_unread_until_it_is_read(database: Database) -> None:
    alice, bob = new_customer(database, cents=10_000), new_customer(database, cents=10_000)
    bob.transfer(alice, 100, FORGED)
    alice.withdraw(100)
    bob.transfer(alice, 200)
    alice.withdraw(100)

    assert inbox(alice).unread == 2
    assert [row["seq"] for row in inbox(alice, unread_only=True).rows] == [4, 2]
    assert database.transact(actions.mark_read, alice.id, 3) == (3, 1)
    assert [row["lida"] for row in inbox(alice).rows] == [True, False, True, True, True]
    assert database.transact(actions.mark_read, alice.id, 5) == (5, 0)
