"""What a search finds in either database is what the rule says, and what the page finds among rows that come alone."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bank import payloads, queries
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.payloads import StatementQuery
from app.bank.queries import Movement
from app.db import Database
from app.fields import read
from tests.integration.customers import Customer, new_customer
from tests.support.page_search import PageSearch, page_search

LETTERS = "aAáÁãçÇeéEıİßSsΣς 015,.$rR%_\\'＝５\u0301\u200b\u00a0"
DESCRIPTIONS = st.text(LETTERS, min_size=1, max_size=10)
AMOUNTS = st.sampled_from([1, 50, 99, 100, 500, 1050, 1055, 5000, 5099, 51000, 123456])
ROWS = st.lists(st.tuples(DESCRIPTIONS, AMOUNTS, st.booleans()), min_size=1, max_size=6)
TYPED = st.text(LETTERS, max_size=4) | st.sampled_from(
    ["50", "R$ 50", "10,5", "10.50", "1.234,56", "1234.56", "0,01", "-50", "+ 50", "r$ 5", "SAO", "joao", "R$\u00a01"]
)


@pytest.fixture(scope="module")
def page() -> Iterator[PageSearch]:
    with page_search() as started:
        yield started


def all_rows(customer: Customer, typed: str = "") -> list[Movement]:
    filters = read(StatementQuery, {"texto": typed} if typed else {}).filters()
    return customer.db.read(queries.statement, customer.account, limit=200, filters=filters).rows


def text_of(row: Movement) -> str:
    return f"{row.description} {row.counterpart_name or ''}"


@settings(
    max_examples=60,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(operations=ROWS, typed=st.lists(TYPED, min_size=1, max_size=8))
def test_a_fetched_statement_holds_the_rows_that_the_page_would_let_through(
    database: Database, page: PageSearch, operations: list[tuple[str, int, bool]], typed: list[str]
) -> None:
    alice = new_customer(database, cents=1_000_000)
    joao = new_customer(database, "João São", cents=1_000_000)
    for description, cents, leaves in operations:
        if leaves:
            alice.do(payloads.PAYMENT, cents, alice.account, CASH_ACCOUNT_ID, description)
        else:
            joao.transfer(alice, cents, description)
    rows = all_rows(alice)

    for words in typed:
        passed = page.finds(words, [(text_of(row), row.amount_cents) for row in rows])
        assert all_rows(alice, words) == [row for row, found in zip(rows, passed, strict=True) if found], words
