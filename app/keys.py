"""The keys that tokens and the devices' cookies are signed with: a set, so that a key is changed without a logout.

The first key of the set signs, all of it verify. See "Changing the keys of tokens" in docs/operations.md.
"""

import base64
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

ALGORITHM = "HS256"
KEY_BYTES_MIN = 32
KEYS_MAX = 16
KID_CHARS_MAX = 64
NEW_KEY_BYTES = 48

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")


class BadKeys(ValueError):
    """One sentence that says what the set needs. It never has a key in it."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    kid: str
    secret: bytes


class KeySet:
    """`keys`: the first signs. `secret`: what signed before there was a set; alone, it signs, without a kid.

    It verifies tokens without a kid, and those of a kid that is not known here: a set that begins with it (see
    `with_new`) may be on other nodes already.
    """

    def __init__(self, keys: Sequence[Key] = (), *, secret: str | None = None) -> None:
        assert keys or secret, "something must sign"
        self.keys = tuple(keys)
        self._by_kid = {key.kid: key.secret for key in keys}
        self._secret = secret.encode() if secret else None

    def sign(self, claims: dict[str, Any]) -> str:
        """A JSON Web Token."""
        if not self.keys:
            return jwt.encode(claims, self._secret or b"", algorithm=ALGORITHM)
        first = self.keys[0]
        return jwt.encode(claims, first.secret, algorithm=ALGORITHM, headers={"kid": first.kid})

    def verified(self, token: str, *, required: Sequence[str] = ()) -> dict[str, Any]:
        """The claims of a token that one of the keys signed. Raises jwt.InvalidTokenError.

        Neither the time nor the audience is looked at: PyJWT would ask this machine's clock.
        """
        kid = jwt.get_unverified_header(token).get("kid")
        secret = self._by_kid.get(kid, self._secret) if kid is not None else self._secret
        if secret is None:
            raise jwt.InvalidTokenError("no such key")
        options: jwt.types.Options = {
            "require": list(required),
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
            "verify_aud": False,
            "verify_iss": False,
        }
        return jwt.decode(token, secret, algorithms=[ALGORITHM], options=options)


def as_key_set(keys: KeySet | str) -> KeySet:
    """A plain secret is the set that it is alone."""
    return keys if isinstance(keys, KeySet) else KeySet(secret=keys)


def parse(text: str) -> tuple[Key, ...]:
    """The keys of a JWKS. Raises BadKeys."""
    try:
        listed = json.loads(text)["keys"]
        keys = tuple(_key(entry) for entry in listed)
    except BadKeys:
        raise
    except (ValueError, KeyError, TypeError):
        raise BadKeys('is not a set such as {"keys": [{"kty": "oct", "kid": "a", "k": "base64url"}]}') from None
    if not 0 < len(keys) <= KEYS_MAX:
        raise BadKeys(f"needs from 1 to {KEYS_MAX} keys")
    if len({key.kid for key in keys}) != len(keys):
        raise BadKeys("names two keys alike")
    return keys


def _key(entry: dict[str, Any]) -> Key:
    kid, secret = entry["kid"], entry["k"]
    if entry["kty"] != "oct" or entry.get("alg", ALGORITHM) != ALGORITHM:
        raise BadKeys(f'has a key that is not "kty": "oct" for {ALGORITHM}')
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_CHARS_MAX or not (kid.isascii() and kid.isprintable()):
        raise BadKeys(f"needs a kid of 1 to {KID_CHARS_MAX} visible ASCII characters for each key")
    try:
        if not _BASE64URL.fullmatch(secret):
            raise ValueError
        decoded = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    except ValueError:
        raise BadKeys(f"has a key {kid!r} that is not base64url") from None
    if len(decoded) < KEY_BYTES_MIN:
        raise BadKeys(f"needs at least {KEY_BYTES_MIN} bytes for each key")
    return Key(kid, decoded)


def written(keys: Sequence[Key]) -> str:
    """As `parse` reads them, in one line."""
    listed = [
        {
            "kty": "oct",
            "alg": ALGORITHM,
            "kid": key.kid,
            "k": base64.urlsafe_b64encode(key.secret).rstrip(b"=").decode(),
        }
        for key in keys
    ]
    return json.dumps({"keys": listed}, separators=(",", ":"))


def with_new(keys: Sequence[Key], *, secret: str | None, kid: str) -> tuple[Key, ...]:
    """A new key behind the others. Where there is no set yet it begins with `secret`, so that nodes that have nothing
    else still read what the others sign. Raises BadKeys."""
    if len(keys) >= KEYS_MAX:
        raise BadKeys(f"has {KEYS_MAX} keys already; remove one first")
    before = tuple(keys) or ((Key("jwt-secret", secret.encode()),) if secret else ())
    taken = {key.kid for key in before}
    chosen = next(name for name in (kid, *(f"{kid}-{n}" for n in range(2, KEYS_MAX + 2))) if name not in taken)
    return (*before, Key(chosen, secrets.token_bytes(NEW_KEY_BYTES)))


def promoted(keys: Sequence[Key], kid: str) -> tuple[Key, ...]:
    """The same keys; the one of this kid signs. Raises BadKeys."""
    first = _named(keys, kid)
    return (first, *(key for key in keys if key is not first))


def without(keys: Sequence[Key], kid: str) -> tuple[Key, ...]:
    """Raises BadKeys, also for the key that signs: another has to be promoted first."""
    gone = _named(keys, kid)
    if gone is keys[0]:
        raise BadKeys(f"signs with {kid!r}; promote another key first")
    return tuple(key for key in keys if key is not gone)


def _named(keys: Sequence[Key], kid: str) -> Key:
    for key in keys:
        if key.kid == kid:
            return key
    raise BadKeys(f"has no key {kid!r}")
