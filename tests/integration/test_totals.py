"""Sums are the server's, right for any number of rows, under every filter, and say up to which row they go."""

from datetime import date, timedelta
from typing import Any

import pytest

from app import clock
from app.bank import queries, statement_payloads, totals
from app.bank.statement_payloads import StatementQuery
from app.bank.totals import DayTotal, Totals
from app.db import Database
from app.fields import read
from tests.integration.customers import Customer, clock_at, new_customer, rows
from tests.integration.history import add_history

NOON = "T15:00:00+00:00"
DAYS = ("2026-11-01", "2026-11-02", "2026-11-20")


def sums(customer: Customer, **query: object) -> Totals:
    asked = read(StatementQuery, {name: str(value) for name, value in query.items()})
    return customer.db.read(totals.of_days, customer.account, before_id=asked.antes, filters=asked.filters())


def listed(found: Totals) -> list[tuple[str, int, int]]:
    return [(day.day.isoformat(), day.in_cents, day.out_cents) for day in found.days]


@pytest.fixture
def alice(database: Database) -> Customer:
    """Each of DAYS: R$ 10,00 came, R$ 2,50 went for coffee."""
    with clock_at(f"2026-11-01{NOON}"):
        customer = new_customer(database, "Alice Souza")
    for day in DAYS:
        with clock_at(day + NOON):
            customer.deposit(1000)
            customer.pay(250, "Café")
    return customer


def test_each_day_has_what_came_and_what_went_newest_first(alice: Customer) -> None:
    found = sums(alice)

    assert listed(found) == [(day, 1000, 250) for day in reversed(DAYS)]
    assert found.last_entry_id == alice.db.read(queries.newest, [alice.account], limit=1).rows[0].id


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"tipo": "credito"}, [(day, 1000, 0) for day in reversed(DAYS)]),
        ({"tipo": "debito"}, [(day, 0, 250) for day in reversed(DAYS)]),
        ({"texto": "cafe"}, [(day, 0, 250) for day in reversed(DAYS)]),
        ({"texto": "2,50"}, [(day, 0, 250) for day in reversed(DAYS)]),
        ({"texto": "nada"}, []),
        ({"de": DAYS[1]}, [(DAYS[2], 1000, 250), (DAYS[1], 1000, 250)]),
        ({"de": DAYS[1], "ate": DAYS[1]}, [(DAYS[1], 1000, 250)]),
        ({"ate": DAYS[0], "texto": "CAFÉ", "tipo": "debito"}, [(DAYS[0], 0, 250)]),
        ({"de": f"{DAYS[2]}T15:00:00Z"}, [(DAYS[2], 1000, 250)]),
        ({"de": f"{DAYS[2]}T15:00:01Z"}, []),
        ({"ate": "2026-10-01"}, []),
    ],
)
def test_the_filters_of_the_statement_apply(
    alice: Customer, query: dict[str, str], expected: list[tuple[str, int, int]]
) -> None:
    assert listed(sums(alice, **query)) == expected


def test_a_day_is_sao_paulo_s(database: Database) -> None:
    alice = new_customer(database)
    for moment in ("2026-11-10T02:59:59.999999+00:00", "2026-11-10T03:00:00+00:00"):
        with clock_at(moment):
            alice.deposit(100)

    assert listed(sums(alice)) == [("2026-11-10", 100, 0), ("2026-11-09", 100, 0)]
    for day in ("2026-11-10", "2026-11-09"):
        assert listed(sums(alice, de=day, ate=day)) == [(day, 100, 0)]
        assert listed(sums(alice, de=day, ate=day, texto="1,00")) == [(day, 100, 0)]


def test_sums_of_any_number_of_rows_are_right(database: Database) -> None:
    alice = new_customer(database)
    add_history(alice, 3000)

    assert sum(day.in_cents for day in sums(alice).days) == 300_000


def followed(customer: Customer, **query: Any) -> tuple[list[DayTotal], int]:
    """All pages, and how many they were."""
    days: list[DayTotal] = []
    page, pages = sums(customer, **query), 1
    days += page.days
    while page.until_day or page.before_id:
        further = {"ate": page.until_day} if page.until_day else {"antes": page.before_id}
        page, pages = sums(customer, **{**query, **further}), pages + 1
        days += page.days
    return days, pages


def test_the_sums_of_many_days_go_on_where_they_ended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = new_customer(database)
    add_history(alice, 50, minutes_apart=24 * 60)
    whole = sums(alice).days
    monkeypatch.setattr(totals, "DAYS_MAX", 7)

    assert followed(alice) == (whole, 8)


def test_the_sums_of_a_search_add_up_over_its_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = new_customer(database)
    add_history(alice, 100, minutes_apart=200)
    whole = sums(alice, texto="depos").days
    monkeypatch.setattr(queries, "SEARCH_ROWS_MAX", 9)
    parts, pages = followed(alice, texto="depos")

    added: dict[date, int] = {}
    for part in parts:
        added[part.day] = added.get(part.day, 0) + part.in_cents
    assert pages == 12
    assert added == {day.day: day.in_cents for day in whole}


def test_the_pages_of_a_search_are_followed_to_the_last_row(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = new_customer(database)
    for number in range(30):
        alice.deposit(100 + number)
    monkeypatch.setattr(queries, "SEARCH_ROWS_MAX", 4)
    wanted = read(StatementQuery, {"texto": "1,00"}).filters()
    found: list[queries.Movement] = []
    before_id, pages = None, 0
    while pages == 0 or before_id is not None:
        page = database.read(queries.statement, alice.account, limit=50, before_id=before_id, filters=wanted)
        found, before_id, pages = found + page.rows, page.next_before_id, pages + 1

    assert [row.amount_cents for row in found] == [100]
    assert pages == 8


TODAY = date(2026, 11, 20)


def summary(customer: Customer) -> totals.Summary:
    return customer.db.read(totals.summary, customer.id, TODAY)


def test_the_month_leaves_out_what_moved_between_own_accounts(alice: Customer) -> None:
    with clock_at(f"2026-11-20{NOON}"):
        reserve = alice.open_account()
        alice.transfer(reserve, 500)
        alice.transfer(new_customer(alice.db), 40)

    month = summary(alice)

    assert (month.in_cents, month.out_cents) == (3000, 3 * 250 + 40)


def test_the_month_is_this_one(database: Database) -> None:
    with clock_at("2026-11-01T02:59:59+00:00"):
        alice = new_customer(database, cents=700)
    with clock_at("2026-11-01T03:00:00+00:00"):
        alice.deposit(40)

    month = summary(alice)

    assert (month.month, month.in_cents) == (date(2026, 11, 1), 40)


def test_the_balance_at_the_end_of_each_day_goes_on_until_it_changes(database: Database) -> None:
    with clock_at(f"2026-11-01{NOON}"):
        alice = new_customer(database, cents=750)
    with clock_at(f"2026-11-02{NOON}"):
        reserve = alice.open_account()
        alice.transfer(reserve, 100)
        alice.deposit(755, to=reserve)
    with clock_at(f"2026-11-20{NOON}"):
        alice.deposit(750)

    closings = dict(summary(alice).closings)

    assert list(closings) == [TODAY - timedelta(days=n) for n in range(totals.SUMMARY_DAYS, -1, -1)]
    assert closings[date(2026, 10, 31)] == 0
    assert closings[date(2026, 11, 1)] == 750
    assert closings[date(2026, 11, 2)] == closings[date(2026, 11, 19)] == 1505
    assert closings[TODAY] == 2255


def test_what_was_before_the_window_is_where_it_begins(database: Database) -> None:
    with clock_at("2026-03-01T12:00:00+00:00"):
        alice = new_customer(database, cents=900)

    sums_ = summary(alice)

    assert {cents for _, cents in sums_.closings} == {900}
    assert sums_.since is not None
    assert clock.day_of(sums_.since) == date(2026, 3, 1)


def test_the_summary_says_up_to_which_row_of_each_account_it_goes(alice: Customer) -> None:
    empty = alice.open_account()
    newest = alice.db.read(queries.newest, [alice.account], limit=1).rows[0].id

    assert summary(alice).last_entry_ids == {alice.account: newest, empty: 0}


def test_a_summary_and_sums_are_written_as_the_contract_has_them(alice: Customer) -> None:
    assert statement_payloads.totals(sums(alice, de=DAYS[2]))["dias"] == [{"dia": DAYS[2], "entrou": 10.0, "saiu": 2.5}]
    written = statement_payloads.summary(summary(alice))
    assert (written["mes"], written["entrou"], written["saiu"]) == ("2026-11", 30.0, 7.5)
    assert written["saldos"][-1] == {"dia": "2026-11-20", "saldo": 22.5}


def test_the_days_sums_are_the_ledger_s(alice: Customer) -> None:
    counted = rows(
        alice.db,
        "SELECT account_id, SUM(in_cents - out_cents), COUNT(*), MIN(first_entry_id), MAX(last_entry_id) "
        "FROM day_totals GROUP BY account_id",
    )
    ledger = rows(
        alice.db,
        "SELECT account_id, SUM(amount_cents), 3, MIN(id), MAX(id) FROM entries WHERE account_id > 0 "
        "GROUP BY account_id",
    )

    assert [tuple(map(int, map(str, row))) for row in counted] == [tuple(map(int, map(str, row))) for row in ledger]
