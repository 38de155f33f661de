"""The time, once a database has told it."""

import logging
from collections.abc import Iterator

import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.streams import DatabaseClock, database_clock

from app import clock as bank_clock

HOUR_S = 3600


@pytest.fixture(autouse=True)
def not_told_yet() -> Iterator[None]:
    clock.forget()
    yield
    clock.forget()


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The machine's steady clock, which stands still but for the test."""
    at = [1000.0]
    monkeypatch.setattr(clock, "steady_s", lambda: at[0])
    return at


@pytest.fixture
def time_of_day(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: at[0])
    return at


def test_before_it_is_told_it_is_the_machine_s(time_of_day: list[float]) -> None:
    assert clock.unix_s() == bank_clock.unix_s() == time_of_day[0]
    assert (clock.machine_offset_s(), database_clock.is_off()) == (0, False)


def test_from_then_on_it_is_the_database_s_whatever_the_machine_says(
    steady: list[float], time_of_day: list[float]
) -> None:
    clock.learn(time_of_day[0] - HOUR_S, at_s=steady[0], unsure_s=0.001)
    assert clock.unix_s() == 1_800_000_000 - HOUR_S
    assert (clock.machine_offset_s(), database_clock.is_off()) == (HOUR_S, True)

    steady[0] += 10
    time_of_day[0] += 86_400
    assert clock.unix_s() == bank_clock.unix_s() == 1_800_000_010 - HOUR_S
    assert bank_clock.now().timestamp() == clock.unix_s()


@pytest.mark.usefixtures("time_of_day")
def test_an_answer_that_fits_changes_nothing_and_one_that_does_not_counts(steady: list[float]) -> None:
    clock.learn(500.0, at_s=steady[0], unsure_s=0.2)
    clock.learn(500.1, at_s=steady[0], unsure_s=0.15)
    assert clock.unix_s() == 500.0
    clock.learn(500.1, at_s=steady[0], unsure_s=0.01)
    assert clock.unix_s() == pytest.approx(500.1)


def test_it_is_said_once_that_the_machine_s_clock_is_off_and_once_that_it_is_right_again(
    steady: list[float], time_of_day: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    clock.learn(time_of_day[0], at_s=steady[0], unsure_s=0.001)
    watch = DatabaseClock(lambda _work: None, unavailable=())
    with caplog.at_level(logging.WARNING):
        for jump_s in (0, 5, 1, 0, -6, 0):  # 0, 5, 6, 6, 0, 0 ahead
            time_of_day[0] += jump_s
            watch.loop._step()

    assert [line.message for line in caplog.records] == ["clock_off", "clock_right_again"]
