"""The way between the parts and Redis, which can lose single pub/sub messages, all of a subscription, or answers, or
bring all of them late."""

import asyncio
import re
import time
from contextlib import suppress

from tests.cluster.chaos.network import CHUNK_BYTES, Link, Network
from tests.support.ports import LOOPBACK

_MESSAGE = re.compile(rb"\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n([^\r]+)\r\n\$\d+\r\n(?:~[0-9a-f]{40})?(\d*)")
_SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n"
# Behind the channel's name: the message's length, its signature and its seq.
_PUBLISHED = rb"\r\n\$\d+\r\n(?:~[0-9a-f]{40})?(\d+)\n"
COMMAND_HEAD_BYTES = 200
LATE_FRAMES_MAX = 10_000

# When each is due, by `time.monotonic`, and what is.
Late = asyncio.Queue[tuple[float, bytes]]


class RedisLink(Link):
    def __init__(self, network: Network, target_port: int) -> None:
        self._swallow: tuple[bytes, int] | None = None
        self._swallowed = 0
        self._subscriptions: dict[asyncio.StreamWriter, bool] = {}
        self._unanswered: re.Pattern[bytes] | None = None
        self._unanswered_seq = 0
        # Connections to Redis whose answers nobody gets.
        self._mute: set[asyncio.StreamWriter] = set()
        self._lag_s = 0.0
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

    def hold_next_answer(self, channel: str) -> None:
        """Whoever next publishes on `channel` is not told that Redis did it, nor anything else."""
        self._unanswered_seq = 0
        self._unanswered = re.compile(re.escape(channel.encode()) + _PUBLISHED)

    def unanswered(self) -> int:
        """The seq of what was published so; 0 before it was."""
        return self._unanswered_seq

    def slow(self, lag_s: float) -> None:
        """From now on every answer and every message is so late. Questions and connections are not."""
        self._lag_s = lag_s

    def heal(self) -> None:
        """Nothing is late any more."""
        self._lag_s = 0.0

    async def _carry_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = b""
        try:
            while data := await reader.read(CHUNK_BYTES):
                sent = sent[-COMMAND_HEAD_BYTES:] + data  # the network may cut anywhere
                found = self._unanswered.search(sent) if self._unanswered else None
                if found and found.end() > len(sent) - len(data):
                    self._unanswered, self._unanswered_seq = None, int(found[1])
                    self._mute.add(writer)
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            self._mute.discard(writer)

    async def _carry_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = b""
        late: Late = asyncio.Queue(LATE_FRAMES_MAX)
        bringing = asyncio.create_task(_bring(late, writer))
        try:
            while data := await reader.read(CHUNK_BYTES):
                buffer += data
                while buffer and (end := frame_end(buffer, 0)) is not None:
                    frame, buffer = buffer[:end], buffer[end:]
                    if self._passes(writer, frame):
                        await late.put((time.monotonic() + self._lag_s, frame))
        except OSError:
            return
        finally:
            bringing.cancel()
            self._subscriptions.pop(writer, None)

    def _passes(self, writer: asyncio.StreamWriter, frame: bytes) -> bool:
        if frame.startswith(_SUBSCRIBED):
            self._subscriptions.setdefault(writer, False)
        if self._subscriptions.get(writer) or any(near is writer and far in self._mute for near, far in self._open):
            return False
        if self._swallow is None or (message := _MESSAGE.match(frame)) is None:
            return True
        if (message[1], message[2]) != (self._swallow[0], str(self._swallow[1]).encode()):
            return True
        self._swallowed += 1
        return False


async def _bring(late: Late, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while True:
            due_at, frame = await late.get()
            await asyncio.sleep(due_at - time.monotonic())
            writer.write(frame)
            await writer.drain()


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
