"""Passwords that others would try first are refused: common ones, patterns, and what is known of the person."""

import re
from collections.abc import Iterable

from zxcvbn import zxcvbn

from app.errors import Invalid

# zxcvbn's scale: at least a million guesses by somebody who knows how people choose. Below, it is on some list.
SCORE_MIN = 2
# Of a longer password only the beginning is looked at, since the time that takes grows with the square of the length.
LOOKED_AT_CHARS = 24
KNOWN_WORDS_MAX = 40
KNOWN_WORD_CHARS_MIN = 3
# What must be left of a password without the words that are known of the person.
OTHER_CHARS_MIN = 5

# What people here choose, which the library's lists, made elsewhere, hardly have.
_HERE = (
    *("saldo", "vivo", "saldovivo", "banco", "senha", "minhasenha", "mudar", "mudar123", "acesso", "entrar"),
    *("brasil", "brasileiro", "flamengo", "corinthians", "palmeiras", "santos", "vasco", "gremio", "cruzeiro"),
    *("teamo", "amor", "familia", "jesus", "deus", "deusefiel", "felicidade", "saudade", "princesa", "estrela"),
    *("dinheiro", "cartao", "conta", "cliente", "teste", "usuario", "administrador"),
)


def refuse_guessable(password: str, known: Iterable[str]) -> None:
    """Raises Invalid. `known`: what others know of the person, such as the name and the e-mail."""
    words = [word for text in known for word in re.split(r"[\W_]+", text.lower()) if len(word) >= KNOWN_WORD_CHARS_MIN]
    result = zxcvbn(password[:LOOKED_AT_CHARS], user_inputs=[*words[:KNOWN_WORDS_MAX], *_HERE])
    if result["score"] < SCORE_MIN or _is_only(password, words):
        raise Invalid("senha: é comum ou fácil de adivinhar. Junte palavras que não andam juntas.")


def _is_only(password: str, words: list[str]) -> bool:
    """Whether it is known words and little else: name and surname, say, which the library counts as a good mixture."""
    rest = password.lower()
    for word in sorted(set(words), key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(re.sub(r"[\W_]", "", rest)) < OTHER_CHARS_MIN and len(rest) < len(password)
