"""What the audit of the chaos run finds in schedules that were done wrongly, and that it finds nothing else."""

from dataclasses import replace
from datetime import date

import pytest

from app.bank.models import CASH_ACCOUNT_ID
from app.schedules.schedule import ACTIVE, DONE, ENDED, NO_FUNDS
from tests.cluster.chaos.record import Schedule, operation_fact, refusal_fact
from tests.cluster.chaos.schedule_audit import Posted, Run, facts, problems

ALICE, BOB, EVA = 1, 2, 3
HERS, HIS = 10, 20
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 8)
RENT = Schedule(7, ALICE, frozenset({ALICE, BOB}), HERS, HIS, 2500, (FIRST, SECOND))
PAID = Run(7, FIRST, DONE, 100, "feito")
REFUSED = Run(7, SECOND, NO_FUNDS, None, "Agendamento de 08/10/2026 não realizado por falta de saldo.")
BOOKS = {100: Posted(HERS, HIS, 2500), 101: Posted(HERS, HIS, 2500)}


def found(*runs: Run, state: str = ENDED, books: dict[int, Posted] | None = None) -> list[str]:
    return list(problems([RENT], {7: state}, runs, BOOKS if books is None else books))


def test_each_date_once_with_its_money_or_a_refusal_is_as_it_should_be() -> None:
    assert found(PAID, REFUSED) == []
    assert found(PAID, replace(PAID, day=SECOND, operation_id=101)) == []


def test_a_payment_goes_to_the_cash_account() -> None:
    light = replace(RENT, target_account=None, days=(FIRST,))

    assert list(problems([light], {7: ENDED}, [PAID], {100: Posted(HERS, CASH_ACCOUNT_ID, 2500)})) == []
    assert len(list(problems([light], {7: ENDED}, [PAID], BOOKS))) == 1


def test_a_date_that_never_ran_is_found() -> None:
    assert found(PAID) == [f"lost: schedule 7 ran 0 times on {SECOND}"]


def test_a_date_that_ran_twice_is_found() -> None:
    assert found(PAID, replace(PAID, operation_id=101), REFUSED) == [f"duplicated: schedule 7 ran 2 times on {FIRST}"]
    assert found(PAID, REFUSED, REFUSED) == [f"duplicated: schedule 7 ran 2 times on {SECOND}"]


def test_a_date_that_nobody_asked_for_is_found() -> None:
    (problem,) = found(PAID, REFUSED, replace(REFUSED, day=date(2026, 10, 15)))
    assert problem == "duplicated: schedule 7 ran on 2026-10-15, which nobody asked for"


def test_dates_in_a_wrong_order_are_found() -> None:
    (problem,) = found(REFUSED, PAID)
    assert "out of order" in problem


@pytest.mark.parametrize("posted", [Posted(HERS, HIS, 2501), Posted(HIS, HERS, 2500), None])
def test_a_date_that_moved_anything_else_is_found(posted: Posted | None) -> None:
    (problem,) = found(PAID, REFUSED, books={100: posted} if posted else {})
    assert problem.startswith(f"lost: schedule 7 of {FIRST} has moved {posted}")


def test_one_operation_for_two_dates_is_found() -> None:
    assert found(PAID, replace(PAID, day=SECOND)) == ["lost: operation 100 stands for 2 dates of schedules"]


def test_a_refusal_that_moved_money_and_a_success_that_moved_none_are_found() -> None:
    assert found(PAID, replace(REFUSED, operation_id=101)) == [f"schedule 7 of {SECOND}: sem_fundos with operation 101"]
    assert found(replace(PAID, operation_id=None), REFUSED) == [f"schedule 7 of {FIRST}: feito with operation None"]


def test_one_that_goes_on_after_its_last_date_and_one_that_is_not_there_are_found() -> None:
    assert found(PAID, REFUSED, state=ACTIVE) == ["lost: schedule 7 is ativo after its last date"]
    assert "lost: schedule 7 is None after its last date" in list(problems([RENT], {}, [], {}))


def test_one_that_nobody_was_told_of_is_found() -> None:
    assert list(problems([], {8: ENDED}, [replace(PAID, schedule_id=9)], BOOKS)) == [
        "not acknowledged: schedules [8, 9]"
    ]


def test_both_sides_are_to_be_told_of_money_and_the_owner_alone_of_a_refusal() -> None:
    runs = [PAID, REFUSED]

    assert facts(ALICE, {7: RENT}, runs) == [operation_fact(100), refusal_fact(7, "2026-10-08", REFUSED.text)]
    assert facts(BOB, {7: RENT}, runs) == [operation_fact(100)]
    assert facts(EVA, {7: RENT}, runs) == []
