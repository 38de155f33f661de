"""One terminal for many processes: each line after the name of its part, each part in its colour."""

import os
import sys
from typing import BinaryIO

LAUNCHER = "saldo-vivo"
# Bright ANSI colours that are readable on dark and on light.
COLOURS = (36, 33, 35, 32, 34, 31, 96, 93, 95, 92, 94)
# A part that never ends its line is cut here.
LINE_BYTES_MAX = 64 * 1024


class Console:
    """Prints whole lines; keeps what is unfinished until its end comes."""

    def __init__(self, names: list[str], out: BinaryIO | None = None) -> None:
        self._out = out or sys.stdout.buffer
        self._names = [LAUNCHER, *names]
        self._width = max(map(len, self._names))
        self._coloured = self._out.isatty() and not os.environ.get("NO_COLOR")
        self._unfinished: dict[str, bytes] = {}

    def say(self, text: str) -> None:
        """Print the launcher's own words."""
        self._print(LAUNCHER, text.encode())

    def feed(self, name: str, data: bytes) -> None:
        """Take output of the part `name`, in pieces as they come."""
        *lines, rest = (self._unfinished.pop(name, b"") + data).split(b"\n")
        for line in lines:
            self._print(name, line)
        if len(rest) > LINE_BYTES_MAX:
            self._print(name, rest)
        elif rest:
            self._unfinished[name] = rest

    def finish(self, name: str) -> None:
        """Print what a part left without an end of line."""
        rest = self._unfinished.pop(name, b"")
        if rest:
            self._print(name, rest)

    def _print(self, name: str, line: bytes) -> None:
        prefix = f"{name:<{self._width}} |"
        if self._coloured:
            colour = COLOURS[self._names.index(name) % len(COLOURS)] if name in self._names else 37
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        try:
            self._out.write(prefix.encode() + b" " + line.rstrip(b"\r") + b"\n")
            self._out.flush()
        except OSError:
            return  # nobody reads any more; the cluster runs on
