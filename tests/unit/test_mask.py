"""The masked name of an account's holder tells its owner's friends, and nobody else, who it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.names import mask


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Maria Santos", "M**** S*****"),
        ("João da Silva", "J*** d* S****"),
        ("Li", "L*"),
        ("E", "E"),
        ("  Ana   Souza ", "A** S****"),
    ],
)
def test_only_initials_and_lengths_are_shown(name: str, masked: str) -> None:
    assert mask(name) == masked


@given(st.text(min_size=1, max_size=120))
def test_no_letter_but_the_initials_is_shown(name: str) -> None:
    assert [len(word) for word in mask(name).split()] == [len(word) for word in name.split()]
    assert all(set(word[1:]) <= {"*"} for word in mask(name).split())
