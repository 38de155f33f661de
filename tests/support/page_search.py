"""The page's own search and filters, run by Node, to compare the server's with them."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.wire import Movimentacao

SCRIPT = Path(__file__).parents[1] / "js" / "search_answers.mjs"


@dataclass(frozen=True)
class PageSearch:
    _node: "subprocess.Popen[str]"

    def fold(self, texts: Sequence[str]) -> list[str]:
        return [str(text) for text in self._ask({"fold": texts})]

    def finds(self, typed: str, rows: Sequence[tuple[str, int]]) -> list[bool]:
        """For each row, of text and signed centavos, whether it passes."""
        return self._ask({"typed": typed, "rows": [{"text": text, "cents": cents} for text, cents in rows]})

    def matches(self, rows: Sequence[Movimentacao], **chosen: object) -> list[bool]:
        """For each row whether it passes the filters `chosen`, in the words of `models/statement.js`."""
        return self._ask({"filter": chosen, "rows": rows})

    def _ask(self, question: dict[str, Any]) -> list[Any]:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(question) + "\n")
        self._node.stdin.flush()
        answer: list[Any] = json.loads(self._node.stdout.readline())
        return answer


@contextmanager
def page_search() -> Iterator[PageSearch]:
    with subprocess.Popen(["node", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        try:
            yield PageSearch(node)
        finally:
            assert node.stdin is not None
            node.stdin.close()
