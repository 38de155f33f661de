"""The key by which push services know this bank (RFC 8292)."""

import base64

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from app import clock
from app.push.services import origin_of
from app.settings import Stores

# Services refuse what is good for longer than a day, by their own clocks.
GOOD_FOR_S = 12 * 3600


class Vapid:
    """`private_key`: 32 bytes in base64url. `subject`: whom a push service may write to."""

    def __init__(self, private_key: str, subject: str) -> None:
        self._key = Vapid02.from_raw(private_key.encode())
        self._subject = subject
        point = self._key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        # What a browser needs to subscribe.
        self.public_key = base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def headers(self, endpoint: str) -> dict[str, str]:
        """What proves to the service of `endpoint` who sends."""
        until_s = int(clock.unix_s()) + GOOD_FOR_S
        return dict(self._key.sign({"aud": origin_of(endpoint), "sub": self._subject, "exp": until_s}))


def from_settings(settings: Stores) -> Vapid | None:
    """None where nothing is pushed."""
    key = settings.vapid_private_key
    return Vapid(key.get_secret_value(), settings.vapid_subject) if key else None
