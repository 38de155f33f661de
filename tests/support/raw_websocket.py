"""A WebSocket as bytes on a socket, for thousands of clients and for what no library sends."""

from websocket import ABNF

HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def text_frame(text: str) -> bytes:
    """As a client sends it."""
    return ABNF.create_frame(text, ABNF.OPCODE_TEXT).format()
