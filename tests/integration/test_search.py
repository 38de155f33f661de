"""What a search finds in either database is what the rule says, and what the page finds among rows that come alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bank import payloads, queries
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.queries import Movement
from app.bank.statement_payloads import StatementQuery
from app.db import Database
from app.fields import read
from tests.integration.customers import Customer, clock_at, new_customer
from tests.support.page_search import PageSearch, page_search

LETTERS = "aAáÁãçÇeéEıİßSsΣς 015,.$rR%_\\'＝５\u0301\u200b\u00a0"
DESCRIPTIONS = st.text(LETTERS, min_size=1, max_size=10)
AMOUNTS = st.sampled_from([1, 50, 99, 100, 500, 1050, 1055, 5000, 5099, 51000, 123456])


def in_order(since: str | None, until: str | None) -> tuple[str | None, str | None]:
    return (until, since) if since and until and until < since else (since, until)


# Beside São Paulo's midnights and UTC's; in 2018 the clock was put back at one midnight and forward at another.
OPENED = "2018-01-01T00:00:00-03:00"
MOMENTS = st.sampled_from(
    [
        *("2018-02-18T01:59:59.999999+00:00", "2018-02-18T02:00:00+00:00", "2018-02-18T02:59:59.999999+00:00"),
        *("2018-02-18T03:00:00+00:00", "2018-11-04T02:59:59.999999+00:00", "2018-11-04T03:00:00+00:00"),
        *("2026-11-10T02:59:59.999999+00:00", "2026-11-10T03:00:00+00:00", "2026-11-10T23:59:59.999999+00:00"),
        *("2026-11-11T00:00:00+00:00", "2026-11-11T02:59:59.999999+00:00", "2026-11-11T03:00:00+00:00"),
    ]
)
DAYS = st.none() | st.sampled_from(
    [
        *("2018-02-17", "2018-02-18", "2018-11-03", "2018-11-04"),
        *("2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12"),
    ]
)
PERIODS = st.tuples(DAYS, DAYS).map(lambda days: in_order(*days))
KINDS = st.sampled_from([None, "credito", "debito"])
ROWS = st.lists(st.tuples(DESCRIPTIONS, AMOUNTS, st.booleans(), MOMENTS), min_size=1, max_size=6)
TYPED = st.text(LETTERS, max_size=4) | st.sampled_from(
    ["50", "R$ 50", "10,5", "10.50", "1.234,56", "1234.56", "0,01", "-50", "+ 50", "r$ 5", "SAO", "joao", "R$\u00a01"]
)


@pytest.fixture(scope="module")
def page() -> Iterator[PageSearch]:
    with page_search() as started:
        yield started


@dataclass(frozen=True)
class Asked:
    """What somebody chose above a statement."""

    period: tuple[str | None, str | None]
    kind: str | None
    text: str

    @property
    def of_server(self) -> dict[str, str]:
        chosen = {"de": self.period[0], "ate": self.period[1], "tipo": self.kind, "texto": self.text}
        return {name: value for name, value in chosen.items() if value}

    @property
    def of_page(self) -> dict[str, str]:
        since, until = self.period
        return {"from": since or "", "to": until or "", "kind": self.kind or "", "text": self.text}


# Each part also by itself, since together they leave few rows.
ASKED = (
    st.builds(Asked, st.just((None, None)), st.none(), TYPED)
    | st.builds(Asked, PERIODS, KINDS, st.just(""))
    | st.builds(Asked, PERIODS, KINDS, TYPED)
)


def rows_of(customer: Customer, query: dict[str, str]) -> list[Movement]:
    filters = read(StatementQuery, query).filters()
    return customer.db.read(queries.statement, customer.account, limit=200, filters=filters).rows


@settings(
    max_examples=60,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(operations=ROWS, asked=st.lists(ASKED, min_size=1, max_size=12))
def test_a_fetched_statement_holds_the_rows_that_the_page_would_let_through(
    database: Database, page: PageSearch, operations: list[tuple[str, int, bool, str]], asked: list[Asked]
) -> None:
    with clock_at(OPENED):
        alice = new_customer(database, cents=1_000_000)
        joao = new_customer(database, "João São", cents=1_000_000)
    for description, cents, leaves, moment in sorted(operations, key=itemgetter(3)):
        with clock_at(moment):
            if leaves:
                alice.do(payloads.PAYMENT, cents, alice.account, CASH_ACCOUNT_ID, description)
            else:
                joao.transfer(alice, cents, description)
    # The page hears of every account of a person.
    rows = [*rows_of(alice, {}), *rows_of(joao, {})]

    for chosen in asked:
        passed = page.matches([payloads.movement(row) for row in rows], account=alice.account, **chosen.of_page)
        expected = [row for row, found in zip(rows, passed, strict=True) if found]
        assert rows_of(alice, chosen.of_server) == expected, chosen
