"""The address that verifies a receipt as a QR code: one source for the page's picture and the PDF's."""

import segno

# A smudge or a fold of the paper may hide 15 % of it.
CORRECTION = "m"


def picture(address: str) -> str:
    """As an SVG in a `data:` address, with the quiet zone around it and white behind it."""
    return str(_code(address).svg_data_uri(xmldecl=False, omitsize=True, light="#fff"))


def rows(address: str) -> list[list[tuple[int, int]]]:
    """Row by row the dark stretches, as (start, length) in modules, without the quiet zone."""
    return [_stretches(bytes(row)) for row in _code(address).matrix]


def _code(address: str) -> segno.QRCode:
    return segno.make(address, error=CORRECTION, micro=False)


def _stretches(row: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for column, dark in enumerate(row):
        if not dark:
            continue
        if found and sum(found[-1]) == column:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((column, 1))
    return found
