"""What a client may send: Socket.IO packets (protocol v5), read strictly. Those with attachments of bytes only where a
server takes them."""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from flask_socketio_cluster.transport.session import Malformed

CONNECT, DISCONNECT, EVENT, ACK = 0, 1, 2, 3
CONNECT_ERROR = 4
# An event or an acknowledgement with attachments: messages of bytes that follow.
BINARY_EVENT, BINARY_ACK = 5, 6
ATTACHMENTS_MAX = 16
_PLAIN_KINDS = {BINARY_EVENT: EVENT, BINARY_ACK: ACK}
# Names of the server's own; `disconnect` would run its handler.
RESERVED_EVENTS = frozenset({"connect", "disconnect", "connect_error", "*"})
DEPTH_MAX = 8
# Values of one packet, those inside of others included.
VALUES_MAX = 500

# Kind, number of attachments, namespace, acknowledgement id; what follows is JSON. Errors (4) no client sends.
_START = re.compile(r"(?:([0-3])|([56])([0-9]{1,2})-)(?:(/[^,?]{1,64})(?:\?[^,]{0,200})?(?:,|$))?([0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class ClientPacket:
    """`attachments`: how many messages of bytes belong to it and are still to come."""

    kind: int
    namespace: str
    id: int | None
    data: Any
    attachments: int = 0


@dataclass(slots=True)
class Awaiting:
    """A packet whose attachments are still coming."""

    packet: ClientPacket
    size_bytes: int
    attachments: list[bytes] = field(default_factory=list)


def read(text: str) -> ClientPacket:
    """Raises Malformed. A packet with attachments is of the kind EVENT or ACK."""
    start = _START.match(text)
    if start is None:
        raise Malformed
    rest = text[start.end() :]
    packet = ClientPacket(
        kind=int(start[1]) if start[1] else _PLAIN_KINDS[int(start[2])],
        namespace=start[4] or "/",
        id=int(start[5]) if start[5] else None,
        data=_load(rest) if rest else None,
        attachments=int(start[3] or 0),
    )
    if not _is_sound(packet) or packet.attachments > ATTACHMENTS_MAX:
        raise Malformed
    return packet


def with_attachments(packet: ClientPacket, attachments: list[bytes]) -> ClientPacket:
    """The packet with the bytes in their places. Raises Malformed."""
    data = _filled(packet.data, attachments)
    return ClientPacket(packet.kind, packet.namespace, packet.id, data)


def _filled(data: Any, attachments: list[bytes]) -> Any:
    if isinstance(data, list):
        return [_filled(value, attachments) for value in data]
    if not isinstance(data, dict):
        return data
    if data.get("_placeholder") is not True:
        return {name: _filled(value, attachments) for name, value in data.items()}
    number = data.get("num")
    if type(number) is not int or not 0 <= number < len(attachments):
        raise Malformed
    return attachments[number]


def _is_sound(packet: ClientPacket) -> bool:
    data = packet.data
    if packet.kind == CONNECT:
        return packet.id is None and (data is None or isinstance(data, dict))
    if packet.kind == DISCONNECT:
        return packet.id is None and data is None
    if not isinstance(data, list):
        return False
    if packet.kind == ACK:
        return packet.id is not None
    return bool(data) and isinstance(data[0], str) and data[0] not in RESERVED_EVENTS


def _load(text: str) -> Any:
    """JSON without NaN, infinity, lone surrogates, or more than DEPTH_MAX levels or VALUES_MAX values: it would break
    whom it is passed on to, or cost the others' time."""
    outline = _STRING.sub("", text)
    if outline.count(",") + outline.count("[") + outline.count("{") > VALUES_MAX or _depth(outline) > DEPTH_MAX:
        raise Malformed
    try:
        data = _DECODER.decode(text)
        if "\\ud" in text.lower():
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Malformed from None
    return data


def _depth(outline: str) -> int:
    """How many brackets are open at once at the most."""
    level = deepest = 0
    for bracket in _BRACKET.findall(outline):
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large a number")
    return number


_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_BRACKET = re.compile(r"[\[\]{}]")
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
