"""The amount field, under real keys: a card terminal at its end, a text field like any other everywhere else."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

CARET = "input => [input.selectionStart, input.selectionEnd]"


@pytest.fixture
def screen(alice: Person, open_page: Opening) -> Screen:
    screen = open_page(alice.url, alice, permissions=["clipboard-read", "clipboard-write"])
    screen.wait_connected()
    screen.go("operar/deposito")
    screen.at("op-valor").focus()
    return screen


def keys(screen: Screen, *names: str) -> Locator:
    for name in names:
        screen.page.keyboard.press(name)
    return screen.at("op-valor")


def paste(screen: Screen, text: str) -> Locator:
    screen.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    return keys(screen, "Control+V")


def test_digits_at_the_end_push_the_others_to_the_left(screen: Screen) -> None:
    seen = [keys(screen, key).input_value() for key in "1234"]
    assert seen == ["0,01", "0,12", "1,23", "12,34"]


def test_backspace_takes_the_character_before_the_caret(screen: Screen) -> None:
    expect(keys(screen, *"1234", "Backspace")).to_have_value("12,3")
    expect(keys(screen, "5")).to_have_value("12,35")
    expect(keys(screen, "ArrowLeft", "ArrowLeft", "ArrowLeft", "Backspace")).to_have_value("1,35")
    assert screen.at("op-valor").evaluate(CARET) == [1, 1]
    expect(keys(screen, "Delete")).to_have_value("135")


def test_the_caret_stays_where_it_was_put(screen: Screen) -> None:
    expect(keys(screen, *"1234", "Home", "9")).to_have_value("912,34")
    assert screen.at("op-valor").evaluate(CARET) == [1, 1]
    expect(keys(screen, "8")).to_have_value("9812,34")


def test_a_selection_is_replaced_by_what_is_typed(screen: Screen) -> None:
    expect(keys(screen, *"1234", "Home", "Shift+ArrowRight", "Shift+ArrowRight", "7")).to_have_value("7,34")
    expect(keys(screen, "Control+A", "5")).to_have_value("0,05")


def test_undo_goes_back_a_step_and_redo_forth(screen: Screen) -> None:
    expect(keys(screen, *"123")).to_have_value("1,23")
    expect(keys(screen, "Control+Z")).to_have_value("0,12")
    expect(keys(screen, "Control+Z")).to_have_value("0,01")
    expect(keys(screen, "Control+Shift+Z")).to_have_value("0,12")
    expect(paste(screen, "x")).to_have_value("0,12x")
    expect(keys(screen, "Control+Z")).to_have_value("0,12")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", "50,00"),
        ("1.234,56", "1.234,56"),
        ("1234.56", "1.234,56"),
        ("R$ 50", "50,00"),
        ("0,5", "0,50"),
        ("\n 7,5\n", "7,50"),
    ],
)
def test_what_is_pasted_is_what_a_person_means(screen: Screen, text: str, value: str) -> None:
    expect(paste(screen, text)).to_have_value(value)
    expect(screen.at("erro-valor")).to_be_empty()


@pytest.mark.parametrize(
    ("typed", "value", "meant"),
    [("50,00", "50,00", ""), ("0,5", "0,5", "0,50"), ("1.234,56", "1.234,56", ""), ("1234.56", "1234.56", "1.234,56")],
)
def test_who_types_the_comma_gets_what_they_typed(screen: Screen, typed: str, value: str, meant: str) -> None:
    expect(keys(screen, *typed)).to_have_value(value)
    expect(screen.page.locator("#valor-dica")).to_have_text(f"R$\u00a0{meant}" if meant else "")
    expect(screen.at("erro-valor")).to_be_empty()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("-50", "negativo"), ("R$ -50", "negativo"), ("5o", "só números"), ("1,234", "dois algarismos")],
)
def test_what_is_no_amount_stays_with_its_reason(screen: Screen, text: str, reason: str) -> None:
    expect(paste(screen, text)).to_have_value(text)
    expect(screen.at("erro-valor")).to_contain_text(reason)
    screen.at("op-continuar").click()
    expect(screen.at("erro-valor")).to_contain_text(reason)
    expect(screen.at("op-confirmacao")).to_have_count(0)


def test_a_minus_or_a_letter_that_is_typed_is_refused_and_not_stripped(screen: Screen) -> None:
    expect(keys(screen, *"-50")).to_have_value("-50")
    expect(screen.at("erro-valor")).to_contain_text("negativo")
    expect(keys(screen, "Control+A", *"12", "x")).to_have_value("0,12x")
    expect(screen.at("erro-valor")).to_contain_text("só números")
    expect(keys(screen, "Backspace")).to_have_value("0,12")
    expect(screen.at("erro-valor")).to_be_empty()


def test_no_digit_is_dropped_past_the_limit(screen: Screen) -> None:
    expect(keys(screen, *"1234567890123")).to_have_value("12.345.678.901,23")
    expect(screen.at("erro-valor")).to_contain_text("R$\u00a01.000.000.000,00")
    expect(paste(screen, "4")).to_have_value("12.345.678.901,234")
    expect(screen.at("erro-valor")).not_to_be_empty()


def test_a_telephones_keyboard_that_composes_digits_pushes_them_too(screen: Screen) -> None:
    session = screen.context.new_cdp_session(screen.page)
    for digit, value in (("5", "0,05"), ("0", "0,50")):
        session.send("Input.imeSetComposition", {"text": digit, "selectionStart": 1, "selectionEnd": 1})
        session.send("Input.insertText", {"text": digit})
        expect(screen.at("op-valor")).to_have_value(value)
