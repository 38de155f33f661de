"""What a search finds. The page holds the rows that come by themselves to the same rule, in `models/search.js`."""

import re
import unicodedata
from dataclasses import dataclass

# What a person writes as an amount: R$ 1.234,56, 1234,5, 1234.56 or 50, with a sign or without.
_AMOUNT = re.compile(
    r"(?P<sign>[+\-\u2212])? ?(?:r\$)? ?"
    r"(?:(?P<reais>[0-9]{1,3}(?:\.[0-9]{3}){1,4}|[0-9]{1,13})(?:,(?P<cents>[0-9]{1,2}))?"
    r"|(?P<plain_reais>[0-9]{1,13})\.(?P<plain_cents>[0-9]{1,2}))"
)


@dataclass(frozen=True, slots=True)
class AmountRange:
    """Amounts without their sign, in centavos, from `low` to before `high`. `credit` None: of either sign."""

    low: int
    high: int
    credit: bool | None


@dataclass(frozen=True, slots=True)
class Search:
    """A row is found when its folded text holds `text`, or its amount lies in `amount`."""

    text: str
    amount: AmountRange | None


def folded(text: str) -> str:
    """Without case, accents, invisible characters and needless spaces."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFKD", text):
        category = unicodedata.category(char)
        if category == "Cc" or category[0] == "Z":
            kept.append(" ")
        elif category[0] != "M" and category != "Cf":
            # By the single character, since a sigma at the end of a word would be another one; and to capitals in
            # between, since ß has only those in common with SS.
            kept.extend(part.lower() for small in char.lower() for part in small.upper())
    # A capital may bring a mark of its own.
    plain = "".join(c for c in unicodedata.normalize("NFKD", "".join(kept)) if unicodedata.category(c)[0] != "M")
    return " ".join(part for part in plain.split(" ") if part)


def search(typed: str) -> Search | None:
    """What somebody looks for; None for nothing but spaces and invisible characters."""
    text = folded(typed)
    return Search(text, _amount(text)) if text else None


def _amount(text: str) -> AmountRange | None:
    """The amounts that begin as `text` does: 50 is R$ 50,00 to 50,99, and 12,5 is R$ 12,50 to 12,59."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    reais = (found["reais"] or found["plain_reais"]).replace(".", "")
    cents = found["cents"] or found["plain_cents"] or ""
    low = int(reais + cents.ljust(2, "0"))
    credit = None if found["sign"] is None else found["sign"] == "+"
    return AmountRange(low, low + int(10 ** (2 - len(cents))), credit)
