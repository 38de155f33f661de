"""One id from a request to the sockets that are told of what it did: of this greenlet, in log lines, in the outbox."""

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gevent.local import local

# At INFO it has a line for each durable event where it is appended, relayed and handed to a socket.
EVENTS_LOG = logging.getLogger("flask_socketio_cluster.events")

# 32 hexadecimal digits from nginx or from here; others may have their own.
TRACE_CHARS_MAX = 64
_TRACE = re.compile(r"[A-Za-z0-9_-]{16,64}")


class _Current(local):
    trace: str | None = None


_current = _Current()


class Origin(NamedTuple):
    """Of a durable event: when it was appended, in unix seconds, and the id of what appended it."""

    at_s: float
    trace: str | None = None


def new() -> str:
    return secrets.token_hex(16)


def begin(trace: str | None) -> None:
    """What this greenlet does from now on is this request's; of a new one where `trace` is no id, of none after
    `end`."""
    _current.trace = trace if trace is not None and _TRACE.fullmatch(trace) else new()


def end() -> None:
    _current.trace = None


def current() -> str | None:
    return _current.trace


@contextmanager
def begun() -> Iterator[None]:
    """A request of its own, whatever this greenlet did before."""
    before, _current.trace = _current.trace, new()
    try:
        yield
    finally:
        _current.trace = before
