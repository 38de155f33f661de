"""One-time codes that people type: in groups, without letters that look alike, kept as a hash."""

import hashlib
import secrets
from typing import Annotated

from pydantic import AfterValidator, Field

# 32 of them, so that each is five bits.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
GROUP_CHARS = 4
TYPED_CHARS_MAX = 40


def new_code(groups: int) -> str:
    """ABCD-2345: twenty bits a group."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(GROUP_CHARS)) for _ in range(groups))


def as_typed(text: str) -> str:
    """As it is compared: however it was typed, without what only groups it."""
    return "".join(text.upper().split()).replace("-", "")


def hash_of(code: str, *, purpose: str, user_id: int) -> str:
    """Of a code of one person and purpose; of another the same code has another hash."""
    return hashlib.sha256(f"{purpose}:{user_id}:{as_typed(code)}".encode()).hexdigest()


def _typed(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("tem só letras e números")
    return value


Code = Annotated[str, Field(min_length=1, max_length=TYPED_CHARS_MAX), AfterValidator(_typed)]
