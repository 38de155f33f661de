"""The way between the parts and Redis, which can lose single pub/sub messages, or all of a subscription."""

import asyncio
import re

from tests.cluster.chaos.network import CHUNK_BYTES, Link, Network
from tests.support.ports import LOOPBACK

_MESSAGE = re.compile(rb"\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n([^\r]+)\r\n\$\d+\r\n(?:~[0-9a-f]{40})?(\d*)")
_SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n"


class RedisLink(Link):
    def __init__(self, network: Network, target_port: int) -> None:
        self._swallow: tuple[bytes, int] | None = None
        self._swallowed = 0
        self._subscriptions: dict[asyncio.StreamWriter, bool] = {}
        super().__init__(network, target_port)

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def swallow(self, channel: str, seq: int) -> None:
        """From now on lose the message about event `seq` on `channel`, on its way to any subscriber."""
        self._swallowed = 0
        self._swallow = (channel.encode(), seq)

    def swallowed(self) -> int:
        """How many deliveries were lost since `swallow`."""
        return self._swallowed

    def deafen(self) -> int:
        """Every subscription that is open now stays open and brings nothing more; how many."""

        def mark() -> int:
            for writer in self._subscriptions:
                self._subscriptions[writer] = True
            return len(self._subscriptions)

        return self._network.call(mark)

    async def _carry_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = b""
        try:
            while data := await reader.read(CHUNK_BYTES):
                buffer += data
                while buffer and (end := frame_end(buffer, 0)) is not None:
                    frame, buffer = buffer[:end], buffer[end:]
                    if self._passes(writer, frame):
                        writer.write(frame)
                await writer.drain()
        except OSError:
            return
        finally:
            self._subscriptions.pop(writer, None)

    def _passes(self, writer: asyncio.StreamWriter, frame: bytes) -> bool:
        if frame.startswith(_SUBSCRIBED):
            self._subscriptions.setdefault(writer, False)
        if self._subscriptions.get(writer):
            return False
        if self._swallow is None or (message := _MESSAGE.match(frame)) is None:
            return True
        if (message[1], message[2]) != (self._swallow[0], str(self._swallow[1]).encode()):
            return True
        self._swallowed += 1
        return False


def frame_end(buffer: bytes, start: int) -> int | None:
    """Where the RESP2 value that begins at `start` ends; None while it is not all there."""
    line_end = buffer.find(b"\r\n", start)
    if line_end < 0:
        return None
    kind, rest = buffer[start : start + 1], buffer[start + 1 : line_end]
    end = line_end + 2
    if kind == b"$" and int(rest) >= 0:
        end += int(rest) + 2
        return end if end <= len(buffer) else None
    if kind == b"*":
        for _ in range(int(rest)):
            item_end = frame_end(buffer, end)
            if item_end is None:
                return None
            end = item_end
    else:
        assert kind in b"$+-:", f"not RESP2: {buffer[start : start + 40]!r}"
    return end
