"""What clients and server say to each other: names of events and shapes of payloads, English unless an application
says them in its own way."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask_socketio_cluster.delivery.identity import Identity
from flask_socketio_cluster.errors import RateExceeded, Refused
from flask_socketio_cluster.streams.stream import Head

# Why the server ends a socket.
LOGOUT, REVOKED, EXPIRED, UNAUTHENTICATED = "logout", "revoked", "expired", "unauthenticated"
TOO_FAST, TOO_MANY_SOCKETS = "too_fast", "too_many_sockets"

# An event's name and its payload.
Said = tuple[str, Any]


class BadRequest(Refused):
    code = "invalid"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is missing or not what it must be")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client says that it is in its stream: the last seq that it has, of the epoch in which it got it."""

    after: int | None = None
    epoch: int | None = None


def read_number(data: dict[str, Any], field: str) -> int | None:
    """A whole number from 0 to 2^53 - 1, or None where there is none. Raises BadRequest."""
    value = data.get(field)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**53:
        raise BadRequest(field)
    return value


def milliseconds(seconds: float) -> int:
    """Not too few."""
    return ceil(1000 * seconds)


def _read_place(data: dict[str, Any]) -> Place:
    return Place(read_number(data, "after"), read_number(data, "epoch"))


def _read_after(data: dict[str, Any]) -> int:
    after = read_number(data, "after")
    if after is None:
        raise BadRequest("after")
    return after


def _greeting(node_id: str) -> Said:
    return "hello", {"node": node_id}


def _authenticated(identity: Identity, head: Head, recovered: bool) -> Said:
    return "authenticated", {"key": identity.key, "seq": head.seq, "epoch": head.epoch, "recovered": recovered}


def _refused(error: Exception, event: str) -> Said:
    if isinstance(error, RateExceeded):
        again_ms = milliseconds(error.retry_after_s)
        return "error", {"code": error.code, "message": str(error), "event": event, "retry_in_ms": again_ms}
    if isinstance(error, Refused):
        return "error", {"code": error.code, "message": str(error), "event": event}
    return "error", {"code": "internal_error", "message": "something went wrong; try again", "event": event}


def _come_again(error: Exception, event: str, after_ms: int) -> Said:
    name, payload = _refused(error, event)
    return name, {**payload, "retry_in_ms": after_ms}


def _ended(reason: str) -> Said:
    return "session_ended", {"reason": reason}


def _draining(reconnect_ms: int) -> Said:
    return "draining", {"reconnect_in_ms": reconnect_ms}


@dataclass(frozen=True, kw_only=True)
class Messages:
    """`authenticate` takes `{token, after?, epoch?}`, in the event or in the handshake's `auth`; `synchronize` takes
    `{after}`. Any event of a client may carry its own `token`. `confirm` goes to clients, which acknowledge it with the
    seq of the last event that they have (see `Confirmations`); one that does not counts as having none.

    `read_place(payload)` and `read_after(payload)` raise what `Delivery` was given as refusals.
    `authenticated(identity, head, recovered)` answers `authenticate`; `recovered`: what follows is everything after
    the client's place. `refused(error, event)` tells a client why its event was refused; `event` is "" for what was no
    event. `come_again(error, event, milliseconds)`: so was its authentication, for want of the database; its connection
    ends, and it may come anew after so long. `ended(reason)` comes before the server drops a socket: one of LOGOUT,
    REVOKED, EXPIRED, UNAUTHENTICATED, TOO_FAST (it went on although it was refused), TOO_MANY_SOCKETS (its user has
    newer ones).
    `draining(milliseconds)`: the node goes; come back then.
    """

    authenticate: str = "authenticate"
    synchronize: str = "synchronize"
    confirm: str = "confirm"
    read_place: Callable[[dict[str, Any]], Place] = _read_place
    read_after: Callable[[dict[str, Any]], int] = _read_after
    greeting: Callable[[str], Said] = _greeting
    authenticated: Callable[[Any, Head, bool], Said] = _authenticated
    refused: Callable[[Exception, str], Said] = _refused
    come_again: Callable[[Exception, str, int], Said] = _come_again
    ended: Callable[[str], Said] = _ended
    draining: Callable[[int], Said] = _draining
