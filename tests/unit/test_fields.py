"""The fields that people send: what is kept, what is refused, and how the refusal names the field."""

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.errors import Invalid
from app.fields import (
    DESCRIPTION_CHARS_MAX,
    ID_MAX,
    NAME_CHARS_MAX,
    AccountName,
    Body,
    Cents,
    Description,
    Email,
    FilledDescription,
    Id,
    NewPassword,
    Password,
    PersonName,
    Seq,
    read,
)


class Form(Body):
    """One field of each kind; each test fills in one of them."""

    nome: PersonName = "Ana"
    conta: AccountName = "Reserva"
    descricao: Description = ""
    motivo: FilledDescription = "Luz"
    email: Email = "ana@teste.example"
    senha: Password = "x"
    nova: NewPassword = "senha123"
    id: Id = 1
    seq: Seq = 0
    valor: Cents = 100


def kept(field: str, value: object) -> Any:
    return getattr(read(Form, {field: value}), field)


def refusal(field: str, value: object) -> str:
    with pytest.raises(Invalid) as refused:
        read(Form, {field: value})
    return refused.value.text


TEXTS = pytest.mark.parametrize("field", ["nome", "conta", "descricao", "motivo"])
NAMES = pytest.mark.parametrize("field", ["nome", "conta"])
CONTROLS = [chr(i) for i in range(0x110000) if unicodedata.category(chr(i)) == "Cc"]


@TEXTS
@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: f"U+{ord(c):04X}")
def test_a_control_character_is_refused(field: str, control: str) -> None:
    assert refusal(field, f"a{control}b").startswith(f"{field}: contém caracteres")


@TEXTS
@settings(max_examples=20)
@given(surrogate=st.characters(categories=["Cs"]))
def test_half_a_character_is_refused(field: str, surrogate: str) -> None:
    assert refusal(field, f"a{surrogate}b").startswith(f"{field}: ")


@TEXTS
def test_spaces_around_a_text_are_dropped(field: str) -> None:
    assert kept(field, "  Água e luz ") == "Água e luz"


@NAMES
def test_the_words_of_a_name_have_one_space_between_them(field: str) -> None:
    assert kept(field, " Ana\u00a0 \u3000Souza ") == "Ana Souza"


@TEXTS
@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u3164"], ids=ascii)
def test_a_character_that_hides_or_turns_a_text_is_refused(field: str, hidden: str) -> None:
    assert refusal(field, f"a{hidden}b") == f"{field}: contém caracteres que não são permitidos."


def test_a_description_may_have_emoji() -> None:
    family = "Feira \u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467"

    assert kept("descricao", family) == family


@NAMES
def test_the_bank_s_name_is_refused(field: str) -> None:
    assert refusal(field, "Saldo Vivo Segurança") == f"{field}: é reservado ao banco."


def test_an_account_may_be_called_what_no_person_may() -> None:
    assert kept("conta", "Reserva de segurança") == "Reserva de segurança"
    assert refusal("nome", "Central de Segurança") == "nome: é reservado ao banco."


@TEXTS
def test_two_spellings_of_a_letter_are_kept_as_one(field: str) -> None:
    assert kept(field, "Joa\u0303o") == kept(field, "João") == "João"


@pytest.mark.parametrize("field", ["nome", "conta", "motivo"])
@pytest.mark.parametrize("blank", ["", " ", "\u3000", "\u00a0 "])
def test_a_blank_text_is_refused_where_one_is_needed(field: str, blank: str) -> None:
    assert refusal(field, blank).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("field", "longest"), [("nome", NAME_CHARS_MAX), ("conta", NAME_CHARS_MAX), ("motivo", DESCRIPTION_CHARS_MAX)]
)
def test_a_text_is_kept_up_to_its_limit(field: str, longest: int) -> None:
    assert kept(field, "á" * longest) == "á" * longest
    assert refusal(field, "á" * (longest + 1)) == f"{field}: deve ter no máximo {longest} caracteres."


@TEXTS
@settings(max_examples=50)
@given(text=st.text(min_size=1, max_size=DESCRIPTION_CHARS_MAX))
def test_what_is_kept_fits_its_column(field: str, text: str) -> None:
    longest = NAME_CHARS_MAX if field in ("nome", "conta") else DESCRIPTION_CHARS_MAX
    try:
        value = kept(field, text)
    except Invalid:
        return
    assert len(value) <= longest


def test_a_text_that_grows_when_it_is_normalized_is_measured_afterwards() -> None:
    grows = "\u0958"  # one character that NFC writes as two
    assert len(unicodedata.normalize("NFC", grows)) == 2

    assert refusal("nome", grows * NAME_CHARS_MAX) == f"nome: deve ter no máximo {NAME_CHARS_MAX} caracteres."


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("ana@teste.example", "ana@teste.example"),
        (" Ana@Teste.Example ", "ana@teste.example"),
        ("a.b+c_d@sub.teste.example", "a.b+c_d@sub.teste.example"),
    ],
)
def test_an_address_is_kept_in_small_letters(sent: str, address: str) -> None:
    assert kept("email", sent) == address


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "ana",
        "@teste.example",
        "ana@",
        "ana@teste",
        "ana@@teste.example",
        "ana@teste..example",
        "ana souza@teste.example",
        "ana@teste.example\nbcc: bob@teste.example",
        "ána@teste.example",
        "\u212aate@teste.example",  # the Kelvin sign, which becomes a k in small letters
        "ana@teste.example\0",
        "a" * 65 + "@teste.example",
        "ana@" + "a" * 250 + ".example",
        "<script>@teste.example",
        "=?utf-8?q?maria?=@teste.example",
    ],
)
def test_what_is_no_address_is_refused(sent: str) -> None:
    assert refusal("email", sent).startswith("email: ")


@pytest.mark.parametrize("field", ["senha", "nova"])
@pytest.mark.parametrize("letter", ["x", "á", "€", "😀"])
def test_a_password_has_at_most_72_bytes(field: str, letter: str) -> None:
    different = "abcd"
    longest = different + letter * ((72 - len(different)) // len(letter.encode()))

    assert kept(field, longest) == longest
    assert "72" in refusal(field, longest + letter)


@pytest.mark.parametrize("field", ["senha", "nova"])
@pytest.mark.parametrize("bad", ["senha\x00123", "senha\ud800123"])
def test_a_password_that_bcrypt_would_cut_is_refused(field: str, bad: str) -> None:
    assert refusal(field, bad).startswith(f"{field}: ")


@given(st.text(min_size=10, max_size=18, alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_password_is_kept_letter_for_letter(password: str) -> None:
    assume(len(password.strip()) >= 10 and len(set(password)) >= 5)
    assert kept("nova", password) == password


def test_a_new_password_has_at_least_10_characters() -> None:
    assert refusal("nova", "violao-ri") == "nova: deve ter ao menos 10 caracteres."
    assert kept("nova", "violao-rio") == "violao-rio"


@pytest.mark.parametrize("blank", [" " * 10, "        violao        ", "\u3000" * 12, "violao-ri "])
def test_spaces_around_a_new_password_do_not_count(blank: str) -> None:
    assert "sem contar espaços" in refusal("nova", blank)


@pytest.mark.parametrize("repeated", ["aaaaaaaaaaaa", "abababababab", "1221122112", "áéáéáéáéáé"])
def test_a_new_password_is_no_repetition(repeated: str) -> None:
    assert refusal("nova", repeated) == "nova: repete sempre os mesmos caracteres."


def test_an_old_password_is_taken_as_it_is() -> None:
    assert [kept("senha", old) for old in ("senha123", " " * 8, "x")] == ["senha123", " " * 8, "x"]


@pytest.mark.parametrize(
    "value", [True, False, None, 1.0, Decimal("1"), Decimal("NaN"), "1", [1], {}, 0, -1, ID_MAX + 1, 10**40]
)
def test_an_id_is_a_positive_integer_of_64_bits(value: object) -> None:
    assert refusal("id", value).startswith("id: ")


def test_every_id_of_64_bits_is_taken() -> None:
    assert (kept("id", 1), kept("id", ID_MAX)) == (1, ID_MAX)
    assert (kept("seq", 0), kept("seq", ID_MAX)) == (0, ID_MAX)


@pytest.mark.parametrize("value", [1.5, True, "NaN", Decimal("1.001"), 0, -1, None])
def test_a_bad_amount_names_its_field(value: object) -> None:
    assert refusal("valor", value).startswith("valor: o valor ")


@pytest.mark.parametrize("data", [None, [], "nome", 1, [{"nome": "Ana"}]])
def test_a_body_that_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(Invalid, match="objeto JSON"):
        read(Form, data)


def test_a_field_that_is_missing_is_named() -> None:
    class Needy(Body):
        nome: PersonName

    with pytest.raises(Invalid, match=r"^nome: é obrigatório\.$"):
        read(Needy, {})


def test_a_field_nobody_knows_is_passed_over() -> None:
    assert read(Form, {"usuario_id": 7}) == Form()
