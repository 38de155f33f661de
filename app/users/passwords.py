"""Password hashes, without stalling the node: bcrypt runs in the hub's thread pool, two at a time.

Who finds the queue full gets Overloaded at once, and so does who is still in it when the request's time is up.
"""

import functools
from collections.abc import Callable

import bcrypt
from gevent import get_hub

from app import deadline, metrics
from app.gate import Gate

ROUNDS = 12
AT_ONCE_MAX = 2
# About two seconds of work.
WAITING_MAX = 16
RETRY_AFTER_S = 2

_gate = Gate("passwords", at_once_max=AT_ONCE_MAX, waiting_max=WAITING_MAX, retry_after_s=RETRY_AFTER_S)


def hash_password(password: str, *, is_gone: Callable[[], bool] = lambda: False) -> str:
    """A bcrypt hash. `password` has at most 72 bytes in UTF-8 (see `app.fields`). Raises ClientGone (see `Gate`)."""
    with _gate.enter(until=deadline.ends_at(), is_gone=is_gone), metrics.PASSWORD_SECONDS.time():
        digest: bytes = get_hub().threadpool.apply(bcrypt.hashpw, (password.encode(), bcrypt.gensalt(ROUNDS)))
    return digest.decode()


def matches(password: str, hashed: str | None, *, is_gone: Callable[[], bool] = lambda: False) -> bool:
    """Whether `password` made `hashed`. Takes as long for nobody (None) as for somebody. Raises ClientGone."""
    with _gate.enter(until=deadline.ends_at(), is_gone=is_gone), metrics.PASSWORD_SECONDS.time():
        same: bool = get_hub().threadpool.apply(_check, (password, hashed))
    return same and hashed is not None


def _check(password: str, hashed: str | None) -> bool:
    return bcrypt.checkpw(password.encode(), (hashed or _nobody()).encode())


@functools.cache
def _nobody() -> str:
    return bcrypt.hashpw(b"nobody", bcrypt.gensalt(ROUNDS)).decode()
