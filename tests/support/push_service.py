"""A push service of the tests' own, and a browser that subscribes to it and reads what was meant for it."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.ports import LOOPBACK

AUTH_SECRET = bytes(range(16))


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Pushed:
    """One request that the push service got."""

    path: str
    headers: dict[str, str]
    body: bytes

    def claims(self, *, audience: str) -> dict[str, Any]:
        """What the sender's signed token says, checked as a push service checks it: with the key beside it."""
        scheme, _, values = self.headers["Authorization"].partition(" ")
        assert scheme.lower() == "vapid"
        parts = dict(value.strip().split("=", 1) for value in values.split(","))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(parts["k"]))
        claims: dict[str, Any] = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=audience)
        return claims | {"key": parts["k"]}


@dataclass
class PushService:
    """Answers 201, or what `answers` says for a path: a status and headers."""

    url: str
    got: list[Pushed] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)

    def to(self, path: str) -> list[Pushed]:
        return [pushed for pushed in self.got if pushed.path == path]


class Browser:
    """One subscription of one browser."""

    def __init__(self, url: str, path: str = "/device") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.path = path
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = {
            "endpoint": url + path,
            "keys": {"p256dh": base64url(point), "auth": base64url(AUTH_SECRET)},
        }

    def read(self, pushed: Pushed) -> dict[str, str]:
        """What the service worker gets. Raises when it was not encrypted for this browser."""
        assert pushed.headers["Content-Encoding"] == "aes128gcm"
        plain = http_ece.decrypt(
            pushed.body, private_key=self._key, auth_secret=AUTH_SECRET, version=pushed.headers["Content-Encoding"]
        )
        message: dict[str, str] = json.loads(plain)
        return message


@contextmanager
def push_service() -> Iterator[PushService]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.got.append(Pushed(self.path, dict(self.headers), body))
            status, headers = service.answers.get(self.path, (201, {}))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at `got`."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        service = PushService(f"http://{LOOPBACK}:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
