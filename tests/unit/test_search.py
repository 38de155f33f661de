"""A search means the same to the server and to the page, whatever is typed and whatever stands in a row."""

import json
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.search import folded, search
from tests.support.page_search import PageSearch, page_search

CASES = json.loads((Path(__file__).parents[1] / "js" / "search_cases.json").read_text())
# Letters that fold in ways of their own, and what amounts are made of.
ALPHABET = "aAáÁãçÇeéiİıoõsSßſΣσςﬁ 0123456789.,,..$rR+-−％５\u0301\u0327\u200b\u00a0\u3000"


@pytest.fixture(scope="module")
def page() -> Iterator[PageSearch]:
    with page_search() as started:
        yield started


def finds(typed: str, text: str, cents: int) -> bool:
    """The rule that `queries.found` asks of the database."""
    wanted = search(typed)
    if wanted is None or wanted.text in folded(text):
        return True
    amount = wanted.amount
    if amount is None or amount.credit not in (None, cents > 0):
        return False
    return amount.low <= abs(cents) < amount.high


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['typed']} in {case['text']} of {case['cents']}")
def test_a_search_finds_what_the_table_says(case: dict[str, Any]) -> None:
    assert finds(case["typed"], case["text"], case["cents"]) is case["found"]


def test_every_character_is_folded_as_the_page_folds_it(page: PageSearch) -> None:
    # What this Python does not know yet it leaves alone, where a newer browser may fold it.
    known = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) not in ("Cn", "Cs", "Co")]

    theirs = page.fold([f"a{char}b" for char in known])

    assert {c: (folded(f"a{c}b"), t) for c, t in zip(known, theirs, strict=True) if folded(f"a{c}b") != t} == {}


def test_what_is_folded_stays_as_it_is() -> None:
    known = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) not in ("Cn", "Cs", "Co")]
    once = {folded(char) for char in known}

    assert [text for text in once if folded(text) != text] == []


@settings(max_examples=400, database=None)
@given(
    typed=st.text(ALPHABET, max_size=12)
    | st.from_regex(r"[+-]? ?(R\$)? ?[0-9]{1,4}([.,][0-9]{1,3}){0,2}", fullmatch=True),
    text=st.text(ALPHABET, max_size=12),
    cents=st.integers(-200_000, 200_000).filter(bool),
)
def test_server_and_page_find_the_same(page: PageSearch, typed: str, text: str, cents: int) -> None:
    assert page.finds(typed, [(text, cents)]) == [finds(typed, text, cents)]
