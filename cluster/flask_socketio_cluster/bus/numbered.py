"""An event of a stream as the bus carries it: lines of text, the seq and then Socket.IO packets, whose JSON has no raw
newline.

The last line says where the event is from. It is written as a packet of a namespace that nobody is in, which clients
pass over: nodes of before it was added take it for one more packet.
"""

from dataclasses import dataclass

from flask_socketio_cluster.trace import Origin

_ORIGIN = '2/~,["origin",'


@dataclass(frozen=True, slots=True)
class Numbered:
    """Socket.IO packets for one room, in order, under the number `seq` of the room's stream."""

    namespace: str
    room: str
    seq: int
    packets: tuple[str, ...]
    origin: Origin | None = None

    def body(self) -> bytes:
        lines = [str(self.seq), *self.packets]
        if self.origin is not None:
            lines.append(f'{_ORIGIN}{self.origin.at_s:.6f},"{self.origin.trace or ""}"]')
        return "\n".join(lines).encode()


def read_body(body: bytes) -> tuple[int, list[str], Origin | None]:
    """The seq, the packets, and where the event is from. Raises ValueError."""
    seq, first, *more = body.decode().split("\n")
    packets = [first, *more]
    if not packets[-1].startswith(_ORIGIN):
        return int(seq), packets, None
    at_s, _, trace = packets.pop()[len(_ORIGIN) : -2].partition(',"')
    return int(seq), packets, Origin(float(at_s), trace or None)
