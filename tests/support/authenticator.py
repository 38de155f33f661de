"""A device that makes passkeys and shows them, as a browser hands them on; it can lie in the ways that matter."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40
SOME_MODEL = bytes(16)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """With one key. `host` and `origin`: of the page that asks, as the browser sees it."""

    host: str
    origin: str
    handle: bytes = b""
    count: int = 0
    verifies_user: bool = True
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """RegistrationResponseJSON."""
        self.handle = decoded(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        key = SOME_MODEL + len(self.id).to_bytes(2) + self.id + cose
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + key}
        response = {"attestationObject": base64url(cbor2.dumps(statement))}
        return self._credential({**response, "clientDataJSON": self._client_data("webauthn.create", options)})

    def show(self, options: dict[str, Any]) -> dict[str, Any]:
        """AuthenticationResponseJSON."""
        client_data = self._client_data("webauthn.get", options)
        data = self._data(0)
        signed = self.key.sign(data + hashlib.sha256(decoded(client_data)).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"authenticatorData": base64url(data), "signature": base64url(signed)}
        return self._credential({**response, "clientDataJSON": client_data, "userHandle": base64url(self.handle)})

    def _data(self, flags: int) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if self.verifies_user else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client_data(self, kind: str, options: dict[str, Any]) -> str:
        data = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return base64url(json.dumps(data).encode())

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        own = base64url(self.id)
        return {"id": own, "rawId": own, "type": "public-key", "response": response, "clientExtensionResults": {}}
