"""Passkeys (WebAuthn): a login without a password, for which the device asks its owner, so it is two factors in one.

What a device signs is a challenge of ours, which is signed itself and good for CHALLENGE_S, once. Only what was used is
written down, so who only asks leaves nothing here.
"""

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app import clock, sql_errors
from app.errors import NotFound, TooManyPasskeys, WrongPasskey
from app.keys import KeySet, as_key_set
from app.users.actions import Person
from app.users.models import CREDENTIAL_ID_CHARS_MAX, PUBLIC_KEY_CHARS_MAX, PasskeyRow, UsedChallenge

BANK = "Saldo Vivo"
CHALLENGE_S = 120
PASSKEYS_MAX = 20
PURGED_AT_ONCE = 1000
# ES256, RS256 and EdDSA: what devices make.
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
]
# Tokens of sessions and the devices' cookies have others, so none is taken for another.
_AUDIENCE = "chave-de-acesso"


class Purpose(StrEnum):
    ENTER = "entrar"
    ADD = "criar"


@dataclass(frozen=True, slots=True)
class Site:
    """Where browsers take our passkeys for ours: the relying party's id, and the origin of the page."""

    host: str
    origin: str


def site_of(public_url: str) -> Site | None:
    """None where browsers allow no passkeys: at an IP address, or over plain HTTP except on one's own machine."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if _is_address(host) or (parts.scheme != "https" and host != "localhost"):
        return None
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    return Site(host, f"{parts.scheme}://{host}{port}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was signed, and its own id, which is good once."""

    value: bytes
    id: str


class Challenges:
    def __init__(self, keys: KeySet | str) -> None:
        self._keys = as_key_set(keys)

    def new(self, purpose: Purpose, user_id: int | None = None) -> bytes:
        """`user_id`: for this user alone."""
        claims = {
            "aud": _AUDIENCE,
            "uso": purpose.value,
            "usuario": user_id,
            "jti": secrets.token_hex(16),
            "exp": int(clock.unix_s()) + CHALLENGE_S,
        }
        return self._keys.sign(claims).encode()

    def in_answer(self, credential: Mapping[str, Any], purpose: Purpose, user_id: int | None = None) -> Challenge:
        """The challenge that a browser says it answers. Raises WrongPasskey when it is none of ours, for something or
        somebody else, or too old."""
        try:
            data = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
            claims = self._keys.verified(data.challenge.decode(), required=("aud", "exp"))
            is_ours = claims["aud"] == _AUDIENCE and claims["uso"] == purpose and claims["usuario"] == user_id
            if is_ours and int(claims["exp"]) > clock.unix_s():
                return Challenge(data.challenge, str(claims["jti"]))
        except Exception:  # whatever the parsers say of what anybody may send
            raise WrongPasskey from None
        raise WrongPasskey


@dataclass(frozen=True, slots=True)
class Passkey:
    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What an answer is compared with."""

    id: int
    user_id: int
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Made:
    """A new key, verified. `credential_id` and `public_key` in base64url."""

    credential_id: str
    public_key: str
    sign_count: int


def options_to_add(site: Site, challenge: bytes, person: Person, known: list[str]) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON. `known`: credential ids of the person, which no device makes again."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=BANK,
        user_id=_handle(person.id),
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge,
        timeout=CHALLENGE_S * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(each)) for each in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def options_to_enter(site: Site, challenge: bytes) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON, for whatever key of this site the device has."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=CHALLENGE_S * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def made_in(credential: dict[str, Any], challenge: Challenge, site: Site) -> Made:
    """The key that a device made for this site, having asked its owner. Raises WrongPasskey."""
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception:  # whatever the parsers say of what anybody may send
        raise WrongPasskey from None
    made = Made(
        bytes_to_base64url(verified.credential_id),
        bytes_to_base64url(verified.credential_public_key),
        verified.sign_count,
    )
    if len(made.credential_id) > CREDENTIAL_ID_CHARS_MAX or len(made.public_key) > PUBLIC_KEY_CHARS_MAX:
        raise WrongPasskey
    return made


def credential_id_of(credential: Mapping[str, Any]) -> str:
    """Raises WrongPasskey for what cannot be one."""
    found = credential.get("id")
    if not isinstance(found, str) or not found.isascii() or not 0 < len(found) <= CREDENTIAL_ID_CHARS_MAX:
        raise WrongPasskey
    return found


def shown_count(credential: dict[str, Any], challenge: Challenge, site: Site, kept: Kept) -> int:
    """How often the device says that it has used the key, this time too; 0 where it does not count. Raises WrongPasskey
    when this is not an answer of the kept key of its user, with its owner asked."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=kept.public_key,
            # The count is compared where it is kept, with its row locked.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        handle = base64url_to_bytes(credential["response"]["userHandle"])
    except Exception:  # whatever the parsers say of what anybody may send
        raise WrongPasskey from None
    if handle != _handle(kept.user_id):
        raise WrongPasskey
    return verified.new_sign_count


def of_user(connection: Connection, user_id: int) -> list[Passkey]:
    """The oldest first."""
    columns = (PasskeyRow.id, PasskeyRow.name, PasskeyRow.created_at, PasskeyRow.last_used_at)
    own = select(*columns).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.id).limit(PASSKEYS_MAX)
    return [Passkey(*row) for row in connection.execute(own)]


def credential_ids(connection: Connection, user_id: int) -> list[str]:
    own = select(PasskeyRow.credential_id).where(PasskeyRow.user_id == user_id).limit(PASSKEYS_MAX)
    return list(connection.execute(own).scalars())


def add(connection: Connection, user_id: int, made: Made, name: str, challenge: Challenge) -> Passkey:
    """Keep a key. Lock, held by the caller: the user's row. Raises TooManyPasskeys, WrongPasskey when it is kept
    already."""
    use_up(connection, challenge)
    own = select(func.count()).select_from(PasskeyRow).where(PasskeyRow.user_id == user_id)
    if connection.execute(own).scalar_one() >= PASSKEYS_MAX:
        raise TooManyPasskeys
    now = clock.now()
    values = {
        "user_id": user_id,
        "credential_id": made.credential_id,
        "public_key": made.public_key,
        "sign_count": made.sign_count,
        "name": name,
        "created_at": now,
        "last_used_at": None,
    }
    try:
        result = connection.execute(insert(PasskeyRow).values(**values))
    except IntegrityError as error:
        if sql_errors.is_duplicate(error):
            raise WrongPasskey from None
        raise
    assert result.inserted_primary_key
    return Passkey(result.inserted_primary_key[0], name, now, None)


def kept(connection: Connection, credential_id: str) -> Kept | None:
    columns = (PasskeyRow.id, PasskeyRow.user_id, PasskeyRow.public_key, PasskeyRow.sign_count)
    row = connection.execute(select(*columns).where(PasskeyRow.credential_id == credential_id)).first()
    return Kept(row.id, row.user_id, base64url_to_bytes(row.public_key), row.sign_count) if row else None


def use(connection: Connection, key: Kept, count: int) -> bool:
    """Note that the key was used; False when its count did not go on, so that there may be two of it. Locks the key's
    row. Raises WrongPasskey when it was removed meanwhile."""
    own = PasskeyRow.id == key.id, PasskeyRow.user_id == key.user_id
    known = connection.execute(select(PasskeyRow.sign_count).where(*own).with_for_update()).scalar_one_or_none()
    if known is None:
        raise WrongPasskey
    if (count or known) and count <= known:
        return False
    connection.execute(update(PasskeyRow).where(*own).values(sign_count=count, last_used_at=clock.now()))
    return True


def remove(connection: Connection, user_id: int, passkey_id: int) -> None:
    """Raises NotFound."""
    own = delete(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
    if connection.execute(own).rowcount == 0:
        raise NotFound


def use_up(connection: Connection, challenge: Challenge) -> None:
    """Raises WrongPasskey when an answer to it was taken before."""
    values = {"id": challenge.id, "expires_at": clock.now() + timedelta(seconds=CHALLENGE_S)}
    try:
        connection.execute(insert(UsedChallenge).values(**values))
    except IntegrityError as error:
        if sql_errors.is_duplicate(error):
            raise WrongPasskey from None
        raise


def purge(connection: Connection) -> int:
    """Drop up to PURGED_AT_ONCE used challenges that are too old to be used again; how many."""
    over = select(UsedChallenge.id).where(UsedChallenge.expires_at < clock.now()).limit(PURGED_AT_ONCE)
    ids = connection.execute(over).scalars().all()
    if ids:
        connection.execute(delete(UsedChallenge).where(UsedChallenge.id.in_(ids)))
    return len(ids)


def _handle(user_id: int) -> bytes:
    """What the device keeps of whose key it is: nothing that tells a stranger who."""
    return str(user_id).encode()
