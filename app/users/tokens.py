"""JSON Web Tokens: issued and read here, checked against revocation in `auth`."""

import secrets
from dataclasses import dataclass

import jwt

from app import clock
from app.errors import BadToken, ExpiredToken

ALGORITHM = "HS256"
TOKEN_CHARS_MAX = 2048

# The clock of the node that issued a token may be ahead of ours, so `iat` is not compared with it.
_OPTIONS: jwt.types.Options = {"require": ["exp", "iat", "sub", "jti"], "verify_iat": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says. `expires_at` in unix seconds.

    `session_id` names the login that the token and everything renewed from it come from.
    """

    user_id: int
    session_id: str
    generation: int
    expires_at: int

    @property
    def key(self) -> int:
        """Of the user's stream."""
        return self.user_id


class Tokens:
    def __init__(self, secret: str, ttl_s: int) -> None:
        self._secret = secret
        self.ttl_s = ttl_s

    def issue(self, user_id: int, generation: int, session_id: str | None = None) -> str:
        """A token of a new session, or one more of `session_id`."""
        issued_at = int(clock.unix_s())
        claims = {
            "sub": str(user_id),
            "jti": secrets.token_hex(16),
            "sid": session_id or secrets.token_hex(16),
            "iat": issued_at,
            "exp": issued_at + self.ttl_s,
            "ger": generation,
        }
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def read(self, token: object) -> Claims:
        """Signature, form and expiry. Raises BadToken or ExpiredToken."""
        if not isinstance(token, str) or len(token) > TOKEN_CHARS_MAX:
            raise BadToken
        try:
            claims = jwt.decode(token, self._secret, algorithms=[ALGORITHM], options=_OPTIONS)
            # A token from before sessions had ids is a session of its own.
            session_id = str(claims.get("sid") or claims["jti"])
            return Claims(int(claims["sub"]), session_id, int(claims["ger"]), int(claims["exp"]))
        except jwt.ExpiredSignatureError:
            raise ExpiredToken from None
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
            raise BadToken from None
