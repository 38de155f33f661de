"""Socket.IO packets (protocol v5) that this package writes itself, as text."""

import json
from typing import NoReturn

# Events of these names make the official client disconnect: they are its own.
RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def dumps(payload: object) -> str:
    """Compact JSON without NaN, which would break the other side's JSON.parse. Never holds a raw newline."""
    return _ENCODER.encode(payload)


def event_packet(name: str, payload_json: str, namespace: str = "/") -> str:
    """The packet of one event whose payload is JSON already."""
    where = "" if namespace == "/" else f"{namespace},"
    return f"2{where}[{dumps(name)},{payload_json}]"


def require_event_name(name: object) -> None:
    """Raises ValueError for what the official client takes for no event."""
    if not isinstance(name, str) or name in RESERVED_EVENTS:
        raise ValueError(f"{name!r:.100} is no name of an event")


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("a browser cannot read NaN or Infinity")


# Takes only what a browser can read.
DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
