"""What a page, a search, a sum or a count costs does not grow with the history: the rows that the database touches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from app.bank import payees, queries, totals
from app.bank.statement_payloads import StatementQuery
from app.db import Database
from app.fields import read
from app.notifications import actions as inbox
from app.notifications.actions import Inbox
from app.streams.notify import notify
from tests.integration.customers import Customer, new_customer, write
from tests.integration.history import add_history

SHORT, LONG = 1_000, 12_000
HISTORY_DAYS = 90
LIMIT = 50
ACCOUNTS = 3
TODAY = date(2026, 11, 20)
# Of a page: one row more than it holds of each account, and three rows read by key for each that it shows.
PAGE_ROWS_TOUCHED_MAX = (ACCOUNTS + 8) * (LIMIT + 1)


def filters(**query: object) -> queries.Filters:
    return read(StatementQuery, {name: str(value) for name, value in query.items()}).filters()


def touched(database: Database, work: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
    """How many rows MariaDB read for `work`."""

    def measured(connection: Connection) -> int:
        before = _reads(connection)
        work(connection, *args, **kwargs)
        return _reads(connection) - before

    return database.read(measured)


def _reads(connection: Connection) -> int:
    # The tables that show the status count as reads themselves, the same number each time.
    rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'"))
    return sum(int(value) for name, value in rows if name != "Handler_read_rnd_deleted")


@dataclass(frozen=True)
class Grown:
    """Two people on MariaDB, alike but for the length of their history on each of several accounts."""

    database: Database
    short: Customer
    long: Customer
    accounts: dict[int, list[int]]

    def both(self, work: Callable[..., Any], of: Callable[[Customer], list[Any]], **kwargs: Any) -> tuple[int, int]:
        few, many = (touched(self.database, work, *of(customer), **kwargs) for customer in (self.short, self.long))
        return few, many


@pytest.fixture(scope="module")
def grown(shared_mariadb: Database) -> Grown:
    short, long, accounts = new_customer(shared_mariadb), new_customer(shared_mariadb), {}
    for customer, count in ((short, SHORT), (long, LONG)):
        own = [customer.account, *(customer.open_account() for _ in range(ACCOUNTS - 1))]
        for account in own:
            add_history(customer, count, account=account, minutes_apart=HISTORY_DAYS * 24 * 60 / count)
        accounts[customer.id] = own
    for table in ("entries", "operations", "statement_lines", "day_totals"):
        write(shared_mariadb, f"ANALYZE TABLE {table}")
    return Grown(shared_mariadb, short, long, accounts)


def test_a_page_of_several_accounts(grown: Grown) -> None:
    few, many = grown.both(queries.newest, lambda who: [grown.accounts[who.id]], limit=LIMIT)

    assert many <= few
    assert many <= PAGE_ROWS_TOUCHED_MAX


def test_a_page_of_what_went_between_two_people(grown: Grown) -> None:
    for customer, other in ((grown.short, grown.long), (grown.long, grown.short)):
        shared = "SELECT :user, :other, entry_id FROM statement_lines WHERE account_id = :account"
        values = {"user": customer.id, "other": other.id, "account": customer.account}
        write(grown.database, f"INSERT INTO people_entries (user_id, other_id, entry_id) {shared}", **values)
    others = {grown.short.id: grown.long.id, grown.long.id: grown.short.id}

    few, many = grown.both(payees.between, lambda who: [who.id, others[who.id]], limit=LIMIT, before_id=None)

    assert many <= few
    assert many <= PAGE_ROWS_TOUCHED_MAX


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"tipo": "credito"},
        {"tipo": "debito"},
        {"ate": "2026-09-10"},
        {"de": "2026-09-10"},
        {"de": "2026-09-10", "ate": "2026-09-10"},
        {"de": "2030-01-01"},
        {"ate": "2020-01-01"},
    ],
)
def test_a_filtered_page(grown: Grown, query: dict[str, str]) -> None:
    _, many = grown.both(queries.statement, lambda who: [who.account], limit=LIMIT, filters=filters(**query))

    assert many <= PAGE_ROWS_TOUCHED_MAX


def test_a_search_looks_at_so_many_rows_and_no_more(grown: Grown) -> None:
    looked = filters(texto="nada disso")
    few, many = grown.both(queries.statement, lambda who: [who.account], limit=LIMIT, filters=looked)

    assert few <= 2 * SHORT + LIMIT
    assert many <= 2 * queries.SEARCH_ROWS_MAX + LIMIT


def test_the_sums_of_days_read_days(grown: Grown) -> None:
    _, many = grown.both(totals.of_days, lambda who: [who.account], filters=queries.NO_FILTERS)

    assert many <= 5 * HISTORY_DAYS


def test_the_sums_of_a_search_look_at_so_many_rows_and_no_more(grown: Grown) -> None:
    _, many = grown.both(totals.of_days, lambda who: [who.account], filters=filters(texto="1,00"))

    assert many <= 4 * queries.SEARCH_ROWS_MAX


def test_the_first_screen_reads_two_months_of_days_at_the_most(grown: Grown) -> None:
    _, many = grown.both(totals.summary, lambda who: [who.id], today=TODAY)

    assert many <= ACCOUNTS * 4 * 62


def test_the_unread_count_counts_nothing(shared_mariadb: Database) -> None:
    one, other = new_customer(shared_mariadb), new_customer(shared_mariadb)
    for customer, count in ((one, 2), (other, 400)):
        for number in range(count):
            notify(shared_mariadb, [customer.id], kind="aviso", message=str(number))
    few, many = (
        touched(shared_mariadb, inbox.inbox, customer.id, limit=1, after=None, before=None, unread_only=False)
        for customer in (one, other)
    )

    assert many <= few
    assert shared_mariadb.read(inbox.stand, other.id).unread == 400
    assert shared_mariadb.transact(inbox.mark_read, other.id, 350) == (350, 50)


def test_a_page_of_the_unread_reads_nothing_of_what_the_user_did(shared_mariadb: Database) -> None:
    counts = []
    for own in (10, 300):
        customer = new_customer(shared_mariadb)
        notify(shared_mariadb, [customer.id], kind="aviso", message="de outra pessoa")
        for _ in range(own):
            customer.deposit(100)
        assert [row["mensagem"] for row in unread(shared_mariadb, customer.id).rows] == ["de outra pessoa"]
        counts.append(touched(shared_mariadb, unread_page, customer.id))

    assert counts[1] <= counts[0]


def unread_page(connection: Connection, user_id: int) -> Inbox:
    return inbox.inbox(connection, user_id, limit=50, after=None, before=None, unread_only=True)


def unread(db: Database, user_id: int) -> Inbox:
    return db.read(unread_page, user_id)


@contextmanager
def planned(database: Database) -> Iterator[list[str]]:
    """The steps of the query plan of every statement that is run inside, on SQLite."""
    steps: list[str] = []

    def explain(_c: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            plan = cursor.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(str(row[3]) for row in plan)

    with database.read(lambda connection: connection.engine).connect() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def test_on_sqlite_every_table_is_searched_by_key_or_index(sqlite: Database) -> None:
    alice = new_customer(sqlite)
    own = [alice.account, alice.open_account(), alice.open_account()]
    add_history(alice, 500)
    questions = [{}, {"tipo": "credito"}, {"de": "2026-11-20", "ate": "2026-11-20"}, {"texto": "dep"}]
    with planned(sqlite) as steps:
        sqlite.read(queries.newest, own, limit=LIMIT)
        for question in questions:
            sqlite.read(queries.statement, alice.account, limit=LIMIT, filters=filters(**question))
            sqlite.read(totals.of_days, alice.account, filters=filters(**question))
        sqlite.read(totals.summary, alice.id, TODAY)
        sqlite.read(inbox.inbox, alice.id, limit=1, after=None, before=None, unread_only=False)
        notify(sqlite, [alice.id], kind="aviso", message="oi")
        assert len(unread(sqlite, alice.id).rows) == 1

    tables = ("entries", "operations", "accounts", "statement_lines", "day_totals", "stream_events", "user_streams")
    assert [step for step in steps if step.startswith("SCAN") and step.split()[1] in tables] == []
    assert any("ix_entries_account_id_id" in step for step in steps)
    assert any("ix_statement_lines_credit" in step for step in steps)
    assert any("ix_stream_events_user_id_notices_seq" in step for step in steps)
