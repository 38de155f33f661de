"""One push: encrypted for the browser (RFC 8291), signed for its push service (RFC 8292), sent in a bounded time."""

import base64
import json
from dataclasses import dataclass
from enum import Enum, auto

import gevent
import http_ece
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from app import metrics
from app.push.actions import Subscription
from app.push.message import Message
from app.push.services import PushServices
from app.push.vapid import Vapid

CONNECT_S = 3.0
ANSWER_S = 5.0
ENCODING = "aes128gcm"
# For all of it: a service may send its answer a byte at a time.
SEND_S = 8.0
# How long a push service keeps it for a device that is away.
KEPT_S = 24 * 3600


class Outcome(Enum):
    SENT = auto()
    # There is no such subscription any more.
    GONE = auto()
    # This message will never be taken; others may.
    REFUSED = auto()
    LATER = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after_s`: what the service asked for. `is_away`: it could not be reached, or did not answer."""

    outcome: Outcome
    retry_after_s: int | None = None
    is_away: bool = False


class PushSender:
    def __init__(self, vapid: Vapid, services: PushServices) -> None:
        self._vapid = vapid
        self._services = services

    def send(self, subscription: Subscription, message: Message) -> Answer:
        """Raises nothing that a push service can bring about."""
        answer = self._send(subscription, message)
        metrics.PUSHES.labels(answer.outcome.name.lower()).inc()
        return answer

    def _send(self, subscription: Subscription, message: Message) -> Answer:
        endpoint = subscription.endpoint
        if not self._services.takes(endpoint):  # the settings name fewer services than when it was kept
            return Answer(Outcome.GONE)
        headers = {
            **self._vapid.headers(endpoint),
            "Content-Encoding": ENCODING,
            "TTL": str(KEPT_S),
            # Of the same topic the service keeps the newest only, so one that is sent twice is shown once.
            "Topic": message.tag[-32:],
            "Urgency": "high" if message.is_urgent else "normal",
        }
        try:
            with gevent.Timeout(SEND_S):
                return self._post(endpoint, encrypted(subscription, message), headers)
        except (requests.RequestException, gevent.Timeout):
            return Answer(Outcome.LATER, is_away=True)

    def _post(self, endpoint: str, body: bytes, headers: dict[str, str]) -> Answer:
        with requests.Session() as session:
            session.trust_env = False
            # The answer's body is never read, and a redirection could lead anywhere.
            with session.post(
                endpoint,
                data=body,
                headers=headers,
                timeout=(CONNECT_S, ANSWER_S),
                stream=True,
                allow_redirects=False,
            ) as answer:
                return Answer(_outcome(answer.status_code), _seconds(answer.headers.get("Retry-After", "")))


def encrypted(subscription: Subscription, message: Message) -> bytes:
    """With a key that is for this push alone."""
    body: bytes = http_ece.encrypt(
        json.dumps(message.payload(), ensure_ascii=False).encode(),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_decoded(subscription.public_key),
        auth_secret=_decoded(subscription.auth_secret),
        version=ENCODING,
    )
    return body


def _decoded(base64url: str) -> bytes:
    text = base64url.rstrip("=")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.SENT
    if status in (404, 410):
        return Outcome.GONE
    return Outcome.REFUSED if status == 413 else Outcome.LATER


def _seconds(retry_after: str) -> int | None:
    return int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10 else None
