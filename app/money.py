"""Money comes in and goes out as reais in JSON; everywhere else it is integer centavos."""

import re
from decimal import Decimal

VALUE_CENTS_MAX = 100_000_000_000  # R$ 1.000.000.000,00 in one operation
# 15 significant digits: the largest balance that a JSON number holds exactly in every client.
BALANCE_CENTS_MAX = 999_999_999_999_999

_DECIMAL_STRING = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?", re.ASCII)


def parse_cents(value: object) -> int:
    """Reais as a JSON number (int or Decimal) or a decimal string, to centavos.

    Raises ValueError for anything else: booleans, NaN, exponents, more than two decimals, zero,
    negatives, more than VALUE_CENTS_MAX, digits that are not ASCII.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("o valor deve ser um número")
    if isinstance(value, str):
        if not _DECIMAL_STRING.fullmatch(value):
            raise ValueError("o valor deve ter a forma 1234.50")
        value = Decimal(value)
    cents = _exact_cents(value) if isinstance(value, Decimal) else value * 100
    if cents <= 0:
        raise ValueError("o valor deve ser maior que zero")
    if cents > VALUE_CENTS_MAX:
        raise ValueError("o valor máximo por operação é R$ 1.000.000.000,00")
    return cents


def _exact_cents(value: Decimal) -> int:
    if not value.is_finite():
        raise ValueError("o valor deve ser um número")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not -2 <= exponent <= 0:
        raise ValueError("o valor deve ter no máximo duas casas decimais")
    return int(value.scaleb(2))


def to_json(cents: int) -> float:
    """Centavos to reais for a JSON number. Exact: at most 15 significant digits, see BALANCE_CENTS_MAX."""
    return cents / 100


def to_text(cents: int) -> str:
    """Centavos as a person in Brazil writes them: R$ 1.234,50."""
    reais, rest = divmod(abs(cents), 100)
    grouped = f"{reais:,}".replace(",", ".")
    return f"{'-' if cents < 0 else ''}R$ {grouped},{rest:02d}"
