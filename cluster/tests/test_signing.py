"""Whoever reaches Redis but has no key can neither forge nor change what nodes tell each other."""

from itertools import pairwise

import pytest
from flask_socketio_cluster.bus.signing import KEY_BYTES_MIN, Keys, is_signed
from hypothesis import given
from hypothesis import strategies as st

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
CHANNEL = b"flask-socketio#/#user_7"
BODIES = st.binary(max_size=200)


@given(BODIES)
def test_what_was_signed_is_read(body: bytes) -> None:
    keys = Keys([OLD])

    message = keys.sign(CHANNEL, body)

    assert is_signed(message)
    assert keys.body(CHANNEL, message) == body


@given(BODIES, st.data())
def test_a_message_of_which_one_byte_was_changed_is_not(body: bytes, data: st.DataObject) -> None:
    message = bytearray(Keys([OLD]).sign(CHANNEL, body))
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] = data.draw(st.integers(0, 255).filter(lambda value: value != message[place]))

    assert Keys([OLD]).body(CHANNEL, bytes(message)) is None


@given(BODIES)
def test_nor_one_that_was_cut_short_or_that_nobody_signed(body: bytes) -> None:
    keys = Keys([OLD])

    assert keys.body(CHANNEL, keys.sign(CHANNEL, body + b"!")[:-1]) is None
    assert keys.body(CHANNEL, body) is None


def test_a_message_cannot_be_repeated_on_another_channel() -> None:
    keys = Keys([OLD])
    message = keys.sign(CHANNEL, b"1")

    assert keys.body(CHANNEL[:-1], message) is None
    assert keys.body(CHANNEL + b"1", keys.sign(CHANNEL, b"1")) is None, "nor by moving a byte from one to the other"


def test_a_key_is_changed_without_a_message_that_somebody_cannot_read() -> None:
    steps = [Keys([OLD]), Keys([OLD, NEW]), Keys([NEW, OLD]), Keys([NEW])]

    for before, after in pairwise(steps):
        assert after.body(CHANNEL, before.sign(CHANNEL, b"x")) == b"x"
        assert before.body(CHANNEL, after.sign(CHANNEL, b"x")) == b"x"
    assert steps[-1].body(CHANNEL, steps[0].sign(CHANNEL, b"x")) is None
    assert Keys([OTHER]).body(CHANNEL, steps[0].sign(CHANNEL, b"x")) is None


@pytest.mark.parametrize("keys", [[], [b"k" * (KEY_BYTES_MIN - 1)], [OLD, b""]])
def test_keys_that_can_be_guessed_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keys(keys)
