"""The statement: newest first, filtered and paged, and only the account that was asked for."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app import clock
from app.bank import payloads, queries
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.queries import PAGE_ROWS_MAX, Movement
from app.bank.statement_payloads import StatementQuery
from app.db import Database
from app.errors import Invalid
from app.fields import read
from tests.integration.customers import Customer, clock_at, new_customer

OPENING = "entrada"


def statement(customer: Customer, **query: object) -> list[Movement]:
    """What the query string of a client asks for."""
    asked = read(StatementQuery, {name: str(value) for name, value in query.items()})
    return customer.db.read(
        queries.statement, customer.account, limit=asked.limite, before_id=asked.antes, filters=asked.filters()
    ).rows


def described(movements: list[Movement]) -> list[str]:
    return [movement.description for movement in movements]


@pytest.fixture
def alice(database: Database) -> Customer:
    return opened(database, "Alice Souza")


@pytest.fixture
def bob(database: Database) -> Customer:
    return opened(database, "Bob Pereira")


def opened(database: Database, name: str) -> Customer:
    """With R$ 1.000,00, deposited as OPENING."""
    customer = new_customer(database, name)
    customer.do(payloads.DEPOSIT, 100_000, CASH_ACCOUNT_ID, customer.account, OPENING)
    return customer


def test_the_newest_movement_comes_first(alice: Customer) -> None:
    for description in ("um", "dois", "três"):
        alice.pay(1, description)

    assert described(statement(alice)) == ["três", "dois", "um", OPENING]


def test_the_rows_are_those_that_the_operations_answered(alice: Customer, bob: Customer) -> None:
    answers = [alice.pay(5), alice.transfer(bob, 300), alice.withdraw(20)]

    read_rows = [payloads.movement(row) for row in statement(alice, limite=3)]

    assert read_rows == [answer["movimentacao"] for answer in reversed(answers)]


def test_each_party_sees_its_own_side(alice: Customer, bob: Customer) -> None:
    alice.transfer(bob, 300, "Aluguel")

    (sent, received) = statement(alice)[0], statement(bob)[0]

    assert (sent.amount_cents, sent.counterpart_name) == (-300, "Bob Pereira")
    assert (received.amount_cents, received.counterpart_name) == (300, "Alice Souza")
    assert sent.operation_id == received.operation_id


def test_pages_hold_every_row_once_and_in_order(alice: Customer) -> None:
    for number in range(7):
        alice.pay(1, f"n{number}")

    pages: list[Movement] = []
    before: dict[str, int] = {}
    while page := statement(alice, limite=3, **before):
        assert len(page) <= 3
        pages += page
        before = {"antes": page[-1].id}

    assert pages == statement(alice)
    assert described(pages)[:7] == [f"n{number}" for number in reversed(range(7))]


def test_a_page_is_not_moved_by_what_happens_meanwhile(alice: Customer) -> None:
    for number in range(4):
        alice.pay(1, f"n{number}")
    first = statement(alice, limite=2)
    alice.pay(1, "novo")

    assert described(statement(alice, limite=2, antes=first[-1].id)) == ["n1", "n0"]


@pytest.mark.parametrize(("kind", "signs"), [("credito", {True}), ("debito", {False})])
def test_credits_and_debits_can_be_told_apart(alice: Customer, bob: Customer, kind: str, signs: set[bool]) -> None:
    alice.pay(5)
    bob.transfer(alice, 100)
    alice.transfer(bob, 50)

    found = statement(alice, tipo=kind)

    assert len(found) == 2
    assert {row.amount_cents > 0 for row in found} == signs


@pytest.mark.parametrize(
    ("text", "descriptions"),
    [
        ("100%", ["desconto de 100% hoje"]),
        ("%", ["desconto de 100% hoje"]),
        ("_", ["conta_de_luz"]),
        ("conta_", ["conta_de_luz"]),
        ("/", ["água/luz"]),
        ("\\", ["c:\\casa"]),
        ("'", ["pingo d'água"]),
        ("LUZ", ["água/luz", "conta_de_luz"]),
        ("nada disso", []),
    ],
)
def test_a_text_is_looked_for_as_it_is_written(alice: Customer, text: str, descriptions: list[str]) -> None:
    for description in ("conta_de_luz", "água/luz", "desconto de 100% hoje", "desconto de 1000", "c:\\casa"):
        alice.pay(1, description)
    alice.pay(1, "pingo d'água")

    assert described(statement(alice, texto=text)) == descriptions


def test_a_text_is_also_looked_for_in_the_other_party_s_name(alice: Customer, bob: Customer) -> None:
    alice.transfer(bob, 100, "Aluguel")
    alice.pay(1, "Luz")

    assert described(statement(alice, texto="pereira")) == ["Aluguel"]


@pytest.fixture
def three_days(database: Database) -> Callable[..., list[str]]:
    """Payments at noon, UTC, of three days; the statement with the given filters."""
    with clock_at("2020-02-20T12:00:00+00:00"):
        alice = opened(database, "Alice Souza")
    for day in ("2020-03-01", "2020-03-02", "2020-03-03"):
        with clock_at(f"{day}T12:00:00+00:00"):
            alice.pay(1, day)
    alice.pay(1, "agora")
    return lambda **query: [d for d in described(statement(alice, **query)) if d.startswith("2020")]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"de": "2020-03-02", "ate": "2020-03-02"}, ["2020-03-02"]),
        ({"de": "2020-03-01", "ate": "2020-03-02"}, ["2020-03-02", "2020-03-01"]),
        ({"ate": "2020-03-01"}, ["2020-03-01"]),
        ({"de": "2020-03-02T12:00:00Z", "ate": "2020-03-03T12:00:00Z"}, ["2020-03-02"]),
        ({"de": "2020-03-02T12:00:00.000001Z", "ate": "2020-03-03"}, ["2020-03-03"]),
        ({"de": "2020-03-02T09:00:00-03:00", "ate": "2020-03-02"}, ["2020-03-02"]),
        ({"de": "2020-03-02T09:00:01-03:00", "ate": "2020-03-02"}, []),
    ],
)
def test_a_period_holds_its_first_moment_and_the_whole_of_its_last_day(
    three_days: Callable[..., list[str]], query: dict[str, str], days: list[str]
) -> None:
    shown = three_days(**query)

    assert shown == days


def test_a_period_around_now_holds_what_was_just_done(alice: Customer) -> None:
    alice.pay(1, "agora")
    now = clock.now()
    today = clock.day_of(now)

    assert "agora" in described(statement(alice, de=today, ate=today))
    assert described(statement(alice, de=clock.iso(now + timedelta(seconds=1)))) == []


@pytest.mark.parametrize(
    "query",
    [
        {"limite": "0"},
        {"limite": "-1"},
        {"limite": str(PAGE_ROWS_MAX + 1)},
        {"limite": "dez"},
        {"antes": "0"},
        {"antes": "x"},
        {"antes": str(2**63)},
        {"tipo": "Crédito"},
        {"tipo": "todos"},
        {"texto": "x" * 101},
        {"de": "ontem"},
        {"de": "2026-02-30"},
        {"ate": "31/12/2026"},
        {"de": "2020-03-02", "ate": "2020-03-01"},
        {"de": "x" * 500},
    ],
)
def test_a_filter_that_means_nothing_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        read(StatementQuery, query)


@pytest.mark.parametrize("field", ["de", "ate"])
@pytest.mark.parametrize(
    "moment", ["ontem", "9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-13-01"]
)
def test_what_is_no_date_is_told_in_the_person_s_language(field: str, moment: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(StatementQuery, {field: moment})

    assert refused.value.text == f"{field}: não é uma data válida."


def test_the_first_day_of_the_calendar_is_a_day(alice: Customer) -> None:
    assert described(statement(alice, de="0001-01-01")) == [OPENING]
    assert described(statement(alice, ate="0001-01-01")) == []
