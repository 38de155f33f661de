"""Devices on which somebody has logged in before. They keep a way in while others guess at the account.

A cookie that is no session: it only says, with our signature, who has been here.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import jwt

from app import clock
from app.keys import KeySet, as_key_set

COOKIE = "aparelho"
KEPT = timedelta(days=180)
# Of a family's tablet; the one who has not been here for longest is forgotten.
USERS_MAX = 5
COOKIE_CHARS_MAX = 1024
# Tokens of sessions have another, or none, so neither is taken for the other.
_AUDIENCE = "aparelho"


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    user_ids: tuple[int, ...]


class Devices:
    def __init__(self, keys: KeySet | str) -> None:
        self._keys = as_key_set(keys)

    def read(self, cookie: str | None) -> Device:
        """The device that a cookie speaks of; a new one, that knows nobody, when it is not ours or too old."""
        if cookie is not None and len(cookie) <= COOKIE_CHARS_MAX:
            try:
                claims = self._keys.verified(cookie, required=("aud", "exp"))
                if claims["aud"] == _AUDIENCE and int(claims["exp"]) > clock.unix_s():
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
        return self._keys.sign(claims)
