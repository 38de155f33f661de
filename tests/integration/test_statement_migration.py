"""Revision 0003 fills what it adds from any history, on either database, and from wherever it was stopped."""

import json
from pathlib import Path

import pytest
from alembic import command
from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection, text

from app import clock, wire
from app.bank import queries, totals
from app.bank.statement_payloads import StatementQuery
from app.db import Database
from app.fields import read
from app.migrations import runner
from app.notifications import actions as inbox
from app.streams.stream import streams
from tests.integration.customers import clock_at, new_customer, rows
from tests.integration.history import add_history
from tests.integration.stopping import Stopped, stopped_after

BEFORE, FILLING = "0002", "0003"
FILLED = {
    "statement_lines": "account_id, entry_id, day, moved_at, credit, amount_cents, search_text",
    "day_totals": "account_id, day, in_cents, out_cents, own_in_cents, own_out_cents, closing_cents, "
    "first_entry_id, last_entry_id",
    "user_streams": "user_id, seq, notices",
    "stream_events": "user_id, seq, notices",
    "read_cursors": "user_id, seq, notices",
}


@pytest.fixture
def lived_in(own_database: Database) -> Database:
    """A database of the revision before, with a history. MariaDB has its binary log on, and gives few rights."""
    live_in(own_database)
    with own_database.engine.connect() as connection, connection.begin():
        command.downgrade(runner.config(connection), BEFORE)
    return own_database


def live_in(db: Database) -> None:
    """Everything that there is to fill: both sides of transfers, own ones too, several days, some of it read."""
    with clock_at("2026-10-31T12:00:00+00:00"):
        alice, bob = new_customer(db, "Alice São"), new_customer(db, "Bob", cents=10_000)
        reserve = alice.open_account("Cofrinho")
    for moment in ("2026-11-10T02:59:59+00:00", "2026-11-10T03:00:00+00:00", "2026-11-12T12:00:00+00:00"):
        with clock_at(moment):
            alice.deposit(5000)
            alice.transfer(bob, 1250, "Café")
            bob.transfer(alice, 70, "Troco")
            alice.transfer(reserve, 300, "Guardar")
            alice.pay(40, "Luz")
    # More than is filled at once.
    add_history(alice, 700, account=reserve)
    db.transact(tell_often, bob.id, 600)
    db.transact(inbox.mark_read, alice.id, 3)


def tell_often(connection: Connection, user_id: int, count: int) -> None:
    for _ in range(count):
        streams.append(connection, [Append(user_id, wire.NOTIFICACAO, {})])


def filled(db: Database) -> dict[str, list[tuple[object, ...]]]:
    return {name: sorted(rows(db, f"SELECT {columns} FROM {name}")) for name, columns in FILLED.items()}


@pytest.fixture
def live(lived_in: Database, tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The same life in a database that had these tables from the beginning. But for one thing: of events from before
    nobody knows whose doing they were, so all of them are news."""
    db = Database(f"sqlite:///{tmp_path / 'live.db'}")
    runner.upgrade(db)
    live_in(db)
    with db.engine.connect() as connection, connection.begin():
        for table in ("user_streams", "stream_events", "read_cursors"):
            connection.execute(text(f"UPDATE {table} SET notices = seq"))
    found = filled(db)
    db.dispose()
    return found


def plain(found: dict[str, list[tuple[object, ...]]]) -> str:
    """The two kinds of database write a moment differently."""
    return json.dumps(found, default=str, indent=1).replace(".000000", "")


def test_an_older_database_comes_to_hold_what_a_new_one_would(
    lived_in: Database, live: dict[str, list[tuple[object, ...]]]
) -> None:
    runner.upgrade(lived_in)

    assert plain(filled(lived_in)) == plain(live)


def test_it_goes_on_from_wherever_it_was_stopped(lived_in: Database, live: dict[str, list[tuple[object, ...]]]) -> None:
    stops = 0
    while True:
        try:
            with stopped_after(stops), lived_in.engine.connect() as connection, connection.begin():
                command.upgrade(runner.config(connection), FILLING)
            break
        except Stopped:
            stops += 1

    assert stops > 15
    runner.upgrade(lived_in)
    assert plain(filled(lived_in)) == plain(live)


def test_what_was_filled_is_searched_and_summed(lived_in: Database) -> None:
    runner.upgrade(lived_in)
    (alice,) = (row[0] for row in rows(lived_in, "SELECT id FROM users WHERE name = 'Alice São'"))
    (account,) = (row[0] for row in rows(lived_in, "SELECT id FROM accounts WHERE name = 'Alice São'"))
    assert isinstance(alice, int)
    assert isinstance(account, int)
    filters = read(StatementQuery, {"texto": "CAFE bob", "de": "2026-11-10"}).filters()

    found = lived_in.read(queries.statement, account, limit=50, filters=filters).rows
    sums = lived_in.read(totals.of_days, account, filters=filters)

    assert [clock.day_of(row.moved_at).isoformat() for row in found] == ["2026-11-12", "2026-11-10"]
    assert [(day.day.isoformat(), day.out_cents) for day in sums.days] == [("2026-11-12", 1250), ("2026-11-10", 1250)]
    stand = lived_in.read(inbox.stand, alice)
    assert (stand.read_to, stand.unread) == (3, stand.seq - 3)
