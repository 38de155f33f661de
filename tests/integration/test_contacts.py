"""People agree to be contacts, each by themselves; and nothing here tells who has an account, or who blocks whom."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from app import clock
from app.bank import payees
from app.contacts import actions, people, queries
from app.contacts.actions import Change
from app.contacts.queries import Relation
from app.db import Database
from app.errors import AppError, BlockedByYou, NotFound, TooManyRequests
from tests.integration.askers import NOBODY, ask, connect, do, email_of, favour, related, seen, situations, told
from tests.integration.customers import Customer, clock_at, new_customer, refusal_of, rows


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza", cents=100_000)


@pytest.fixture
def bob(database: Database) -> Customer:
    return new_customer(database, "Bob Pereira", cents=100_000)


def test_two_people_are_connected_once_both_agreed(database: Database, alice: Customer, bob: Customer) -> None:
    ask(alice, email_of(bob))
    assert (related(alice, bob).connected, related(bob, alice).waiting_for_me) == (False, True)
    assert situations(bob) == {alice.id: people.RECEIVED}

    do(actions.accept, bob, alice)

    assert database.read(queries.connected_of, [alice.id, bob.id, 10**9]) == {
        alice.id: [bob.id],
        bob.id: [alice.id],
        10**9: [],
    }
    for one, other in ((alice, bob), (bob, alice)):
        assert database.read(queries.connected, one.id, other.id)
        (listed,) = seen(one)["list"]
        assert (listed["situacao"], listed["nome"], listed["CorrentistaID"]) == (
            people.CONTACT,
            other.name,
            other.account,
        )
    assert seen(alice)["emails"] == []


def test_who_is_asked_is_told_once_by_a_masked_name_and_who_asked_by_a_whole_one(
    alice: Customer, bob: Customer
) -> None:
    for _ in range(2):
        ask(alice, email_of(bob))
        alice.db.transact(actions.take_back, alice.id, alice.db.read(people.asked_emails, alice.id)[0].id)
    ask(alice, email_of(bob))

    (asked,) = told(bob)
    assert asked["dados"] == {"usuario_id": alice.id, "nome": "A**** S****", "acao": "pedido"}
    assert [each["nome"] for each in seen(bob)["list"]] == ["A**** S****"]

    do(actions.accept, bob, alice)
    assert [notice["mensagem"] for notice in told(alice)] == ["Bob Pereira aceitou ser seu contato"]


def ignore(customer: Customer, other: Customer) -> None:
    """Leave the request as it is."""


@pytest.mark.parametrize("answer", [ignore, actions.refuse, actions.block, actions.remove])
def test_who_asks_cannot_tell_whether_the_address_is_somebody_s(
    alice: Customer, bob: Customer, answer: Callable[..., Any]
) -> None:
    """Whatever that somebody answers, but for a yes; and also where the person is in the list already."""
    alice.transfer(bob, 500)
    favour(alice, bob)
    before = seen(alice)["list"]

    of_nobody = ask(alice, NOBODY)
    of_bob = ask(alice, email_of(bob))
    if answer is not ignore:
        do(answer, bob, alice)

    assert of_nobody.lists_of[0] == of_bob.lists_of[0] == alice.id
    assert seen(alice) == {"list": before, "emails": [email_of(bob), NOBODY], "told": []}
    assert not related(alice, bob).waiting_for_them
    first, second = (each.id for each in alice.db.read(people.asked_emails, alice.id))
    for request in (first, second):
        alice.db.transact(actions.take_back, alice.id, request)
    assert seen(alice) == {"list": before, "emails": [], "told": []}


@pytest.mark.parametrize("answer", [actions.refuse, actions.block])
def test_who_was_refused_or_blocked_asks_in_vain(alice: Customer, bob: Customer, answer: Callable[..., Change]) -> None:
    ask(alice, email_of(bob))
    do(answer, bob, alice)
    before = seen(bob)

    alice.db.transact(actions.take_back, alice.id, alice.db.read(people.asked_emails, alice.id)[0].id)
    with clock_at((clock.now() + timedelta(days=100)).isoformat()):
        ask(alice, email_of(bob))

    assert seen(bob) == before
    assert refusal_of(lambda: do(actions.accept, bob, alice)) is NotFound


def test_to_the_other_a_block_looks_like_a_removal(alice: Customer, bob: Customer) -> None:
    carol = new_customer(alice.db, "Carol Dias")
    for other in (bob, carol):
        connect(alice, other)
    do(actions.remove, bob, alice)
    do(actions.block, carol, alice)

    by_situation = [{**each, "usuario_id": 0, "nome": "", "CorrentistaID": 0} for each in seen(alice)["list"]]
    assert by_situation[0] == by_situation[1]
    assert by_situation[0]["situacao"] == people.HISTORY
    assert not related(alice, bob).connected
    assert not related(alice, carol).connected


def test_a_block_holds_until_it_is_lifted_and_then_gives_back_the_listing_only(alice: Customer, bob: Customer) -> None:
    connect(alice, bob)
    favour(bob, alice)

    changed = do(actions.block, bob, alice)
    assert changed == Change((bob.id, alice.id), alice.id)
    assert related(bob, alice) == Relation(False, True, False, False, False)
    assert related(alice, bob).blocks_me
    assert situations(bob) == {alice.id: people.BLOCKED}
    assert refusal_of(lambda: do(actions.ask_person, bob, alice)) is BlockedByYou

    do(actions.unblock, bob, alice)
    assert related(bob, alice) == Relation(False, False, False, False, False)
    assert situations(bob) == {alice.id: people.HISTORY}
    (listed,) = seen(bob)["list"]
    assert (listed["nome"], listed["favorito"]) == ("A**** S****", False)


def test_whom_one_has_paid_is_in_the_list_and_can_be_asked_without_an_e_mail(alice: Customer, bob: Customer) -> None:
    reserve = alice.open_account()
    alice.transfer(reserve, 100)
    sent = alice.transfer(bob, 1250, "Café")

    (paid,) = seen(alice)["list"]
    assert (paid["situacao"], paid["nome"], paid["CorrentistaID"]) == (people.HISTORY, "Bob Pereira", bob.account)
    assert paid["ultima_transferencia"] == {
        "operacao_id": sent["operacao_id"],
        "valor": 12.5,
        "descricao": "Café",
        "correntista_id_origem": alice.account,
        "correntista_id_destino": bob.account,
        "data": sent["movimentacao"]["DataOperacao"],
    }
    assert seen(bob)["list"] == []

    do(actions.ask_person, alice, bob)
    assert (situations(alice), situations(bob)) == ({bob.id: people.SENT}, {alice.id: people.RECEIVED})
    do(actions.remove, alice, bob)
    assert (situations(alice), situations(bob)) == ({}, {})


def test_who_was_removed_is_back_when_paid_again(alice: Customer, bob: Customer) -> None:
    alice.transfer(bob, 100)
    do(actions.remove, alice, bob)
    assert situations(alice) == {}

    alice.transfer(bob, 100)

    assert situations(alice) == {bob.id: people.HISTORY}


@pytest.mark.parametrize("action", [actions.ask_person, actions.block, actions.remove, actions.unblock])
def test_nothing_can_be_done_to_a_stranger_or_to_nobody_or_to_oneself(
    alice: Customer, bob: Customer, action: Callable[..., Change]
) -> None:
    for other_id in (bob.id, 10**9, alice.id):
        with pytest.raises(AppError) as refused:
            alice.db.transact(action, alice.id, other_id, payees)
        assert type(refused.value) is NotFound
    for answer in (actions.accept, actions.refuse):
        for other_id in (bob.id, 10**9, alice.id):
            with pytest.raises(NotFound):
                alice.db.transact(answer, alice.id, other_id)
    assert rows(alice.db, "SELECT COUNT(*) FROM contacts WHERE listed + consents + blocked > 0") == [(0,)]


def test_open_requests_are_bounded_on_both_sides(database: Database, alice: Customer, bob: Customer) -> None:
    for n in range(people.REQUESTS_MAX):
        ask(alice, f"ninguem{n}@teste.example")
    assert refusal_of(lambda: ask(alice, email_of(bob))) is TooManyRequests
    assert refusal_of(lambda: ask(alice, NOBODY)) is TooManyRequests

    for n in range(people.REQUESTS_MAX):
        ask(new_customer(database, f"Pessoa Numero {n}"), email_of(bob))
    late = new_customer(database, "Zelia Tarde")
    ask(late, email_of(bob))

    assert len(told(bob)) == len(seen(bob)["list"]) == people.REQUESTS_MAX
    assert late.id not in situations(bob)
    assert seen(late)["emails"] == [email_of(bob)]


def test_who_ask_each_other_at_the_same_moment_are_connected(database: Database) -> None:
    for _ in range(5):
        one, other = new_customer(database), new_customer(database)
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(ask, *each) for each in ((one, email_of(other)), (other, email_of(one)))]
        assert [each.exception() for each in asked] == [None, None]
        assert database.read(queries.connected, one.id, other.id)
        assert (seen(one)["emails"], seen(other)["emails"]) == ([], [])


def test_no_list_and_no_notification_holds_the_other_s_e_mail(alice: Customer, bob: Customer) -> None:
    alice.transfer(bob, 100)
    connect(alice, bob)

    assert email_of(bob) not in json.dumps(seen(alice))
    assert email_of(alice) not in json.dumps(seen(bob))


def take_back_one(customer: Customer, _other: Customer) -> Change:
    asked = customer.db.read(people.asked_emails, customer.id)
    return customer.db.transact(actions.take_back, customer.id, asked[0].id if asked else 0)


STEPS: dict[str, Callable[[Customer, Customer], Change]] = {
    "ask by e-mail": lambda one, other: ask(one, email_of(other)),
    "take back": take_back_one,
    "ask": lambda one, other: do(actions.ask_person, one, other),
    "accept": lambda one, other: do(actions.accept, one, other),
    "refuse": lambda one, other: do(actions.refuse, one, other),
    "remove": lambda one, other: do(actions.remove, one, other),
    "block": lambda one, other: do(actions.block, one, other),
    "unblock": lambda one, other: do(actions.unblock, one, other),
}


def test_whoever_sees_a_change_is_told_of_it_and_no_refusal_or_block_shows(sqlite: Database) -> None:
    """So a list that is fetched again whenever the bank says so is always the one that a fresh page would fetch.

    Where somebody who is connected, or has asked, blocks, the other sees that end, as if it was taken back.
    """
    by_chance, done = Random(1), set()
    for _ in range(4):
        pair = [new_customer(sqlite, cents=1000), new_customer(sqlite)]
        pair[0].transfer(pair[1], 100)
        ask(pair[0], email_of(pair[1]))
        for _ in range(10):
            one, other = by_chance.sample(pair, 2)
            name = by_chance.choice([*STEPS, "accept", "refuse"])
            before, was = everything_seen(pair), related(other, one)
            try:
                change = STEPS[name](one, other)
            except AppError:
                continue
            done.add(name)
            after, now = everything_seen(pair), related(one, other)
            assert {each for each in after if after[each] != before[each]} <= set(change.lists_of), name
            assert change.connection_with == (other.id if now.connected != was.connected else None), name
            assert sqlite.read(queries.connected, one.id, other.id) == now.connected == related(other, one).connected
            if name in ("refuse", "block") and not (was.connected or was.waiting_for_me):
                assert after[other.id] == before[other.id], name
    assert done >= {"accept", "refuse", "remove", "block"}


def everything_seen(customers: list[Customer]) -> dict[int, Any]:
    return {each.id: {**seen(each), "told": None} for each in customers}
