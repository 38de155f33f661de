"""A real client through the proxy in front: whether sessions stay on their node, and whether an event gets back.

Speaks Engine.IO over polling, as a browser does whose network allows no WebSocket, and asks for one WebSocket.
"""

import base64
import http.client
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_socketio_cluster import clock
from flask_socketio_cluster.bus import RoutedRedisManager
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.doctor.findings import Finding, fault, ok, warning
from flask_socketio_cluster.errors import BusUnavailable

SESSIONS = 12
REQUESTS_OF_EACH = 3
TIMEOUT_S = 5.0
EVENT = "doctor"
EVENT_WAIT_S = 5.0
_SEPARATOR = "\x1e"
_PONG, _CLOSE = "3", "1"


class ProbeFailed(Exception):
    """What came is not what an Engine.IO server behind a good proxy says."""


@dataclass
class Session:
    """One Engine.IO session, connected to the namespace; `sid` is its Socket.IO id."""

    front: "Front"
    eio_sid: str
    sid: str

    @property
    def node(self) -> str:
        return self.eio_sid.rpartition(".")[0] or "?"

    def poll(self) -> list[str]:
        """What waits for the client, or the next that comes. Raises ProbeFailed."""
        return self.front.request("GET", self.eio_sid).split(_SEPARATOR)

    def leave(self) -> None:
        self.front.request("POST", self.eio_sid, _CLOSE)


class Front:
    """`url`: of the proxy in front of all nodes."""

    def __init__(self, url: str, path: str = "/socket.io/") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ProbeFailed(f"{url!r} is not an address such as https://bank.example")
        self._parts = parts
        self._path = path

    def open(self) -> Session:
        """A new session. Raises ProbeFailed."""
        first = self.request("GET", None)
        try:
            eio_sid = str(json.loads(first[1:])["sid"])
        except (ValueError, KeyError, TypeError):
            raise ProbeFailed(f"a handshake was answered by {first[:80]!r}") from None
        self.request("POST", eio_sid, "40")
        for packet in self.request("GET", eio_sid).split(_SEPARATOR):
            if packet.startswith("40{"):
                return Session(self, eio_sid, str(json.loads(packet[2:])["sid"]))
        raise ProbeFailed("the namespace was not opened")

    def request(self, method: str, eio_sid: str | None, body: str | None = None) -> str:
        """One request on a connection of its own. Raises ProbeFailed unless it is answered by 200."""
        connection = self._connection()
        query = "?EIO=4&transport=polling" + (f"&sid={eio_sid}" if eio_sid else "")
        try:
            connection.request(method, self._path + query, body, {"Content-Type": "text/plain"} if body else {})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise ProbeFailed(f"{method} was not answered: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise ProbeFailed(f"{method} was answered by {answer.status}: {text[:120]}")
        return text

    def upgrades(self) -> int:
        """The status with which a WebSocket is answered; 101 is a yes. Raises ProbeFailed."""
        connection = self._connection()
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        }
        try:
            connection.request("GET", self._path + "?EIO=4&transport=websocket", headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise ProbeFailed(f"a WebSocket was not answered: {error}") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        assert self._parts.hostname is not None
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return kind(self._parts.hostname, self._parts.port, timeout=TIMEOUT_S)


def check(url: str, redis_url: str, keys: Keys | None) -> Iterator[Finding]:
    """SESSIONS sessions through `url`; then an event to one on each node by way of Redis, signed with `keys`."""
    try:
        front = Front(url)
        yield from _websocket(front)
        sessions = [front.open() for _ in range(SESSIONS)]
    except ProbeFailed as failure:
        yield fault("front", str(failure), "see that the proxy and a node run, and what the proxy passes on")
        return
    yield from _sticky(sessions)
    bus = RoutedRedisManager(redis_url, write_only=True, keys=keys)
    for node, session in sorted({session.node: session for session in sessions}.items()):
        yield _event(bus, node, session)
    for session in sessions:
        with suppress(ProbeFailed):  # it is gone already
            session.leave()


def _websocket(front: Front) -> Iterator[Finding]:
    status = front.upgrades()
    if status == 101:
        yield ok("front websocket", "a WebSocket is opened")
    else:
        yield fault(
            "front websocket",
            f"a WebSocket is answered by {status}; clients fall back to polling",
            "the proxy must pass on Upgrade, Connection and Host",
        )


def _sticky(sessions: list[Session]) -> Iterator[Finding]:
    subject = "sticky sessions"
    lost = Counter(session.node for session in sessions if not _is_served(session))
    counts = Counter(session.node for session in sessions)
    spread = ", ".join(f"{node} {count}" for node, count in sorted(counts.items()))
    if lost:
        yield fault(
            subject,
            f"{lost.total()} of {len(sessions)} sessions were not known any more at their next request ({spread})",
            "the proxy must send a session to the node that its id begins with",
        )
    elif len(counts) == 1:
        yield warning(subject, f"all {len(sessions)} sessions came to one node ({spread})", "is this the only node?")
    else:
        yield ok(subject, f"each of {len(sessions)} stays on its node: {spread}")


def _is_served(session: Session) -> bool:
    try:
        for _ in range(REQUESTS_OF_EACH):
            session.front.request("POST", session.eio_sid, _PONG)
    except ProbeFailed:
        return False
    return True


def _event(bus: RoutedRedisManager, node: str, session: Session) -> Finding:
    """From here, through Redis and the session's node, to the session."""
    subject = f"event over {node}"
    mark, begun_s = secrets.token_hex(8), clock.monotonic_s()
    try:
        bus.emit(EVENT, mark, room=session.sid)
    except BusUnavailable as error:
        return fault(subject, f"Redis did not take it: {error.__cause__}", "see what the checks of Redis say")
    if _hears(session, mark, until_s=begun_s + EVENT_WAIT_S):
        return ok(subject, f"there in {(clock.monotonic_s() - begun_s) * 1000:.0f} ms")
    return fault(
        subject,
        f"it did not arrive within {EVENT_WAIT_S:g} s",
        "see that the node and this command have the same REDIS_URL and BUS_KEYS, and the node's canary in /readyz",
    )


def _hears(session: Session, mark: str, *, until_s: float) -> bool:
    try:
        while clock.monotonic_s() < until_s:
            if any(mark in packet for packet in session.poll()):
                return True
            session.front.request("POST", session.eio_sid, _PONG)
    except ProbeFailed:
        return False
    return False
