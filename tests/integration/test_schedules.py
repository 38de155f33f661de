"""What is due is done exactly once, whatever dies, and told; without funds it follows a written rule."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from app import clock
from app.bank import accounts
from app.db import Database
from app.money import BALANCE_CENTS_MAX
from app.notifications import actions as inbox
from app.schedules import actions, execution
from app.schedules.projection import project
from app.schedules.recurrence import MONTHLY, ONCE, WEEKLY
from app.schedules.schedule import PAYMENT, TRANSFER, Dates, Order, Schedule
from deploy.local.readiness import wait_until
from tests.integration.customers import Customer, clock_at, new_customer, rows, write
from worker import schedules

ROOT = Path(__file__).parents[2]
KILLED_WITHIN_S = 30


def order(customer: Customer, target: Customer | int | None, cents: int, description: str = "Aluguel") -> Order:
    account = target.account if isinstance(target, Customer) else target
    kind = PAYMENT if account is None else TRANSFER
    return Order(kind, customer.id, cents, description, customer.account, account)


def plan(
    customer: Customer,
    target: Customer | int | None,
    cents: int,
    day: str,
    *,
    repeated: str = ONCE,
    until: str | None = None,
    asked: str | None = None,
) -> int:
    """The id of a new schedule, asked for at the moment `asked`, else at noon of its first day."""
    dates = Dates(date.fromisoformat(day), repeated, date.fromisoformat(until) if until else None)
    wanted = order(customer, target, cents)
    with clock_at(asked or f"{day}T00:00:00-03:00"):
        key = f"auto:{len(rows(customer.db, 'SELECT id FROM schedules'))}"
        return customer.db.transact(actions.create, wanted, dates, key=key, fingerprint="f").id


def work(database: Database, moment: str) -> None:
    """What a worker does at this moment, until nothing is due."""
    with clock_at(moment):
        while schedules.run_due(database, committed=lambda: None).more:
            pass


def runs(database: Database, schedule: int) -> list[tuple[str, int, str]]:
    found = rows(
        database, "SELECT day, attempt, outcome FROM schedule_runs WHERE schedule_id = :id ORDER BY id", id=schedule
    )
    return [(str(day), int(str(attempt)), str(outcome)) for day, attempt, outcome in found]


def seen(customer: Customer, schedule: int) -> Schedule:
    return customer.db.read(actions.own_schedule, customer.id, schedule)


def told(customer: Customer) -> list[dict[str, Any]]:
    """The customer's notifications, oldest first, but for the deposit that they began with."""
    page = customer.db.read(inbox.inbox, customer.id, limit=100, after=0, before=None, unread_only=False)
    return [row for row in page.rows if row["tipo"] != "deposito"]


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza", cents=100_000)


@pytest.fixture
def bob(database: Database) -> Customer:
    return new_customer(database, "Bob Pereira")


def test_a_date_is_done_on_its_day_and_not_before(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 2500, "2026-12-24", asked="2026-12-01T12:00:00-03:00")

    work(alice.db, "2026-12-23T23:59:59-03:00")
    before = bob.balance()
    work(alice.db, "2026-12-24T00:00:00-03:00")

    assert (before, bob.balance(), alice.balance()) == (0, 2500, 97_500)
    after = seen(alice, schedule)
    assert (after.state, after.next_day, after.due_at) == ("encerrado", None, None)
    assert after.last_run is not None
    assert after.last_run.outcome == "feito"
    assert rows(alice.db, "SELECT id FROM operations WHERE kind = 'transferencia'") == [(after.last_run.operation_id,)]


def test_a_month_goes_over_the_end_of_the_year_a_leap_day_and_days_without_banks(
    alice: Customer, bob: Customer
) -> None:
    """31 December 2027 is the year's last weekday, and 29 February 2028 is Carnival."""
    schedule = plan(alice, bob, 100, "2027-12-31", repeated=MONTHLY, until="2028-03-31")
    done_on, day = [], date(2027, 12, 31)
    while day <= date(2028, 4, 3):
        before = bob.balance()
        work(alice.db, f"{day}T09:00:00-03:00")
        if bob.balance() > before:
            done_on.append(day.isoformat())
        day += timedelta(days=1)

    assert done_on == ["2028-01-03", "2028-01-31", "2028-03-01", "2028-03-31"]
    assert [run[0] for run in runs(alice.db, schedule)] == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]
    assert seen(alice, schedule).state == "encerrado"


def test_each_date_is_done_once_by_any_number_of_workers_at_once(alice: Customer, bob: Customer) -> None:
    plans = [plan(alice, bob, 100, "2026-12-01", repeated=WEEKLY, until="2026-12-15") for _ in range(8)]

    def worker(_: int) -> None:
        while schedules.run_due(alice.db, committed=lambda: None).more:
            pass

    with clock_at("2026-12-20T00:00:00-03:00"), ThreadPoolExecutor(3) as pool:
        list(pool.map(worker, range(3)))

    for schedule in plans:
        assert [run[0] for run in runs(alice.db, schedule)] == ["2026-12-01", "2026-12-08", "2026-12-15"]
    assert bob.balance() == 8 * 3 * 100
    assert alice.balance() == 100_000 - bob.balance()


def test_a_run_ends_in_time_and_the_next_goes_on(
    alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that its claim on the job, which nobody else has meanwhile, may be short."""
    plans = [plan(alice, bob, 100, "2026-12-01") for _ in range(3)]
    monkeypatch.setattr(schedules, "RUN_S", 0.0)

    with clock_at("2026-12-01T00:00:00-03:00"):
        for done in (1, 2, 3):
            assert schedules.run_due(alice.db, committed=lambda: None).more
            assert sum(len(runs(alice.db, each)) for each in plans) == done
        assert not schedules.run_due(alice.db, committed=lambda: None).more


def test_an_accident_before_the_commit_changes_nothing_and_keeps_no_other_waiting(
    alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlucky, lucky = (plan(alice, bob, cents, "2026-12-01") for cents in (100, 7))
    execute = schedules._execute

    def fail(connection: Any, wanted: Order, key: str, schedule_id: int) -> execution.Executed:
        executed = execute(connection, wanted, key, schedule_id)
        if schedule_id == unlucky:
            raise ValueError("nobody expects it")
        return executed

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(schedules, "_execute", fail)
        work(alice.db, "2026-12-01T00:00:00-03:00")
    assert [line["event"] for line in logs] == ["schedule_failed"]
    assert (runs(alice.db, unlucky), [run[2] for run in runs(alice.db, lucky)]) == ([], ["feito"])
    assert bob.balance() == 7

    work(alice.db, "2026-12-01T00:11:00-03:00")

    assert runs(alice.db, unlucky) == [("2026-12-01", 1, "feito")]
    assert bob.balance() == 107


def test_what_was_moved_after_an_accident_is_not_done_before_its_day(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 100, "2026-12-01")
    with clock_at("2026-12-01T00:00:00-03:00"):
        moved = Dates(date(2027, 3, 1), ONCE, None)
        alice.db.transact(actions.change, alice.id, schedule, amount_cents=100, description="Aluguel", dates=moved)
        alice.db.transact(execution.put_off, schedule)  # by the worker that had the accident before

    work(alice.db, "2026-12-01T00:11:00-03:00")
    assert (runs(alice.db, schedule), bob.balance()) == ([], 0)
    work(alice.db, "2027-03-01T00:00:00-03:00")
    assert runs(alice.db, schedule) == [("2027-03-01", 1, "feito")]


# Does what a worker does, says so, and then waits for ever, before the commit.
STUCK = """
import signal, sys
from app.db import Database
from worker import schedules
execute = schedules._execute
def stuck(*given):
    execute(*given)
    print("moved", flush=True)
    signal.pause()
schedules._execute = stuck
schedules.run_due(Database(sys.argv[1]), committed=lambda: None)
"""


@pytest.fixture
def stuck(alice: Customer, bob: Customer) -> Iterator[subprocess.Popen[str]]:
    """A worker that has moved the money and not yet committed it."""
    plan(alice, bob, 2500, clock.day_of(clock.now()).isoformat())
    write(alice.db, "UPDATE schedules SET due_at = '2020-01-01 00:00:00.000000'")
    command = [sys.executable, "-c", STUCK, alice.db.engine.url.render_as_string(hide_password=False)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_worker_that_is_killed_before_its_commit_leaves_the_date_to_another(
    alice: Customer, bob: Customer, stuck: subprocess.Popen[str]
) -> None:
    assert stuck.stdout is not None
    assert stuck.stdout.readline() == "moved\n"
    stuck.send_signal(signal.SIGKILL)
    stuck.wait()

    def done() -> bool:
        schedules.run_due(alice.db, committed=lambda: None)
        return bob.balance() > 0

    wait_until(done, KILLED_WITHIN_S, "the date done by another worker")
    schedules.run_due(alice.db, committed=lambda: None)

    assert (alice.balance(), bob.balance()) == (97_500, 2500)


def test_without_funds_it_is_tried_three_times_a_day_and_told_the_first_and_the_last_time(
    alice: Customer, bob: Customer
) -> None:
    schedule = plan(alice, bob, 200_000, "2026-12-24", repeated=MONTHLY)
    for hour in ("00:00:00", "11:59:59", "12:00:00", "17:59:59", "18:00:00", "23:59:59"):
        work(alice.db, f"2026-12-24T{hour}-03:00")

    assert runs(alice.db, schedule) == [("2026-12-24", attempt, "sem_fundos") for attempt in (1, 2, 3)]
    assert [row["mensagem"] for row in told(alice)] == [
        "Agendamento sem saldo. Transferência de R$ 2.000,00 para a conta "
        f"{bob.account}. Tentaremos de novo hoje às 12h.",
        "Agendamento de 24/12/2026 não realizado por falta de saldo. Transferência de R$ 2.000,00 para a conta "
        f"{bob.account}. Próxima data: 24/01/2027.",
    ]
    assert [(row["tipo"], row["lida"]) for row in told(alice)] == [("agendamento", False)] * 2
    assert told(alice)[0]["dados"] == {
        "agendamento_id": schedule,
        "resultado": "sem_fundos",
        "motivo": "saldo_insuficiente",
        "data": "2026-12-24",
        "valor": 2000.0,
        "descricao": "Aluguel",
        "correntista_id": alice.account,
    }
    after = seen(alice, schedule)
    assert (after.state, after.next_day, after.attempt) == ("ativo", date(2027, 1, 24), 1)
    assert told(bob) == []


def test_money_that_comes_before_noon_is_found_at_noon(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 200_000, "2026-12-24")
    work(alice.db, "2026-12-24T00:00:00-03:00")
    alice.deposit(100_000)
    work(alice.db, "2026-12-24T12:00:00-03:00")

    assert runs(alice.db, schedule) == [("2026-12-24", 1, "sem_fundos"), ("2026-12-24", 2, "feito")]
    assert bob.balance() == 200_000
    assert seen(alice, schedule).state == "encerrado"


def test_missed_dates_are_each_tried_once_in_their_order_when_the_worker_comes_back(
    alice: Customer, bob: Customer
) -> None:
    """There is enough for two of the three."""
    schedule = plan(alice, bob, 40_000, "2026-12-01", repeated=WEEKLY, until="2026-12-15")

    work(alice.db, "2026-12-18T03:00:00-03:00")

    assert runs(alice.db, schedule) == [
        ("2026-12-01", 1, "feito"),
        ("2026-12-08", 1, "feito"),
        ("2026-12-15", 1, "sem_fundos"),
    ]
    assert seen(alice, schedule).state == "encerrado"


def test_an_account_that_is_theirs_no_more_ends_the_schedule_at_once(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 100, "2026-12-01", repeated=WEEKLY)
    write(alice.db, "UPDATE accounts SET user_id = :bob WHERE id = :id", bob=bob.id, id=alice.account)

    work(alice.db, "2026-12-01T00:00:00-03:00")

    assert runs(alice.db, schedule) == [("2026-12-01", 1, "recusado")]
    assert seen(alice, schedule).state == "encerrado"
    (notice,) = told(alice)
    assert notice["mensagem"].endswith("Esta conta não é sua. O agendamento foi encerrado.")
    assert notice["dados"]["motivo"] == "conta_de_outra_pessoa"


def test_a_refusal_that_may_pass_gives_up_that_date_alone(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 100, "2026-12-01", repeated=WEEKLY)
    full = "UPDATE accounts SET balance_cents = :cents WHERE id = :id"
    write(alice.db, full, cents=BALANCE_CENTS_MAX, id=bob.account)

    work(alice.db, "2026-12-01T00:00:00-03:00")

    assert runs(alice.db, schedule) == [("2026-12-01", 1, "recusado")]
    assert seen(alice, schedule).next_day == date(2026, 12, 8)
    assert "saldo máximo" in told(alice)[0]["mensagem"]


def test_both_are_told_of_what_was_done_and_to_the_owner_it_is_news(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 2500, "2026-12-01")

    work(alice.db, "2026-12-01T00:00:00-03:00")

    (hers,), (his,) = told(alice), told(bob)
    assert hers["mensagem"] == "Agendado: você enviou R$ 25,00 para Bob Pereira"
    assert (hers["lida"], hers["dados"]["agendamento_id"]) == (False, schedule)
    assert his["mensagem"] == "Você recebeu R$ 25,00 de Alice Souza"
    assert (his["lida"], "agendamento_id" in his["dados"]) == (False, False)
    assert hers["dados"]["operacao_id"] == his["dados"]["operacao_id"]


def test_an_amount_that_was_changed_between_two_tries_is_what_the_next_one_moves(
    alice: Customer, bob: Customer
) -> None:
    schedule = plan(alice, bob, 200_000, "2026-12-24")
    work(alice.db, "2026-12-24T00:00:00-03:00")
    with clock_at("2026-12-24T09:00:00-03:00"):
        dates = Dates(date(2026, 12, 24), ONCE, None)
        alice.db.transact(actions.change, alice.id, schedule, amount_cents=50_000, description="Menos", dates=dates)
    work(alice.db, "2026-12-24T12:00:00-03:00")

    assert [run[2] for run in runs(alice.db, schedule)] == ["sem_fundos", "feito"]
    assert bob.balance() == 50_000


def test_what_is_cancelled_is_not_done(alice: Customer, bob: Customer) -> None:
    schedule = plan(alice, bob, 2500, "2026-12-01")
    alice.db.transact(actions.cancel, alice.id, schedule)

    work(alice.db, "2026-12-02T00:00:00-03:00")

    assert runs(alice.db, schedule) == []
    assert (seen(alice, schedule).state, bob.balance()) == ("cancelado", 0)


def test_the_projection_is_what_the_worker_does(alice: Customer, bob: Customer) -> None:
    """Over two months with holidays, between own accounts too, and with dates that lack funds."""
    reserve = alice.open_account()
    asked = "2026-12-01T09:00:00-03:00"
    plan(alice, bob, 30_000, "2026-12-02", repeated=WEEKLY, asked=asked)
    plan(alice, reserve, 20_000, "2026-12-31", repeated=MONTHLY, asked=asked)
    plan(alice, None, 15_000, "2026-12-25", asked=asked)
    first, last = date(2026, 12, 1), date(2027, 1, 30)
    with clock_at(asked):
        balances = alice.db.read(accounts.balances, alice.id)
        planned = project(alice.db.read(actions.active, alice.id), balances, now=clock.now(), last_day=last)

    held, day = dict(balances), first
    while day <= last:
        for each in (each for each in planned if each.day == day):
            held[each.account_id] = each.balance_cents
        for hour in ("09", "12", "18"):
            work(alice.db, f"{day}T{hour}:00:00-03:00")
        assert alice.db.read(accounts.balances, alice.id) == held, day
        day += timedelta(days=1)

    outcomes = {str(outcome) for (outcome,) in rows(alice.db, "SELECT outcome FROM schedule_runs")}
    assert outcomes == {"feito", "sem_fundos"}
    assert any(each.lacks_funds for each in planned)
