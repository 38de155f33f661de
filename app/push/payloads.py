"""What browsers send and see of their push subscriptions, in the words of the contract."""

import base64
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from app.fields import Body
from app.push.services import ENDPOINT_CHARS_MAX

SECRET_BYTES = 16


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(text: str) -> str:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes(text))
    except ValueError:
        raise ValueError("não é uma chave P-256") from None
    return text.rstrip("=")


def _secret(text: str) -> str:
    if len(_bytes(text)) != SECRET_BYTES:
        raise ValueError(f"deve ter {SECRET_BYTES} bytes")
    return text.rstrip("=")


class BrowserKeys(Body):
    """As `PushSubscription.toJSON()` of a browser gives them, base64url."""

    p256dh: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{87}=?$"), AfterValidator(_point)]
    auth: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}(==)?$"), AfterValidator(_secret)]


class NewSubscription(Body):
    endpoint: Annotated[
        str, Field(min_length=1, max_length=ENDPOINT_CHARS_MAX, description="Só de serviços de push conhecidos.")
    ]
    keys: BrowserKeys


class KeyOut(TypedDict):
    disponivel: bool
    chave: str | None


class SubscriptionOut(TypedDict):
    id: int
