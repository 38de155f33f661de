"""Signatures of bus messages: who reaches Redis but has no key can neither forge nor change what nodes tell each other.

A signed message is `~`, the id of the key (8 characters), the signature (32) and the body. The signature is HMAC-SHA256
over channel and body, cut to 128 bits, so a message cannot be repeated on another channel. On its own channel
it can be repeated by whoever read it there. Events of streams, which have numbers, and ends of sessions do nothing a
second time; anything else is done again: other emits, and rooms that a socket enters or leaves or that are closed.
"""

import hashlib
import hmac
from collections.abc import Sequence

KEY_BYTES_MIN = 32

_MARK = b"~"
_ID_CHARS = 8
_SIGNATURE_CHARS = 32
_HEAD_BYTES = len(_MARK) + _ID_CHARS + _SIGNATURE_CHARS


class Keys:
    """All keys are accepted, the first signs. To change a key: on every process add the new one behind the old, then
    put it in front, then leave the old one out. Raises ValueError for a key of less than KEY_BYTES_MIN bytes, or none.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < KEY_BYTES_MIN for key in keys):
            raise ValueError(f"signing needs keys of at least {KEY_BYTES_MIN} bytes")
        self._by_id = {_id_of(key): key for key in keys}
        self._id, self._key = _id_of(keys[0]), keys[0]

    def sign(self, channel: bytes, body: bytes) -> bytes:
        return b"".join((_MARK, self._id, _signature(self._key, channel, body), body))

    def body(self, channel: bytes, message: bytes) -> bytes | None:
        """What was signed; None for what is not signed, or not by one of the keys, or for another channel."""
        key = self._by_id.get(message[len(_MARK) : len(_MARK) + _ID_CHARS])
        if key is None or not is_signed(message):
            return None
        body, signature = message[_HEAD_BYTES:], message[len(_MARK) + _ID_CHARS : _HEAD_BYTES]
        return body if hmac.compare_digest(signature, _signature(key, channel, body)) else None


def unverified_body(message: bytes) -> bytes:
    """Of a signed message, for who has no keys and believes everybody."""
    return message[_HEAD_BYTES:]


def is_signed(message: bytes) -> bool:
    """Whether it claims to be."""
    return message[:1] == _MARK


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"id:" + key).hexdigest()[:_ID_CHARS].encode()


def _signature(key: bytes, channel: bytes, body: bytes) -> bytes:
    digest = hmac.digest(key, b"%d:%s%s" % (len(channel), channel, body), "sha256")
    return digest.hex()[:_SIGNATURE_CHARS].encode()
