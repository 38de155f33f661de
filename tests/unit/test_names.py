"""A name hides nothing and poses as nobody: neither as another person's by look-alikes, nor as the bank's."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.names import has_hidden, problem_of_name, problem_of_person, without_emoji_joins

BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
WITHOUT_INK = (
    "\u00ad\u034f\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u2060\u2061\u2800\u3164\ufe0f\ufeff\uffa0\U000e0041"
)


@pytest.mark.parametrize(
    "hidden", [*BIDIRECTIONAL, *WITHOUT_INK, "\n", "\0", "\u2028"], ids=lambda c: f"U+{ord(c):04X}"
)
@pytest.mark.parametrize("form", ["Maria{} Silva", "{}Maria", "Ma{}ria"])
def test_a_name_with_a_character_nobody_sees_is_refused(hidden: str, form: str) -> None:
    assert problem_of_name(form.format(hidden)) == "contém caracteres que não são permitidos"


@given(st.characters(categories=["Cf", "Cc", "Co", "Zl", "Zp"]))
def test_every_format_character_is_hidden(character: str) -> None:
    assert has_hidden(f"a{character}b")


@pytest.mark.parametrize(
    "name",
    [
        "João da Silva",
        "Maria d'Ávila-Gonçalves",
        "Łukasz Ørsted",
        "Nguyễn Thị Ánh",
        "Maria 2ª",
        "Ана Иванова",
        "Ελένη Παπαδοπούλου",
        "李一",
        "山田 たろう",
        "عبد الله",
        "สมชาย คำ",
        "Jesu Portela",
        "Antonio Barbacena",
        "Oswaldo Vivo",
        "Isaac Newton",
    ],
)
def test_people_s_names_are_taken(name: str) -> None:
    assert problem_of_person(unicodedata.normalize("NFC", name)) is None


@pytest.mark.parametrize(
    "name",
    [
        "M\u0430ria",  # a Cyrillic a
        "Maria \u0405ilva",  # a Cyrillic S
        "\u039caria",  # a Greek M
        "\u0405aldo Vivo",
        "\u041c\u0430\u0440\u0438\u044f Silva",
        "M\u0251ria",  # a phonetic a
        "Mar\u01c0a",  # a click that looks like an l
        "\u13a2van",  # a Cherokee I
        "\U0001d40caria",
        "\uff2daria",
        "\u24c2aria",
        "Maria \u06f1",
    ],
    ids=ascii,
)
def test_look_alikes_are_refused(name: str) -> None:
    assert problem_of_name(name) is not None
    assert problem_of_person(name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "Saldo Vivo",
        "SALDO  VIVO",
        "Saldo-Vivo Segurança",
        "SaldoVivo",
        "S a l d o V i v o",
        "Sàldó Vívo",
        "5aldo V1v0",
        "Saido Vivo",
        "Saldo Vivo 24h",
        "Banco Central do Brasil",
        "B4nco Centra1",
        "\u0405\u0430\u04cf\u0501\u043e \u0475\u0456\u0475\u043e",  # all of it Cyrillic
    ],
)
def test_the_bank_s_own_name_is_nobody_else_s(name: str) -> None:
    assert problem_of_name(name) == "é reservado ao banco"


@pytest.mark.parametrize(
    "name",
    [
        "Segurança",
        "seguranca",
        "Equipe de Segurança",
        "S.U.P.O.R.T.E",
        "Suporte24",
        "5uporte",
        "Suportes",
        "Atendirnento ao Cliente",
        "Admin",
        "4dm1n",
        "Bacen",
    ],
)
def test_the_bank_s_offices_are_no_person_s_name_but_may_name_an_account(name: str) -> None:
    assert problem_of_person(name) == "é reservado ao banco"
    assert problem_of_name(name) is None


def test_a_seal_is_no_part_of_a_person_s_name() -> None:
    assert problem_of_person("Maria Silva \u2714") is not None
    assert problem_of_name("Viagem \U0001f3d6") is None


def test_a_name_has_letters() -> None:
    assert problem_of_name("...") == "deve ter letras"


@pytest.mark.parametrize("emoji", ["\u2764\ufe0f", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "1\ufe0f\u20e3"])
def test_an_emoji_of_several_characters_hides_nothing_in_a_text(emoji: str) -> None:
    assert not has_hidden(without_emoji_joins(f"Feira {emoji}"))


@pytest.mark.parametrize("text", ["a\u200db", "a\ufe0fb", "\u200d", " \ufe0f", "\u202e\U0001f600"])
def test_what_joins_no_emoji_stays_hidden(text: str) -> None:
    assert has_hidden(without_emoji_joins(text))
