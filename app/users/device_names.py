"""What a person calls a device, "Chrome no Android", read from its User-Agent, where a client writes what it likes."""

import re

NAME_CHARS_MAX = 60
# What is longer is no browser's.
LOOKED_AT_CHARS = 512
UNKNOWN = "Aparelho desconhecido"

# The first that fits; most browsers also name those that they descend from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "no iPhone"),
    ("iPad", "no iPad"),
    ("Android", "no Android"),
    ("Windows", "no Windows"),
    ("CrOS", "no ChromeOS"),
    ("Macintosh", "no Mac"),
    ("Linux", "no Linux"),
)
# "python-requests/2.32", "curl/8.5": programs name themselves first.
_PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9._-]{1,39})/")


def name_of(user_agent: str) -> str:
    """At most NAME_CHARS_MAX characters, all of them our own or of a program's plain name."""
    looked_at = user_agent[:LOOKED_AT_CHARS]
    system = next((words for sign, words in _SYSTEMS if sign in looked_at), "")
    browser = next((name for sign, name in _BROWSERS if sign in looked_at), "")
    if browser:
        return f"{browser} {system}".rstrip()
    program = _PROGRAM.match(looked_at)
    if program and program[1] != "Mozilla":
        return program[1]
    return f"Navegador {system}" if system else UNKNOWN
