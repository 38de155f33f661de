"""A password that others would try first is refused, and one that is merely unusual is not."""

import pytest

from app.errors import Invalid
from app.users.guessable import refuse_guessable

KNOWN = ("Mariana Figueiredo", "mari.figueiredo@teste.example")


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "qwertyuiop",
        "password123",
        "P@ssw0rd123",
        "iloveyou12",
        "senha12345",
        "minhasenha1",
        "senhasenha",
        "brasil2024",
        "flamengo10",
        "saldovivo1",
        "abcabcabcabc",
        "passwordpasswordpasswordpasswordpassword",
        "mariana1990",
        "figueiredo1",
        "Mariana.Figueiredo",
    ],
)
def test_what_others_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match=r"^senha: é comum ou fácil de adivinhar"):
        refuse_guessable(password, KNOWN)


@pytest.mark.parametrize(
    "password",
    [
        "correta-cavalo-bateria",
        "violao-rio-saudade",
        "uma senha de teste",
        "Kj8#mQ2!xZp",
        "ônibus roxo 7 pães",
        "mariana toca violao",
        "€!€?€.€,€;€:€",
    ],
)
def test_what_nobody_would_try_soon_is_taken(password: str) -> None:
    refuse_guessable(password, KNOWN)
