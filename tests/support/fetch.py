"""One plain HTTP request, for tests that look at what is on the wire."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

REQUEST_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """`begun` and `ended` by `time.monotonic`."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    begun: float
    ended: float


def fetch(
    url: str,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A request on a connection of its own, its path sent exactly as given, no redirect followed."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=REQUEST_TIMEOUT_S)
    begun = time.monotonic()
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        content = response.read()
        return Answer(response.status, response.headers, content, begun, time.monotonic())
    finally:
        connection.close()
