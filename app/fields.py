"""The kinds of field that people may send, each with its limits, shared by HTTP bodies and socket events."""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from app import money, names
from app.errors import Invalid

NAME_CHARS_MAX = 120
DESCRIPTION_CHARS_MAX = 140
ANNOUNCEMENT_CHARS_MAX = 500
EMAIL_CHARS_MAX = 254
PASSWORD_CHARS_MIN = 10
PASSWORD_DIFFERENT_CHARS_MIN = 5
PASSWORD_BYTES_MAX = 72  # what bcrypt reads
ID_MAX = 2**63 - 1

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII)


def _printable(chars_max: int) -> AfterValidator:
    """Trimmed; refuses what hides or turns the text, and what no database or screen keeps whole."""

    def check(value: str) -> str:
        if names.has_hidden(names.without_emoji_joins(value)):
            raise ValueError("contém caracteres que não são permitidos")
        return _at_most(chars_max, unicodedata.normalize("NFC", value).strip())

    return AfterValidator(check)


def _named(problem_of: Callable[[str], str | None]) -> AfterValidator:
    """Trimmed, one space between words; refuses what `problem_of` says."""

    def check(value: str) -> str:
        if names.has_hidden(value):
            raise ValueError("contém caracteres que não são permitidos")
        kept = _filled(" ".join(_at_most(NAME_CHARS_MAX, unicodedata.normalize("NFC", value)).split()))
        if problem := problem_of(kept):
            raise ValueError(problem)
        return kept

    return AfterValidator(check)


def _at_most(chars_max: int, value: str) -> str:
    if len(value) > chars_max:  # NFC writes some characters as two
        raise ValueError(f"deve ter no máximo {chars_max} caracteres")
    return value


def _filled(value: str) -> str:
    if not value:
        raise ValueError("não pode ficar em branco")
    return value


def _email(value: str) -> str:
    trimmed = value.strip()
    lowered = trimmed.lower()
    # Some letters turn into ASCII ones when lowered; and mail programs read =?…?= as another address.
    if not trimmed.isascii() or not _EMAIL.fullmatch(lowered) or "=?" in lowered:
        raise ValueError("não é um e-mail válido")
    return lowered


def _password(value: str) -> str:
    try:
        size_bytes = len(value.encode())
    except UnicodeEncodeError:
        raise ValueError("contém caracteres que não são permitidos") from None
    if "\0" in value:
        raise ValueError("contém caracteres que não são permitidos")
    if size_bytes > PASSWORD_BYTES_MAX:
        raise ValueError(f"tem no máximo {PASSWORD_BYTES_MAX} bytes")
    return value


def _new_password(value: str) -> str:
    if len(value.strip()) < PASSWORD_CHARS_MIN:
        raise ValueError(f"deve ter ao menos {PASSWORD_CHARS_MIN} caracteres, sem contar espaços no começo e no fim")
    if len(set(value)) < PASSWORD_DIFFERENT_CHARS_MIN:
        raise ValueError("repete sempre os mesmos caracteres")
    return value


def _strict_int(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("deve ser um número inteiro")
    return value


# The limits stand first, where the API's document finds them.
Id = Annotated[int, Field(ge=1, le=ID_MAX), BeforeValidator(_strict_int)]
Seq = Annotated[int, Field(ge=0, le=ID_MAX), BeforeValidator(_strict_int)]
Cents = Annotated[
    int,
    BeforeValidator(money.parse_cents),
    WithJsonSchema(
        {
            "description": "Reais, com no máximo duas casas decimais: número ou texto decimal.",
            "anyOf": [
                {"type": "number", "minimum": 0.01, "maximum": 1_000_000_000, "multipleOf": 0.01},
                {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,2})?$"},
            ],
            "examples": [1234.5, "1234.50"],
        }
    ),
]
# A person's own word for an account, which nobody else is shown.
AccountName = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX), _named(names.problem_of_name)]
# What others will know a person by.
PersonName = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX), _named(names.problem_of_person)]
Description = Annotated[str, Field(max_length=DESCRIPTION_CHARS_MAX), _printable(DESCRIPTION_CHARS_MAX)]
FilledDescription = Annotated[
    str,
    Field(min_length=1, max_length=DESCRIPTION_CHARS_MAX),
    _printable(DESCRIPTION_CHARS_MAX),
    AfterValidator(_filled),
]
Announcement = Annotated[
    str,
    Field(min_length=1, max_length=ANNOUNCEMENT_CHARS_MAX),
    _printable(ANNOUNCEMENT_CHARS_MAX),
    AfterValidator(_filled),
]
Email = Annotated[str, Field(max_length=EMAIL_CHARS_MAX), AfterValidator(_email)]
Password = Annotated[str, Field(max_length=PASSWORD_BYTES_MAX), AfterValidator(_password)]
# `users.guessable` asks for more, where it is known whose it is to be.
NewPassword = Annotated[
    str,
    Field(min_length=PASSWORD_CHARS_MIN, max_length=PASSWORD_BYTES_MAX),
    AfterValidator(_password),
    AfterValidator(_new_password),
]


class Body(BaseModel):
    """A JSON object from outside: strict types, unknown fields passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Query(BaseModel):
    """A query string: everything arrives as text; unknown fields are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


M = TypeVar("M", bound=BaseModel)

_PHRASES: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "é obrigatório",
    "string_type": lambda _: "deve ser um texto",
    "string_too_short": lambda c: f"deve ter ao menos {c['min_length']} caracteres",
    "string_too_long": lambda c: f"deve ter no máximo {c['max_length']} caracteres",
    "greater_than_equal": lambda c: f"deve ser no mínimo {c['ge']}",
    "less_than_equal": lambda c: f"deve ser no máximo {c['le']}",
    "value_error": lambda c: str(c["error"]),
    "int_parsing": lambda _: "deve ser um número inteiro",
    "bool_type": lambda _: "deve ser verdadeiro ou falso",
    "list_type": lambda _: "deve ser uma lista",
    "literal_error": lambda c: f"deve ser {c['expected'].replace(' or ', ' ou ')}",
    "model_type": lambda _: "deve ser um objeto JSON",
}


def read(model: type[M], data: object) -> M:
    """`data` as a `model`. Raises Invalid with one sentence in Portuguese that names the first bad field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        phrase = _phrase(first["type"], first.get("ctx", {}))
        place = ".".join(str(part) for part in first["loc"])
        if not place and first["type"] == "value_error":  # several fields together: a sentence of its own
            raise Invalid(f"{phrase}.") from None
        raise Invalid(f"{place}: {phrase}." if place else f"O corpo {phrase}.") from None


def _phrase(kind: str, context: dict[str, Any]) -> str:
    phrase = _PHRASES.get(kind)
    return phrase(context) if phrase else "não é válido"
