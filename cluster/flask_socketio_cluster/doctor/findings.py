"""What a check found."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """UNKNOWN: it could not be looked at, which is no fault by itself."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """`subject` names what was looked at, `text` says how it is, `advice` what to do where it is not OK."""

    subject: str
    level: Level
    text: str
    advice: str = ""


def ok(subject: str, text: str) -> Finding:
    return Finding(subject, Level.OK, text)


def unknown(subject: str, text: str, advice: str = "") -> Finding:
    return Finding(subject, Level.UNKNOWN, text, advice)


def warning(subject: str, text: str, advice: str) -> Finding:
    return Finding(subject, Level.WARNING, text, advice)


def fault(subject: str, text: str, advice: str) -> Finding:
    return Finding(subject, Level.FAULT, text, advice)


def checked(subject: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What `check` finds. An accident in it is a finding too: the other checks go on."""
    try:
        yield from check()
    except Exception as error:
        yield fault(subject, f"the check itself failed: {type(error).__name__}: {error}", "tell the developers")
