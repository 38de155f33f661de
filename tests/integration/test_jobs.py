"""Jobs of the workers: each run by one of them, again when one died, and with its result for the operator."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import gevent
import pytest
from gevent.event import Event
from structlog.testing import capture_logs

from app import clock
from app.bank import idempotency
from app.db import Database
from app.jobs import actions
from app.jobs.actions import Stand
from app.jobs.job import DailyAt, Every, Job, Result
from tests.integration.customers import new_customer, rows, write
from tests.support.metrics import counted
from worker import housekeeping, job_runner, watch
from worker.job_runner import JobRunner
from worker.jobs import check_books

DONE = Result("done")


def job(run: Callable[[], Result] = lambda: DONE, *, name: str = "trial", lease_s: float = 60) -> Job:
    return Job(name, Every(600), lease_s, run)


def due(database: Database, *jobs: Job) -> None:
    """All of them, since a second ago."""
    database.transact(actions.register, jobs)
    a_second_ago = clock.now() - timedelta(seconds=1)
    write(database, "UPDATE jobs SET next_run_at = :moment", moment=a_second_ago.replace(tzinfo=None))


def run_once(database: Database, *jobs: Job) -> None:
    runner = JobRunner(database, jobs)
    runner.look()
    runner.wait()


def stand(database: Database, name: str = "trial") -> Stand:
    (found,) = (each for each in database.read(actions.stands) if each.name == name)
    return found


def claim(database: Database, *jobs: Job) -> list[actions.Claim]:
    return database.transact(actions.claim, jobs, worker="another", at_most=len(jobs))


def test_a_job_that_is_due_is_run_by_one_of_the_workers(database: Database) -> None:
    jobs = [job(name=f"trial{number}") for number in range(8)]
    due(database, *jobs)

    with ThreadPoolExecutor(4) as pool:
        claimed = [each for found in pool.map(lambda _: claim(database, *jobs), range(4)) for each in found]

    assert sorted(each.job.name for each in claimed) == [each.name for each in jobs]
    assert claim(database, *jobs) == []


def test_a_job_that_is_not_due_is_not_run(database: Database) -> None:
    database.transact(actions.register, [job()])

    run_once(database, job())

    assert stand(database).started_at is None


def test_the_result_and_the_next_run_are_kept(database: Database) -> None:
    due(database, job())

    run_once(database, job())

    seen = stand(database)
    assert (seen.ok, seen.result, seen.running_by) == (True, "done", None)
    assert seen.ended_at is not None
    assert seen.next_run_at == seen.ended_at + timedelta(seconds=600)


def test_a_job_with_more_to_do_is_run_again_at_once(database: Database) -> None:
    results = [Result("some", more=True), Result("the rest")]
    many = job(lambda: results.pop(0))
    due(database, many)

    run_once(database, many)
    run_once(database, many)

    assert stand(database).result == "the rest"


def test_the_job_of_a_worker_that_died_is_taken_when_its_lease_is_over_and_not_before(database: Database) -> None:
    due(database, job())
    (left,) = claim(database, job())
    run_once(database, job())
    assert (stand(database).running_by, stand(database).ended_at) == ("another", None)
    write(database, "UPDATE jobs SET claimed_until = '2020-01-01 00:00:00.000000'")

    with capture_logs() as logs:
        run_once(database, job())

    assert [(line["event"], line["left_by"]) for line in logs] == [("job_taken_over", "another")]
    assert stand(database).result == "done"
    assert not database.transact(actions.finish, left, Result("what the dead one says"))
    assert stand(database).result == "done"


def test_a_failure_is_the_result_logged_once_and_tried_again_after_a_pause_that_grows(database: Database) -> None:
    outcomes: list[Exception | Result] = [ValueError("no paper"), ValueError("no ink"), DONE]

    def run() -> Result:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    runner, pauses = JobRunner(database, [job(run)]), []
    with capture_logs() as logs:
        for result in ("ValueError: no paper", "ValueError: no ink", "done"):
            due(database, job(run))
            runner.look()
            runner.wait()
            seen = stand(database)
            assert seen.ended_at is not None
            assert (seen.ok, seen.result) == (result == "done", result)
            pauses.append((seen.next_run_at - seen.ended_at).total_seconds())

    assert pauses == [actions.RETRY_S, 2 * actions.RETRY_S, 600]
    assert [line["event"] for line in logs] == ["job_failed"]


def test_a_job_that_takes_longer_than_its_lease_is_ended(sqlite: Database) -> None:
    endless = job(lambda: Event().wait() or DONE, lease_s=0.01)
    due(sqlite, endless)

    run_once(sqlite, endless)

    assert (stand(sqlite).ok, stand(sqlite).running_by) == (False, None)
    assert stand(sqlite).result.startswith("Timeout")


def test_a_long_job_keeps_no_other_from_running(sqlite: Database) -> None:
    begun, may_end = Event(), Event()

    def long() -> Result:
        begun.set()
        may_end.wait()
        return DONE

    jobs = (job(long, name="long"), job(name="short"))
    due(sqlite, *jobs)
    runner = JobRunner(sqlite, jobs)
    runner.look()
    begun.wait()
    gevent.idle()

    assert stand(sqlite, "short").result == "done"
    assert stand(sqlite, "long").running_by
    may_end.set()
    runner.wait()
    assert stand(sqlite, "long").result == "done"


def test_a_worker_that_ends_gives_back_what_it_could_not_finish(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "STOP_S", 0)
    begun = Event()

    def long() -> Result:
        begun.set()
        Event().wait()
        return DONE

    due(sqlite, job(long))
    runner = JobRunner(sqlite, [job(long)])
    runner.look()
    begun.wait()

    runner.stop()

    run_once(sqlite, job())
    assert stand(sqlite).result == "done"


@pytest.mark.parametrize(
    ("moment", "next_run"),
    [
        ("2026-11-30T06:59:59+00:00", "2026-11-30T04:00:00-03:00"),
        ("2026-11-30T07:00:00+00:00", "2026-12-01T04:00:00-03:00"),
        # Still the old year in Brazil.
        ("2027-01-01T02:30:00+00:00", "2027-01-01T04:00:00-03:00"),
    ],
)
def test_a_daily_job_follows_the_clock_of_brazil(moment: str, next_run: str) -> None:
    assert DailyAt(4).next_after(datetime.fromisoformat(moment)) == datetime.fromisoformat(next_run)


def test_a_job_whose_period_was_shortened_does_not_wait_for_the_old_one(database: Database) -> None:
    database.transact(actions.register, [Job("trial", DailyAt(4), 60, lambda: DONE)])

    database.transact(actions.register, [Job("trial", Every(0), 60, lambda: DONE)])

    assert len(claim(database, job())) == 1


def test_old_keys_are_dropped_some_at_a_time(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PURGE_ROWS_MAX", 2)
    alice = new_customer(sqlite)
    for _ in range(3):
        alice.deposit(100)
    write(sqlite, "UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00.000000'")

    results = [housekeeping.purge_keys(sqlite) for _ in range(2)]

    assert results == [Result("keys dropped: 2", more=True), Result("keys dropped: 1")]
    assert rows(sqlite, "SELECT * FROM idempotency_keys") == []


def test_the_daily_check_of_the_books_says_how_many_faults_there_are_and_logs_them(own_database: Database) -> None:
    alice = new_customer(own_database, cents=1000)
    good = check_books(own_database.url)
    write(own_database, "UPDATE accounts SET balance_cents = 999 WHERE id = :id", id=alice.account)

    with capture_logs() as logs:
        bad = check_books(own_database.url)

    assert good.ok
    assert ", faults: 0, " in good.text
    assert not bad.ok
    assert ", faults: 1, " in bad.text
    assert [(line["log_level"], line["check"]) for line in logs] == [("error", "balance equals entries")]


def test_how_runs_went_is_counted_by_job(database: Database) -> None:
    def fail() -> Result:
        raise ZeroDivisionError

    jobs = [job(name="good"), job(fail, name="bad"), job(lambda: Result("x", ok=False), name="at_fault")]
    outcomes = {"good": "ok", "bad": "failed", "at_fault": "fault"}

    def runs() -> dict[str, float]:
        name = "saldo_vivo_job_seconds_count"
        return {each: counted(name, job=each, outcome=outcome) for each, outcome in outcomes.items()}

    before = runs()
    due(database, *jobs)

    run_once(database, *jobs)

    assert runs() == {name: count + 1 for name, count in before.items()}
    assert counted("saldo_vivo_job_success_timestamp_seconds", job="good") > 0
    assert counted("saldo_vivo_job_success_timestamp_seconds", job="bad") == 0


def test_how_jobs_stand_is_shown_whichever_worker_ran_them(database: Database) -> None:
    late, failed, ran, runs = (job(name=name) for name in ("late", "failed", "ran", "runs"))
    due(database, ran, failed)
    run_once(database, ran)
    (claimed,) = claim(database, failed)
    database.transact(actions.fail, claimed, "it could not")
    due(database, late, runs)
    write(database, "UPDATE jobs SET next_run_at = :moment WHERE name = 'ran'", moment=tomorrow())
    write(database, "UPDATE jobs SET next_run_at = :moment WHERE name = 'failed'", moment=tomorrow())
    claim(database, runs)

    watch.look_at_jobs(database)

    def shown(name: str) -> dict[str, float]:
        return {each: counted(name, job=each) for each in ("late", "failed", "ran", "runs")}

    overdue = shown("saldo_vivo_job_overdue_seconds")
    assert 1 <= overdue.pop("late") < 60
    assert overdue == {"failed": 0, "ran": 0, "runs": 0}
    assert shown("saldo_vivo_job_ok") == {"late": 1, "failed": 0, "ran": 1, "runs": 1}


def tomorrow() -> datetime:
    return (clock.now() + timedelta(days=1)).replace(tzinfo=None)
