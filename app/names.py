"""What people and accounts may be called: nothing hidden, nothing that poses as another's name or as the bank.

Look-alikes in the manner of UTS #39 (one script in a name; a skeleton to compare with), with small tables of our own.
"""

import re
import unicodedata
from itertools import pairwise

# Besides the category of format characters: they have no ink, or turn text round.
_INVISIBLE = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0xE0000, 0xE1000),
)
_HIDDEN = frozenset(map(chr, _INVISIBLE))
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
# Joins of emoji, where they follow one.
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"

# By the first word of a letter's Unicode name. Whatever else looks like Latin, such as Cherokee or Lisu, is left out.
_ALPHABETS = {
    **{name: name for name in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "ETHIOPIC")},
    **{name: name for name in ("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "TAMIL", "TELUGU", "KANNADA")},
    **{name: name for name in ("MALAYALAM", "SINHALA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")},
    # Written together.
    **dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"), "EAST ASIAN"),
}
# Latin letters of phonetics and the like look like plain ones, and nobody's name has them.
_LATIN_OF_NAMES = (*range(0x01C0), *range(0x01C4, 0x0250), *range(0x1E00, 0x1F00))
_LATIN = frozenset(map(chr, _LATIN_OF_NAMES))
_ORDINALS = "ªº"
_STYLES = ("<font>", "<circle>", "<wide>", "<narrow>", "<super>", "<sub>", "<square>", "<small>")

# Folded: small, without accents. The bank's are found inside longer words too.
_BANK = ("saldo vivo", "banco central")
_OFFICES = (
    *("seguranca", "antifraude", "fraudes", "suporte", "atendimento", "sac", "ouvidoria", "sistema", "bacen"),
    *("admin", "administrador", "administradora", "administracao", "security", "support", "helpdesk"),
)

_LOOK_ALIKES = str.maketrans(
    {
        **dict(zip("авекмнорстухѕіјԁԛԝӏһьпгиѵ", "abekmhopctyxsijdqwlhbnruv", strict=True)),
        **dict(zip("αβεηικνορτυχγσςωλμπδ", "abenikvoptuxyoswlund", strict=True)),
        **dict(zip("օսոհզցյռղ", "ounhqgjnn", strict=True)),
        **dict(zip("ıłøđðþħŋ", "iloddphn", strict=True)),
        "æ": "ae",
        "œ": "oe",
    }
)
_LEET = str.maketrans("013457@$!|", "oieastasii")
_DIGITS = str.maketrans("", "", "0123456789")
_WORD = re.compile(r"[^\W_]+")


def has_hidden(text: str) -> bool:
    """Whether `text` has control, format, bidirectional or other characters without ink."""
    return any(c in _HIDDEN or unicodedata.category(c) in _HIDDEN_CATEGORIES for c in text)


def without_emoji_joins(text: str) -> str:
    """`text` without the invisible characters that only make one emoji of several, or colour one."""
    kept = [second for first, second in pairwise(f" {text}") if not _joins_emoji(first, second)]
    return "".join(kept)


def _joins_emoji(before: str, mark: str) -> bool:
    if mark == _EMOJI_STYLE:
        return not before.isalpha() and not before.isspace()
    return mark == _JOINER and (before == _EMOJI_STYLE or unicodedata.category(before) in ("So", "Sk"))


def problem_of_name(name: str) -> str | None:
    """Why `name`, in NFC, may be nobody's and no account's; None when it may."""
    if has_hidden(name) or any(_is_styled(c) for c in name):
        return "contém caracteres que não são permitidos"
    if not any(c.isalnum() for c in name):
        return "deve ter letras"
    alphabets = {_alphabet(c) for c in name if c.isalpha() and c not in _ORDINALS}
    if None in alphabets:
        return "contém letras que não são aceitas em nomes"
    if len(alphabets) > 1:
        return "mistura alfabetos diferentes"
    return "é reservado ao banco" if _poses_as_bank(name) else None


def problem_of_person(name: str) -> str | None:
    """As `problem_of_name`, for what others will read: no symbols, which may look like a seal, and no office."""
    problem = problem_of_name(name)
    if problem is None and any(unicodedata.category(c).startswith("S") for c in name if not c.isascii()):
        return "contém caracteres que não são permitidos"
    return problem or ("é reservado ao banco" if _poses_as_office(name) else None)


def _is_styled(character: str) -> bool:
    """Whether it is another character in other clothes, such as a bold or a circled letter, or a foreign digit."""
    if character.isascii() or character in _ORDINALS:
        return False
    form = unicodedata.decomposition(character)
    plain = unicodedata.normalize("NFKC", character)
    return (
        form.startswith(_STYLES)
        or (form.startswith("<compat>") and plain.isascii())
        or unicodedata.category(character)[0] == "N"
    )


def _alphabet(letter: str) -> str | None:
    alphabet = _ALPHABETS.get(unicodedata.name(letter, "").partition(" ")[0])
    return None if alphabet == "LATIN" and letter not in _LATIN else alphabet


def _poses_as_bank(name: str) -> bool:
    return any(_skeleton(bank).replace(" ", "") in "".join(words) for words in _readings(name) for bank in _BANK)


def _poses_as_office(name: str) -> bool:
    """Also spelled apart ("S u p o r t e") or in the plural."""
    offices = {_skeleton(office) for office in _OFFICES}
    for words in _readings(name):
        runs = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
        if runs & offices or {run.removesuffix("s") for run in runs} & offices:
            return True
    return False


def _readings(name: str) -> list[list[str]]:
    """The words of a name as somebody may read them: digits as the letters that they look like, or passed over."""
    folded = _folded(name)
    return [_WORD.findall(_skeleton(text)) for text in (folded.translate(_LEET), folded.translate(_DIGITS))]


def _folded(name: str) -> str:
    marked = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in marked if not unicodedata.combining(c)).translate(_LOOK_ALIKES)


def _skeleton(folded: str) -> str:
    """What looks alike becomes alike."""
    return folded.replace("rn", "m").replace("l", "i")


def mask(name: str) -> str:
    """`Maria Santos` → `M**** S*****`: tells friends, and nobody else, who it is."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())
