"""Socket.IO packets (protocol v5) that this package writes itself, as text."""

import json
from typing import NoReturn

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def dumps(payload: object) -> str:
    """Compact JSON without NaN, which would break the other side's JSON.parse. Never holds a raw newline."""
    return _ENCODER.encode(payload)


def event_packet(name: str, payload_json: str, namespace: str = "/") -> str:
    """The packet of one event whose payload is JSON already."""
    where = "" if namespace == "/" else f"{namespace},"
    return f"2{where}[{dumps(name)},{payload_json}]"


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("a browser cannot read NaN or Infinity")


# Takes only what a browser can read.
DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
