"""Free TCP ports for the parts of a local cluster."""

import errno
import random
import socket

LOOPBACK = "127.0.0.1"
# Linux hands out 32768 and above to outgoing connections: a port from there may be taken by a client
# between two starts of the same part.
PORT_MIN = 20_000
PORT_MAX = 32_767
TRIES_MAX = 200

_random = random.SystemRandom()


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether nobody listens on `port` now. Raises OSError when this user may not listen there at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do themselves: connections that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def free_port() -> int:
    """A port below 32768 that nobody listens on.

    Random rather than the first free one, so that two clusters that start together do not choose the same.
    Raises OSError when none is found.
    """
    for _ in range(TRIES_MAX):
        port = _random.randint(PORT_MIN, PORT_MAX)
        if is_free(port):
            return port
    raise OSError(f"no free port between {PORT_MIN} and {PORT_MAX}")
