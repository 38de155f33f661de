"""JSON is read strictly: one meaning, exact numbers, and no input that breaks it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import DuplicateKeys, NotJson
from app.http import load_json

# JSON texts that hold one other JSON text, at any depth.
WRAPPINGS = st.lists(st.sampled_from(["[%s]", '{"a": %s}', "[1, %s, null]", '{"b": 1, "c": [%s]}']), max_size=20)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def wrapped(inner: str, wrappings: list[str]) -> bytes:
    for wrapping in wrappings:
        inner = wrapping.replace("%s", inner)
    return inner.encode()


@given(TREES)
def test_plain_json_is_read_as_it_is(tree: object) -> None:
    assert load_json(json.dumps(tree).encode()) == tree


@given(TREES)
def test_letters_beyond_ascii_may_be_escaped_or_not(tree: object) -> None:
    assert load_json(json.dumps(tree, ensure_ascii=False).encode()) == tree


@given(WRAPPINGS)
def test_a_repeated_key_is_refused_at_any_depth(wrappings: list[str]) -> None:
    with pytest.raises(DuplicateKeys):
        load_json(wrapped('{"valor": 1, "valor": 1}', wrappings))


def test_a_key_repeated_in_another_spelling_is_a_repeated_key() -> None:
    with pytest.raises(DuplicateKeys):
        load_json(rb'{"valor": 1, "\u0076alor": 2}')


def test_the_same_key_in_two_objects_is_no_repetition() -> None:
    assert load_json(b'{"a": {"v": 1}, "b": {"v": 2}}') == {"a": {"v": 1}, "b": {"v": 2}}


@given(st.integers(-(10**17), 10**17), st.integers(0, 99))
def test_a_number_with_a_point_keeps_its_digits(whole: int, hundredths: int) -> None:
    text = f"{whole}.{hundredths:02d}"

    number = load_json(text.encode())

    assert isinstance(number, Decimal)
    assert str(number) == text


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e2", "1E2", "1e-2", "1.5e3", "0e0", "9" * 20, "-" + "9" * 5000]
)
@settings(max_examples=20)
@given(wrappings=WRAPPINGS)
def test_a_number_that_no_field_may_hold_is_no_number(text: str, wrappings: list[str]) -> None:
    value = load_json(wrapped(text, wrappings))
    for wrapping in reversed(wrappings):
        frame = json.loads(wrapping.replace("%s", '"here"'))
        value = inside(frame, value)

    assert isinstance(value, Decimal)
    assert value.is_nan()


def inside(frame: object, value: object) -> object:
    """What stands in `value` where `frame` says "here"."""
    if frame == "here":
        return value
    if isinstance(frame, list):
        assert isinstance(value, list)
        return next((found for f, v in zip(frame, value, strict=True) if (found := inside(f, v)) is not None), None)
    if isinstance(frame, dict):
        assert isinstance(value, dict)
        return next((found for k, f in frame.items() if (found := inside(f, value[k])) is not None), None)
    return None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a" 1}',
        b"{} {}",
        b"valor=1",
        b"nan",
        b"+1",
        b"01",
        b"1.",
        b".5",
        b'"\n"',
        b'"\x00"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"\xff",
        b'"\xc3"',
        b'"\xed\xa0\x80"',  # a surrogate, written as if it were a letter
        b'"\xc0\xaf"',  # a slash in a longer spelling
        b"\xf5\x80\x80\x80",
    ],
)
def test_what_is_not_json_is_told_so(raw: bytes) -> None:
    with pytest.raises(NotJson):
        load_json(raw)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_without_end_is_told_so(opening: str) -> None:
    with pytest.raises(NotJson):
        load_json(opening.encode() * 100_000)


@given(st.binary(max_size=200))
def test_no_input_breaks_the_door(raw: bytes) -> None:
    try:
        load_json(raw)
    except (NotJson, DuplicateKeys):
        return
    json.loads(raw)
