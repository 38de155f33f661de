"""What was done is written down with it, in a chain that shows every change."""

import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app import clock
from app.audit import chain, failed_logins
from app.audit.events import Kind, record
from app.audit.failed_logins import FailedLogins
from app.audit.models import DETAIL_CHARS_MAX
from app.bank import late_lines, reconciliation
from app.db import Database
from app.errors import DatabaseDown, InsufficientFunds
from tests.integration.customers import new_customer, refusal_of, rows, write
from tests.integration.test_worker_commands import run
from worker import housekeeping
from worker.commands import auditoria
from worker.jobs import all_checks


def written_down(db: Database) -> list[tuple[object, ...]]:
    return rows(db, "SELECT kind, user_id, operation_id, detail FROM audit ORDER BY id")


def faults(db: Database) -> list[str]:
    return db.read(chain.verify).faults


def some_lines(db: Database, count: int) -> None:
    def write_some(connection: Connection) -> None:
        for number in range(count):
            record(connection, Kind.LOGIN, user_id=number)

    db.transact(write_some)


def unseal(db: Database) -> None:
    for verb in ("update", "delete"):
        write(db, f"DROP TRIGGER audit_refuse_{verb}")


def test_every_operation_has_its_line_and_a_refused_one_has_none(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    first = alice.deposit(10_000)["operacao_id"]
    second = alice.transfer(bob, 300, "segredo nosso")["operacao_id"]
    assert refusal_of(lambda: bob.withdraw(301)) is InsufficientFunds

    assert database.transact(chain.append) == 2

    assert written_down(database) == [
        ("operation", alice.id, first, f'{{"cents":10000,"from":-1,"kind":"deposito","to":{alice.account}}}'),
        (
            "operation",
            alice.id,
            second,
            f'{{"cents":300,"from":{alice.account},"kind":"transferencia","to":{bob.account}}}',
        ),
    ]
    assert rows(database, "SELECT COUNT(*) FROM audit_pending") == [(0,)]


def test_an_operation_of_an_old_node_gets_its_line_late(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = new_customer(database)
    first = alice.deposit(10_000)["operacao_id"]
    write(database, "DELETE FROM audit_pending")  # as a node of the release before, which writes none
    second = alice.deposit(5)["operacao_id"]
    assert database.transact(late_lines.add) == 0  # it may still be in the making
    monkeypatch.setattr(late_lines, "SETTLED", timedelta(0))

    assert [database.transact(late_lines.add) for _ in range(2)] == [2, 0]
    housekeeping.chain_audit(database)

    said = [(kind, operation) for kind, _, operation, _ in written_down(database)]
    assert said == [("operation", second), ("operation_late", first)]
    assert not [fault for check in database.read(reconciliation.run) for fault in check.faults]


def test_a_clock_that_is_ahead_makes_no_operation_be_passed_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, now = new_customer(database), clock.now
    with monkeypatch.context() as ahead:
        ahead.setattr(clock, "now", lambda: now() + timedelta(seconds=30))
        first = alice.deposit(10_000)["operacao_id"]
    second = alice.deposit(5)["operacao_id"]
    write(database, "DELETE FROM audit_pending")
    monkeypatch.setattr(late_lines, "SETTLED", timedelta(seconds=-10))
    assert database.transact(late_lines.add) == 0
    monkeypatch.setattr(late_lines, "SETTLED", timedelta(seconds=-60))

    assert database.transact(late_lines.add) == 2
    housekeeping.chain_audit(database)

    assert [operation for _, _, operation, _ in written_down(database)] == [first, second]


def test_what_was_rolled_back_is_not_written_down(database: Database) -> None:
    def fail(connection: Connection) -> None:
        record(connection, Kind.LOGIN, user_id=1)
        raise DatabaseDown

    assert refusal_of(lambda: database.transact(fail)) is DatabaseDown
    assert database.transact(chain.append) == 0


def test_each_line_is_sealed_with_the_one_before_it(database: Database) -> None:
    some_lines(database, 2)
    database.transact(chain.append)

    (first, at, seal_1), (second, later, seal_2) = rows(database, "SELECT id, at, hash FROM audit ORDER BY id")
    moments = [str(moment).replace(" ", "T") + "+00:00" for moment in (at, later)]
    said_1 = f'0{"0" * 63}\n[1, "{moments[0]}", 0, "login", null, "{{}}"]'
    said_2 = f'{seal_1}\n[2, "{moments[1]}", 1, "login", null, "{{}}"]'
    assert (first, seal_1) == (1, hashlib.sha256(said_1.encode()).hexdigest())
    assert (second, seal_2) == (2, hashlib.sha256(said_2.encode()).hexdigest())


def test_the_chain_goes_on_over_any_number_of_runs_and_pages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "ADDED_AT_ONCE", 3)
    monkeypatch.setattr(chain, "VERIFIED_AT_ONCE", 2)
    some_lines(database, 7)

    results = [housekeeping.chain_audit(database) for _ in range(3)]

    assert [(result.text, result.more) for result in results] == [
        ("lines added: 3", True),
        ("lines added: 3", True),
        ("lines added: 1", False),
    ]
    verified = database.read(chain.verify)
    assert (verified.lines, verified.faults) == (7, [])


def test_a_line_that_was_changed_is_named(own_database: Database) -> None:
    some_lines(own_database, 5)
    own_database.transact(chain.append)
    unseal(own_database)
    write(own_database, "UPDATE audit SET user_id = 7 WHERE id = 3")

    assert faults(own_database) == ["line 3 does not follow from what it says and from the line before it"]


def test_a_line_that_was_changed_with_its_seal_betrays_itself_by_the_next(own_database: Database) -> None:
    some_lines(own_database, 5)
    own_database.transact(chain.append)
    unseal(own_database)
    write(own_database, "UPDATE audit SET hash = REPLACE(hash, SUBSTR(hash, 1, 8), '00000000') WHERE id = 3")

    assert [fault.split(" does")[0] for fault in faults(own_database)] == ["line 3", "line 4"]


def test_lines_that_were_taken_out_are_named(own_database: Database) -> None:
    some_lines(own_database, 5)
    own_database.transact(chain.append)
    unseal(own_database)
    write(own_database, "DELETE FROM audit WHERE id IN (2, 3)")

    assert faults(own_database) == ["lines 2 to 3 are missing"]


def test_an_end_that_was_cut_off_is_found(own_database: Database) -> None:
    some_lines(own_database, 5)
    own_database.transact(chain.append)
    unseal(own_database)
    write(own_database, "DELETE FROM audit WHERE id > 3")

    (fault,) = faults(own_database)
    assert fault.startswith("the chain ends with line 3, and should with line 5")


def test_the_database_refuses_to_change_the_chain(database: Database) -> None:
    some_lines(database, 1)
    database.transact(chain.append)
    for statement in ("UPDATE audit SET user_id = 7", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="audit are never changed"):
            write(database, statement)


def test_an_operation_that_was_changed_in_all_places_that_fit_together_is_found(own_database: Database) -> None:
    """What no other check can find, on a server whose books could not be sealed."""
    alice = new_customer(own_database, cents=1000)
    for table in ("entries", "operations"):
        for verb in ("update", "delete"):
            write(own_database, f"DROP TRIGGER {table}_refuse_{verb}")
    write(own_database, "UPDATE operations SET amount_cents = 2000")
    write(
        own_database,
        "UPDATE entries SET amount_cents = 2000, balance_after_cents = 2000 WHERE balance_after_cents = 1000",
    )
    write(own_database, "UPDATE entries SET amount_cents = -2000 WHERE balance_after_cents IS NULL")
    write(own_database, "UPDATE accounts SET balance_cents = 2000 WHERE id = :id", id=alice.account)
    write(own_database, "UPDATE statement_lines SET amount_cents = 2000")
    write(own_database, "UPDATE day_totals SET in_cents = 2000, closing_cents = 2000")

    found = {check.name: check.faults for check in all_checks(own_database)[0] if check.faults}

    assert list(found) == ["operations were written down"]
    assert '"cents":1000' in found["operations were written down"][0]


@pytest.mark.parametrize("chained", [False, True], ids=["that waited", "of the chain"])
def test_an_operation_whose_line_is_gone_is_found(own_database: Database, chained: bool) -> None:
    new_customer(own_database, cents=1000)
    if chained:
        own_database.transact(chain.append)
        unseal(own_database)
    write(own_database, "DELETE FROM audit" if chained else "DELETE FROM audit_pending")

    found = {check.name: check.faults for check in own_database.read(reconciliation.run) if check.faults}

    assert list(found) == ["operations were written down"]
    assert "the audit says nothing" in found["operations were written down"][0]


def test_operations_of_before_the_chain_need_no_line(own_database: Database) -> None:
    new_customer(own_database, cents=1000)
    write(own_database, "DELETE FROM audit_pending")
    write(own_database, "UPDATE audit_head SET operations_after = (SELECT MAX(id) FROM operations)")

    assert [check.faults for check in all_checks(own_database)[0] if check.faults] == []


def test_guesses_are_counted_and_not_listed(database: Database) -> None:
    failed = FailedLogins(database.transact)
    for _ in range(1000):
        failed.count(7)
        failed.count(None)
    failed.write()
    failed.write()
    database.transact(chain.append)

    assert written_down(database) == [
        ("logins_failed", 7, None, '{"count":1000}'),
        ("logins_failed", None, None, '{"count":1000}'),
    ]


def test_guesses_at_many_people_are_a_bounded_number_of_lines(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_logins, "USERS_MAX", 3)
    failed = FailedLogins(database.transact)
    for user_id in range(1, 101):
        failed.count(user_id)
    failed.write()

    counts = [json.loads(str(detail))["count"] for (detail,) in rows(database, "SELECT detail FROM audit_pending")]
    assert (len(counts), sum(counts)) == (4, 100)


def test_guesses_are_not_forgotten_while_the_database_is_away(database: Database) -> None:
    def away(*_: object) -> None:
        raise DatabaseDown

    failed = FailedLogins(away)
    failed.count(7)
    assert refusal_of(failed.write) is DatabaseDown
    failed.count(7)
    failed._transact = database.transact
    failed.write()

    assert rows(database, "SELECT user_id, detail FROM audit_pending") == [(7, '{"count":2}')]


def test_the_longest_detail_of_an_operation_fits(database: Database) -> None:
    big = 2**63 - 1
    detail = {"kind": "transferencia", "cents": big, "from": big, "to": big}
    database.transact(record, Kind.OPERATION, user_id=big, operation_id=big, detail=detail)
    with pytest.raises(AssertionError):
        database.transact(record, Kind.LOGIN, detail={"x": "x" * DETAIL_CHARS_MAX})


def test_the_command_shows_what_one_user_did(sqlite: Database) -> None:
    alice, bob = new_customer(sqlite), new_customer(sqlite)
    operation = alice.deposit(1050)["operacao_id"]
    bob.deposit(99)
    sqlite.transact(record, Kind.LOGOUT, user_id=alice.id)
    sqlite.transact(chain.append)

    heading, deposit, logout = run(sqlite, "auditoria", "--usuario", str(alice.id)).stdout.splitlines()
    assert heading.split() == ["line", "when", "user", "what", "operation", "detail"]
    number, _day, _time, *said = deposit.split()
    assert (number, said) == (
        "1",
        [str(alice.id), "operation", str(operation), "cents=1050", "from=-1", "kind=deposito", f"to={alice.account}"],
    )
    assert logout.split()[4] == "logout"


def test_the_newest_lines_of_a_time_for_a_program(sqlite: Database) -> None:
    some_lines(sqlite, 3)
    sqlite.transact(chain.append)
    now = clock.now()

    told = [json.loads(line) for line in auditoria.json_lines(sqlite.read(chain.newest, user_id=None, limit=2))]

    assert [(line["line"], line["user_id"], line["kind"]) for line in told] == [(2, 1, "login"), (3, 2, "login")]
    later = now + timedelta(seconds=1)
    assert sqlite.read(chain.newest, user_id=None, since=later, limit=9) == []
    assert sqlite.read(chain.newest, user_id=None, until=now - timedelta(hours=1), limit=9) == []
    assert len(sqlite.read(chain.newest, user_id=2, until=later, limit=9)) == 1


def test_a_broken_chain_ends_the_command_that_checks_the_books_with_1(sqlite: Database) -> None:
    new_customer(sqlite, cents=100)
    sqlite.transact(chain.append)
    ((seal,),) = rows(sqlite, "SELECT hash FROM audit")
    unseal(sqlite)
    write(sqlite, "UPDATE audit SET at = '2020-01-01 00:00:00.000000'")

    ended = run(sqlite, "conciliar")

    assert ended.returncode == 1
    assert "line 1 does not follow" in ended.stdout
    assert f"audit: 1 lines, {seal}" in ended.stdout
