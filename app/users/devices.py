"""Devices on which somebody has logged in before. They keep a way in while others guess at the account.

A cookie that is no session: it only says, with our signature, who has been here.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import jwt

from app import clock
from app.users.tokens import ALGORITHM

COOKIE = "aparelho"
KEPT = timedelta(days=180)
# Of a family's tablet; the one who has not been here for longest is forgotten.
USERS_MAX = 5
COOKIE_CHARS_MAX = 1024
# No token of a session has an audience, so neither is taken for the other.
_AUDIENCE = "aparelho"


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    user_ids: tuple[int, ...]


class Devices:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, cookie: str | None) -> Device:
        """The device that a cookie speaks of; a new one, that knows nobody, when it is not ours or too old."""
        if cookie is not None and len(cookie) <= COOKIE_CHARS_MAX:
            try:
                claims = jwt.decode(cookie, self._secret, algorithms=[ALGORITHM], audience=_AUDIENCE)
                return Device(str(claims["id"]), tuple(int(user_id) for user_id in claims["usuarios"]))
            except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
                pass
        return Device(secrets.token_hex(8), ())

    def remember(self, device: Device, user_id: int) -> str:
        """The cookie of the device, now that this user has logged in on it."""
        others = [known for known in device.user_ids if known != user_id]
        claims = {
            "aud": _AUDIENCE,
            "exp": int(clock.unix_s() + KEPT.total_seconds()),
            "id": device.id,
            "usuarios": [user_id, *others][:USERS_MAX],
        }
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)
