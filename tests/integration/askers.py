"""People who ask each other to be contacts: the actions themselves, and all that each of them sees of it."""

import json
from collections.abc import Callable
from typing import Any

from app.bank import payees
from app.contacts import actions, payloads, people, queries
from app.contacts.actions import Change
from app.contacts.queries import Relation
from tests.integration.customers import Customer, rows

NOBODY = "ninguem@teste.example"


def email_of(customer: Customer) -> str:
    return str(rows(customer.db, "SELECT email FROM users WHERE id = :id", id=customer.id)[0][0])


def ask(customer: Customer, email: str) -> Change:
    return customer.db.transact(actions.ask_email, customer.id, email)


def do(action: Callable[..., Change], customer: Customer, other: Customer) -> Change:
    """An action that knows of history, or one that does not."""
    needs_history = action not in (actions.accept, actions.refuse)
    return customer.db.transact(action, customer.id, other.id, **({"history": payees} if needs_history else {}))


def favour(customer: Customer, other: Customer) -> None:
    customer.db.transact(actions.set_favourite, customer.id, other.id, favourite=True, history=payees)


def connect(alice: Customer, bob: Customer) -> None:
    ask(alice, email_of(bob))
    do(actions.accept, bob, alice)


def seen(customer: Customer) -> dict[str, Any]:
    """All that the customer can see of contacts: the list, the own requests by e-mail, the notifications."""
    listed = [payloads.person(each) for each in customer.db.read(people.of_user, customer.id, payees)]
    asked = customer.db.read(people.asked_emails, customer.id)
    return {"list": listed, "emails": [each.email for each in asked], "told": told(customer)}


def told(customer: Customer) -> list[dict[str, Any]]:
    sql = "SELECT payload FROM stream_events WHERE user_id = :user ORDER BY seq"
    notices = [json.loads(str(row[0])) for row in rows(customer.db, sql, user=customer.id)]
    return [notice for notice in notices if notice["tipo"] == payloads.CONTACT_KIND]


def situations(customer: Customer) -> dict[int, str]:
    return {each["usuario_id"]: each["situacao"] for each in seen(customer)["list"]}


def related(customer: Customer, other: Customer) -> Relation:
    return customer.db.read(queries.relation, customer.id, other.id)
