"""Work on a database that ends in the middle."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


class Stopped(Exception):
    """The process was killed here."""


@contextmanager
def stopped_after(statements: int) -> Iterator[None]:
    """Whatever runs inside may send so many to any database, and raises Stopped before the next."""
    count = 0

    def stop(*_: Any) -> None:
        nonlocal count
        count += 1
        if count > statements:
            raise Stopped

    event.listen(Engine, "before_cursor_execute", stop)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", stop)
