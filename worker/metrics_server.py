"""`GET /metrics` of a worker, for the monitoring inside."""

from collections.abc import Callable, Iterable
from typing import Any

from gevent.pywsgi import WSGIServer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

# Who asks and then says nothing keeps a place; nobody but the monitoring reaches the port.
AT_ONCE_MAX = 4


def serve(address: str) -> WSGIServer:
    """Started, on `address`, which is a host and a port. Raises OSError."""
    server = WSGIServer(address, _answer, log=None, error_log=None, spawn=AT_ONCE_MAX)
    server.start()
    return server


def _answer(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] != "GET":
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [generate_latest()]
