"""How to tell that a part answers."""

import http.client
import socket
import time
from collections.abc import Callable

from deploy.local.ports import LOOPBACK

POLL_S = 0.02
PROBE_TIMEOUT_S = 2.0


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        time.sleep(POLL_S)


def redis_answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether a Redis answers PING (not while it is still loading)."""
    try:
        with socket.create_connection((host, port), timeout=PROBE_TIMEOUT_S) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def http_status(port: int, path: str, host: str = LOOPBACK) -> int | None:
    """The status of GET `path`, or None when nothing answers."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
