"""A password that others would try first is refused, and one that is merely unusual is not.

The page's meter is held to the same table in tests/js/credentials.test.js.
"""

import json
from pathlib import Path

import pytest

from app.errors import Invalid
from app.users.guessable import refuse_guessable

TABLE = json.loads((Path(__file__).parents[1] / "js/passwords.json").read_text())


@pytest.mark.parametrize("password", TABLE["refused"])
def test_what_others_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match=r"^senha: é comum ou fácil de adivinhar"):
        refuse_guessable(password, TABLE["known"])


@pytest.mark.parametrize("password", TABLE["taken"])
def test_what_nobody_would_try_soon_is_taken(password: str) -> None:
    refuse_guessable(password, TABLE["known"])
