"""What `python -m worker auditoria` prints."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from app import clock

_ROW = "{:<10}{:<21}{:>10}  {:<22}{:>10}  {}"

Lines = Sequence[Row[*tuple[Any, ...]]]


def lines(found: Lines) -> Iterator[str]:
    """One a line of the chain; moments by Brazil's clock."""
    yield _ROW.format("line", "when", "user", "what", "operation", "detail")
    for row in found:
        when = f"{row.at.astimezone(clock.ZONE):%Y-%m-%d %H:%M:%S}"
        detail = " ".join(f"{name}={value}" for name, value in json.loads(row.detail).items())
        yield _ROW.format(row.id, when, row.user_id or "-", row.kind, row.operation_id or "-", detail).rstrip()


def json_lines(found: Lines) -> Iterator[str]:
    for row in found:
        said = {"line": row.id, "at": clock.iso(row.at), "user_id": row.user_id, "kind": row.kind}
        rest = {"operation_id": row.operation_id, "detail": json.loads(row.detail), "hash": row.hash}
        yield json.dumps({**said, **rest}, ensure_ascii=False)
