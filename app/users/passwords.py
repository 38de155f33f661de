"""Password hashes, without stalling the node: bcrypt runs in the hub's thread pool, two at a time."""

import functools

import bcrypt
from gevent import get_hub
from gevent.lock import BoundedSemaphore

ROUNDS = 12
AT_ONCE_MAX = 2

_gate = BoundedSemaphore(AT_ONCE_MAX)


def hash_password(password: str) -> str:
    """A bcrypt hash. `password` has at most 72 bytes in UTF-8 (see `app.fields`)."""
    with _gate:
        digest: bytes = get_hub().threadpool.apply(bcrypt.hashpw, (password.encode(), bcrypt.gensalt(ROUNDS)))
    return digest.decode()


def matches(password: str, hashed: str | None) -> bool:
    """Whether `password` made `hashed`. Takes as long for nobody (None) as for somebody."""
    with _gate:
        same: bool = get_hub().threadpool.apply(_check, (password, hashed))
    return same and hashed is not None


def _check(password: str, hashed: str | None) -> bool:
    return bcrypt.checkpw(password.encode(), (hashed or _nobody()).encode())


@functools.cache
def _nobody() -> str:
    return bcrypt.hashpw(b"nobody", bcrypt.gensalt(ROUNDS)).decode()
