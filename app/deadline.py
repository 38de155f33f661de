"""How long a request may take in all, whatever it asks of the database one after the other.

nginx stops reading after 20 s, and the page gives up then too. What is begun within REQUEST_S may still need two of
the database's longest silences (`STATEMENT_TIMEOUT_S` in `app.db`): the last statement's and the commit's.
"""

import threading
import time

REQUEST_S = 11.0

# Of a greenlet in a node, of a thread elsewhere; a greenlet that a request spawns has none.
_of_this_thread = threading.local()


def begin() -> None:
    """A request begins."""
    _of_this_thread.ends_at = time.monotonic() + REQUEST_S


def end() -> None:
    """It has its answer; what it streams from here on takes as long as its client reads."""
    _of_this_thread.ends_at = None


def ends_at() -> float:
    """The request's end in monotonic seconds; outside of requests that of one call which begins now."""
    ends = _ends_at()
    return time.monotonic() + REQUEST_S if ends is None else ends


def has_passed() -> bool:
    """Whether this is a request whose time is up."""
    ends = _ends_at()
    return ends is not None and ends <= time.monotonic()


def _ends_at() -> float | None:
    ends: float | None = getattr(_of_this_thread, "ends_at", None)
    return ends
