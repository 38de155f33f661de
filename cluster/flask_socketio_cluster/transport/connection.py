"""The connection behind a request: where its client is, whether it is still there, and how it becomes a WebSocket."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gevent import get_hub

from flask_socketio_cluster.environ import CONNECTION

# What a household has of IPv6.
IPV6_NETWORK_BITS = 64

_READ = 1


def client_network(environ: dict[str, Any]) -> str:
    """Where the browser is, for limits: its `REMOTE_ADDR`, which behind a proxy is werkzeug's `ProxyFix` to set.

    A household has a network of IPv6 addresses, so the network stands for all of them.
    """
    try:
        address = ipaddress.ip_address(environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)


def is_gone(environ: dict[str, Any]) -> bool:
    """Whether the client has hung up. False where nobody can tell."""
    connection = environ.get(CONNECTION)
    return connection is not None and _has_ended(connection)


@contextmanager
def when_gone(environ: dict[str, Any], tell: Callable[[], None]) -> Iterator[None]:
    """While the body runs, call `tell` in the event loop, where it must not wait, once the client has hung up."""
    connection = environ.get(CONNECTION)
    if connection is None:
        yield
        return
    watcher = get_hub().loop.io(connection.fileno(), _READ)

    def look() -> None:
        watcher.stop()  # also where another request is behind this one: from then on nobody can tell
        if _has_ended(connection):
            tell()

    watcher.start(look)
    try:
        yield
    finally:
        watcher.stop()
        watcher.close()


def _has_ended(connection: Any) -> bool:
    try:
        # The socket inside of gevent's, which would wait.
        return bool(connection._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
    except BlockingIOError:
        return False
    except OSError:
        return True
