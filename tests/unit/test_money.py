"""Money as it comes in and goes out: parsed exactly or refused, and written back without losing a centavo."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import http, money
from app.money import BALANCE_CENTS_MAX, VALUE_CENTS_MAX, parse_cents

VALUES = st.integers(1, VALUE_CENTS_MAX)
BALANCES = st.integers(0, BALANCE_CENTS_MAX)


def as_decimal_string(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@given(VALUES)
def test_a_decimal_string_is_read_to_the_centavo(cents: int) -> None:
    assert parse_cents(as_decimal_string(cents)) == cents


@given(VALUES)
def test_a_json_number_is_read_to_the_centavo(cents: int) -> None:
    assert parse_cents(http.load_json(as_decimal_string(cents).encode())) == cents


@given(VALUES)
def test_what_is_sent_can_be_sent_back(cents: int) -> None:
    assert parse_cents(http.load_json(repr(money.to_json(cents)).encode())) == cents


@given(BALANCES)
def test_every_balance_is_exact_in_json(cents: int) -> None:
    assert Decimal(repr(money.to_json(cents))) == Decimal(cents).scaleb(-2)


@given(BALANCES)
def test_a_balance_has_no_exponent_in_json(cents: int) -> None:
    assert "e" not in repr(money.to_json(cents))


@given(st.integers(-BALANCE_CENTS_MAX, BALANCE_CENTS_MAX))
def test_the_text_for_people_holds_every_centavo(cents: int) -> None:
    plain = money.to_text(cents).replace("R$ ", "").replace(".", "").replace(",", ".")

    assert Decimal(plain) == Decimal(cents).scaleb(-2)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "R$ 0,00"),
        (5, "R$ 0,05"),
        (123_450, "R$ 1.234,50"),
        (100_000_000_000, "R$ 1.000.000.000,00"),
        (-7, "-R$ 0,07"),
    ],
)
def test_the_text_is_as_a_person_in_brazil_writes_it(cents: int, text: str) -> None:
    assert money.to_text(cents) == text


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        (1, 100),
        ("1", 100),
        ("1.5", 150),
        (Decimal("1.50"), 150),
        ("0.01", 1),
        (Decimal("0.1"), 10),
        (1_000_000_000, VALUE_CENTS_MAX),
        ("1000000000.00", VALUE_CENTS_MAX),
    ],
)
def test_the_forms_of_the_contract_are_taken(value: object, cents: int) -> None:
    assert parse_cents(value) == cents


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        1.5,
        [],
        {},
        0,
        -1,
        "0",
        "0.00",
        "-0.01",
        "-5",
        Decimal("0.00"),
        Decimal("-0.01"),
        Decimal("1.001"),
        Decimal("1.000"),
        "1.001",
        "1.000",
        "1e2",
        "1E2",
        Decimal("1E+2"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("-Infinity"),
        "NaN",
        "Infinity",
        "inf",
        1_000_000_001,
        10**30,
        Decimal("1000000000.01"),
        "1000000000.01",
        "",
        " ",
        "1 ",
        " 1",
        "1\n",
        "+1",
        "1,50",
        "1.234,50",
        "1_000",
        ".5",
        "1.",
        "1..5",
        "0x10",
        "R$ 1",
        "٣",  # Arabic-Indic digit three
        "１",  # full-width digit one
        "१.५०",  # Devanagari digits
        "1" * 5000,
    ],
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="valor"):
        parse_cents(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_taken_exactly_or_not_at_all(value: Decimal) -> None:
    try:
        cents = parse_cents(value)
    except ValueError:
        return
    assert Decimal(cents) == value * 100
    assert 0 < cents <= VALUE_CENTS_MAX


@given(st.text())
def test_a_text_is_taken_exactly_or_not_at_all(value: str) -> None:
    try:
        cents = parse_cents(value)
    except ValueError:
        return
    assert Decimal(cents) == Decimal(value) * 100
    assert value.isascii()
