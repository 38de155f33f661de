"""What stock emitters publish: `json.dumps` of python-socketio's dict, in its order. What an event carries is cut out
as text. Quotes inside of strings are escaped, so nothing that is emitted is taken for the message's own names."""

from dataclasses import dataclass
from typing import Any

from flask_socketio_cluster.wire import DECODER

_EMIT = b'{"method": "emit", "event": '
_ARGUMENTS = b', "data": ['
_NO_BYTES = b'], "binary": false, "namespace": '
_ROOM = b'"room": '
_NO_CALLBACK = b'"callback": null, "host_id": "'


@dataclass(frozen=True, slots=True)
class Emit:
    """`payload`: the event's name and arguments, a JSON array if it is what it should be, as they came."""

    host_id: str
    namespace: str
    room: Any
    skip_sid: Any
    payload: str


def room_of(message: bytes) -> str | None:
    """The one room that an emit is for; None for what is for several or all, for a room that is written with escapes,
    and for what is no emit in this order. Only `skip_sid`, `callback` and `host_id` follow the room, so the last mark
    is its own."""
    start = message.rfind(_ROOM) + len(_ROOM)
    if start < len(_ROOM) or message[start : start + 1] != b'"' or not message.startswith(_EMIT):
        return None
    room = message[start + 1 : message.find(b'"', start + 1)]
    return None if b"\\" in room else room.decode()


def emit_of(message: bytes) -> Emit | None:
    """None for what has bytes or waits for an answer, and for what is no emit in this order."""
    start, end = message.find(_ARGUMENTS), message.rfind(_NO_BYTES)
    event, rest = message[len(_EMIT) : start], message[end + len(_NO_BYTES) :]
    if not (message.startswith(_EMIT) and 0 < start < end and _NO_CALLBACK in rest) or b"\\" in event:
        return None
    said = DECODER.decode(f'{{"namespace": {rest.decode()}')
    arguments = message[start + len(_ARGUMENTS) : end].decode()
    payload = f"[{event.decode()},{arguments}]" if arguments else f"[{event.decode()}]"
    return Emit(said["host_id"], said["namespace"] or "/", said["room"], said["skip_sid"], payload)
