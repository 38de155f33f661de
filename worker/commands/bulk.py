"""Bulk notifications: JSON lines from a file or standard input, all checked before the first is sent."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.errors import AppError
from app.fields import Body, Id, read
from app.streams import notify
from app.streams.notify import Notice


class Line(Body):
    usuario: Id
    tipo: str
    mensagem: str
    dados: dict[str, Any] | None = None


@dataclass(frozen=True)
class BadLine(Exception):
    """`number` counts from 1."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.text}"


def read_lines(lines: Iterable[str]) -> Iterator[Notice]:
    """Each line is `{"usuario": 7, "tipo": "aviso", "mensagem": "…", "dados": {…}}`; empty ones are passed over.

    Raises BadLine.
    """
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = read(Line, json.loads(text))
            yield Notice(line.usuario, notify.check(line.tipo, line.mensagem, line.dados))
        except AppError as error:
            raise BadLine(number, error.text) from None
        except (ValueError, RecursionError):
            raise BadLine(number, "não é JSON") from None
