"""What a client may send: Socket.IO packets (protocol v5), read strictly. Text only."""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from app.realtime.engine import Malformed

CONNECT, DISCONNECT, EVENT, ACK = 0, 1, 2, 3
# Names of the server's own; `disconnect` would run its handler.
RESERVED_EVENTS = frozenset({"connect", "disconnect", "connect_error", "*"})
DEPTH_MAX = 8

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
    """JSON without NaN, lone surrogates, or more than DEPTH_MAX levels, which would break whom it is passed on to."""
    try:
        data = _DECODER.decode(text)
        if "\\ud" in text.lower():
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Malformed from None
    if _is_deep(data, DEPTH_MAX):
        raise Malformed
    return data


def _is_deep(data: Any, levels: int) -> bool:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else None
    if inner is None:
        return False
    return levels == 0 or any(_is_deep(value, levels - 1) for value in inner)


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
