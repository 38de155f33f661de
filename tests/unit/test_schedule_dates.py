"""The dates of schedules: what repeats, the days on which banks are closed, and when a date is tried again."""

from datetime import date, datetime

import pytest

from app.schedules import business_days, recurrence
from app.schedules.recurrence import MONTHLY, ONCE, WEEKLY


def day(text: str) -> date:
    return date.fromisoformat(text)


def dates(anchor: str, repeated: str, count: int, *, until: str | None = None) -> list[str]:
    found: list[date] = []
    following: date | None = day(anchor)
    while following and len(found) < count:
        found.append(following)
        last = day(until) if until else None
        following = recurrence.following(following, anchor=day(anchor), recurrence=repeated, until=last)
    return [each.isoformat() for each in found]


def test_the_31st_is_the_last_day_of_a_shorter_month_and_the_31st_again_after_it() -> None:
    assert dates("2027-12-31", MONTHLY, 5) == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]
    assert dates("2026-12-31", MONTHLY, 4) == ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]


def test_a_leap_day_comes_back_in_the_next_month_as_the_29th() -> None:
    assert dates("2028-02-29", MONTHLY, 3) == ["2028-02-29", "2028-03-29", "2028-04-29"]


def test_a_week_goes_over_the_end_of_the_year_and_over_a_leap_day() -> None:
    assert dates("2026-12-28", WEEKLY, 2) == ["2026-12-28", "2027-01-04"]
    assert dates("2028-02-24", WEEKLY, 2) == ["2028-02-24", "2028-03-02"]


def test_what_is_done_once_has_one_date_and_the_rest_ends_with_its_last_day() -> None:
    assert dates("2026-12-24", ONCE, 9) == ["2026-12-24"]
    assert dates("2026-12-01", WEEKLY, 9, until="2026-12-15") == ["2026-12-01", "2026-12-08", "2026-12-15"]


@pytest.mark.parametrize(
    ("own", "done"),
    [
        ("2026-12-24", "2026-12-24"),  # banks work on Christmas Eve
        ("2026-12-25", "2026-12-28"),  # Friday
        ("2026-12-26", "2026-12-28"),  # Saturday
        ("2026-12-31", "2027-01-04"),  # the year's last weekday, then a holiday and a weekend
        ("2028-02-28", "2028-03-01"),  # Carnival, in a leap year
        ("2026-04-03", "2026-04-06"),  # Good Friday
        ("2026-06-04", "2026-06-05"),  # Corpus Christi
        ("2026-11-20", "2026-11-23"),  # Zumbi, a holiday since 2024
    ],
)
def test_a_day_without_banks_is_put_off_to_the_next_business_day(own: str, done: str) -> None:
    assert business_days.on_or_after(day(own)) == day(done)


def test_a_date_is_due_when_its_day_begins_in_brazil() -> None:
    assert recurrence.first_try(day("2026-12-24")) == datetime.fromisoformat("2026-12-24T00:00:00-03:00")


@pytest.mark.parametrize(
    ("now", "again"),
    [
        ("2026-12-24T00:00:02-03:00", "2026-12-24T12:00:00-03:00"),
        ("2026-12-24T12:00:00-03:00", "2026-12-24T18:00:00-03:00"),
        ("2026-12-24T18:00:01-03:00", None),
        ("2026-12-27T00:00:00-03:00", None),
    ],
)
def test_without_funds_it_is_tried_at_noon_and_at_six_of_the_same_day(now: str, again: str | None) -> None:
    found = recurrence.next_try(day("2026-12-24"), datetime.fromisoformat(now))

    assert found == (datetime.fromisoformat(again) if again else None)


def test_a_date_without_banks_is_tried_again_on_the_business_day_on_which_it_is_done() -> None:
    now = datetime.fromisoformat("2026-12-28T00:00:02-03:00")

    assert recurrence.next_try(day("2026-12-25"), now) == datetime.fromisoformat("2026-12-28T12:00:00-03:00")
