"""The letters of a PDF: what people are called and write has a font, whatever their alphabet, embedded as a subset.

The usual letters come from slices of Noto Sans, small enough to be read for each PDF (2 ms; fpdf2's own subsetting uses
a font up). What no slice has comes from UnifontEX, plain to look at and with nearly every character there is: its few
letters are taken out once and kept (400 ms for new ones). Set-up puts the files there.
"""

import functools
import io
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fpdf import FPDF

FAMILY = "noto"
FOLDER = Path(__file__).parents[1] / "web" / "static" / "vendor" / "fonts"
REST = FOLDER / "unifontex.woff"
# In the order in which they are asked: the first that has a character gives it.
SLICES = ("latin", "latin-ext", "vietnamese", "greek", "greek-ext", "cyrillic", "cyrillic-ext", "devanagari")
# Sets of rare characters whose font is kept; some 40 kB each.
KEPT_MAX = 32
# Tables that say how letters join; those of this font cannot be cut down, or are not font data at all.
DROPPED = ["BASE", "GDEF", "GPOS", "GSUB", "JSTF", "MATH", "FFTM", "PfEd", "TeX"]
MISSING = "\ufffd"


class Letters:
    """The fonts of one PDF. Use as a context: what was taken out for it is on disk for as long."""

    def __init__(self, pdf: FPDF, texts: Iterable[str]) -> None:
        wanted = {char for text in texts for char in text}
        self._pdf = pdf
        self._lost = wanted - _all_slices() - _characters(REST)
        self._rest = wanted - _all_slices() - self._lost
        self._slices = [name for name in SLICES[1:] if _gives(name) & wanted]

    def __enter__(self) -> "Letters":
        self._folder = tempfile.TemporaryDirectory(prefix="letters-")
        self._pdf.add_font(FAMILY, "", _slice(SLICES[0]))
        self._pdf.add_font(FAMILY, "B", FOLDER / f"noto-sans-{SLICES[0]}-700-normal.woff")
        for name in self._slices:
            self._pdf.add_font(name, "", _slice(name))
        others = list(self._slices)
        if self._rest:
            path = Path(self._folder.name) / "rest.ttf"
            path.write_bytes(_taken_out("".join(sorted(self._rest))))
            self._pdf.add_font("rest", "", path)
            others.append("rest")
        self._pdf.set_fallback_fonts(others, exact_match=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def known(self, text: str) -> str:
        """`text` with a mark in the place of what no font has, such as a rare Chinese character."""
        return "".join(MISSING if char in self._lost else char for char in text)


def _slice(name: str) -> Path:
    return FOLDER / f"noto-sans-{name}-400-normal.woff"


@functools.cache
def _characters(path: Path) -> frozenset[str]:
    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@functools.cache
def _gives(name: str) -> frozenset[str]:
    """What a slice has that none before it has."""
    before = SLICES[: SLICES.index(name)]
    return _characters(_slice(name)).difference(*(_characters(_slice(each)) for each in before))


@functools.cache
def _all_slices() -> frozenset[str]:
    return frozenset().union(*(_characters(_slice(name)) for name in SLICES))


@functools.lru_cache(maxsize=KEPT_MAX)
def _taken_out(characters: str) -> bytes:
    """A TrueType font of just these."""
    options = subset.Options()
    options.drop_tables += DROPPED
    options.name_IDs = ["*"]
    options.notdef_outline = True
    with TTFont(REST, lazy=True) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(text=characters)
        cutter.subset(font)
        font.flavor = None
        whole = io.BytesIO()
        font.save(whole)
    return whole.getvalue()
