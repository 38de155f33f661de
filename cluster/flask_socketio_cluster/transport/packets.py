"""What a client may send: Socket.IO packets (protocol v5), read strictly. Text only."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from flask_socketio_cluster.transport.session import Malformed

CONNECT, DISCONNECT, EVENT, ACK = 0, 1, 2, 3
# Names of the server's own; `disconnect` would run its handler.
RESERVED_EVENTS = frozenset({"connect", "disconnect", "connect_error", "*"})
DEPTH_MAX = 8
# Values of one packet, those inside of others included.
VALUES_MAX = 500

# Kind, namespace, acknowledgement id; what follows is JSON. Binary packets (5, 6) and errors (4) no client sends.
_START = re.compile(r"([0-3])(?:(/[^,?]{1,64})(?:\?[^,]{0,200})?(?:,|$))?([0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class ClientPacket:
    kind: int
    namespace: str
    id: int | None
    data: Any


def read(text: str) -> ClientPacket:
    """Raises Malformed."""
    start = _START.match(text)
    if start is None:
        raise Malformed
    rest = text[start.end() :]
    packet = ClientPacket(
        kind=int(start[1]),
        namespace=start[2] or "/",
        id=int(start[3]) if start[3] else None,
        data=_load(rest) if rest else None,
    )
    if not _is_sound(packet):
        raise Malformed
    return packet


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
