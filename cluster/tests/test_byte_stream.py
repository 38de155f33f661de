"""However the network cuts a client's bytes, the same messages come out, in order."""

import _socket
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flask_socketio_cluster.transport.websocket import WebSocket
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Ping, TextMessage

MESSAGE_BYTES_MAX = 4096
# With a ping in between each, still below what a client may send without a message.
FRAGMENTS = 4
MESSAGES = 4

TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
BYTES = st.binary(max_size=300)


@dataclass(frozen=True)
class Sent:
    """A message, the parts that it is sent in, and whether pings come between them."""

    parts: list[Any]
    pings: bool

    @property
    def whole(self) -> str | bytes:
        return "".join(self.parts) if isinstance(self.parts[0], str) else b"".join(self.parts)

    def encoded(self, protocol: Connection) -> bytes:
        encoded = b""
        for number, part in enumerate(self.parts):
            last = number == len(self.parts) - 1
            event = (
                TextMessage(part, message_finished=last)
                if isinstance(part, str)
                else BytesMessage(part, message_finished=last)
            )
            encoded += protocol.send(event)
            if self.pings:
                encoded += protocol.send(Ping(b"x"))
        return encoded


def sent(parts: st.SearchStrategy[str] | st.SearchStrategy[bytes]) -> st.SearchStrategy[Sent]:
    return st.builds(Sent, st.lists(parts, min_size=1, max_size=FRAGMENTS), st.booleans())


def heard(chunks: list[bytes]) -> list[str | bytes]:
    """What a node hears that gets these chunks one after the other."""
    node_end, peer_end = _socket.socketpair()
    node_end.setblocking(False)
    messages: list[str | bytes] = []
    ends: list[bool] = []
    node = WebSocket(
        node_end, messages.append, lambda: ends.append(True), message_bytes_max=MESSAGE_BYTES_MAX, binary=True
    )
    for chunk in chunks:
        node._receive(chunk)
    node.abort()
    peer_end.close()
    assert ends == []
    return messages


@given(st.lists(st.one_of(sent(TEXT), sent(BYTES)), max_size=MESSAGES), st.data())
def test_the_same_messages_come_out_wherever_the_stream_is_cut(messages: list[Sent], data: st.DataObject) -> None:
    protocol = Connection(ConnectionType.CLIENT)
    stream = b"".join(message.encoded(protocol) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    bounds = [0, *cuts, len(stream)]

    chunks = [stream[start:end] for start, end in pairwise(bounds)]

    assert heard(chunks) == [message.whole for message in messages]
