"""JSON Web Tokens: issued and read here, checked against ended sessions in `auth`."""

import secrets
from dataclasses import dataclass

import jwt

from app import clock
from app.errors import BadToken, ExpiredToken, SessionOver
from app.keys import KeySet, as_key_set
from app.settings import SESSION_TTL_S

TOKEN_CHARS_MAX = 2048
ISSUER = AUDIENCE = "saldo-vivo"

# The clock of the node that issued a token may be ahead of ours, so `iat` is not compared with it.
_REQUIRED = ("exp", "iat", "sub", "jti")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says. `expires_at` in unix seconds.

    `session_id` names the login that the token and everything renewed from it come from. `session_ends_at`: when that
    is over, in unix seconds; None for a token from before sessions were kept in a table.
    """

    user_id: int
    session_id: str
    generation: int
    expires_at: int
    session_ends_at: int | None = None

    @property
    def key(self) -> int:
        """Of the user's stream."""
        return self.user_id


class Tokens:
    """`ttl_s`: the life of a token; `session_ttl_s`: of a login with all that is renewed from it."""

    def __init__(self, keys: KeySet | str, ttl_s: int, session_ttl_s: int = SESSION_TTL_S) -> None:
        self._keys = as_key_set(keys)
        self.ttl_s = ttl_s
        self.session_ttl_s = session_ttl_s

    def issue(
        self, user_id: int, generation: int, session_id: str | None = None, *, session_ends_at: int | None = None
    ) -> str:
        """A token of `session_id`, which lives no longer than that session."""
        issued_at = int(clock.unix_s())
        expires_at = issued_at + self.ttl_s
        claims: dict[str, object] = {
            # Not beside JWT_SECRET alone: a node of the release before, which may still run, refuses what has an
            # audience. It knows no set of keys.
            **({"iss": ISSUER, "aud": AUDIENCE} if self._keys.keys else {}),
            "sub": str(user_id),
            "jti": secrets.token_hex(16),
            "sid": session_id or secrets.token_hex(16),
            "iat": issued_at,
            "exp": expires_at if session_ends_at is None else min(expires_at, session_ends_at),
            "ger": generation,
        }
        if session_ends_at is not None:
            claims["fim"] = session_ends_at
        return self._keys.sign(claims)

    def read(self, token: object) -> Claims:
        """Signature, form, audience and expiry. Raises BadToken, ExpiredToken, or SessionOver, which is one."""
        if not isinstance(token, str) or len(token) > TOKEN_CHARS_MAX:
            raise BadToken
        try:
            said = self._keys.verified(token, required=_REQUIRED)
            # Tokens from before have neither; another's audience, such as the devices' cookie, is no token.
            if said.get("aud", AUDIENCE) != AUDIENCE or said.get("iss", ISSUER) != ISSUER:
                raise BadToken
            # A token from before sessions had ids is a session of its own.
            session_id = str(said.get("sid") or said["jti"])
            ends_at = None if said.get("fim") is None else int(said["fim"])
            claims = Claims(int(said["sub"]), session_id, int(said["ger"]), int(said["exp"]), ends_at)
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError):
            raise BadToken from None
        now_s = clock.unix_s()
        if claims.expires_at <= now_s:
            raise SessionOver if ends_at is not None and ends_at <= now_s else ExpiredToken
        return claims
