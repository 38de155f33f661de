"""The thread that carries every byte between a client and nginx, and between the parts and Redis.

A link can be slow, stalled, cut, or swallow what it should carry; the process behind it knows nothing of that.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self, TypeVar

from tests.support.ports import LOOPBACK, free_port

CHUNK_BYTES = 16_384
CALL_TIMEOUT_S = 10.0

T = TypeVar("T")


class Network:
    """A context manager; all links end with it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CALL_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` on the network's thread, and return what it returns."""

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(CALL_TIMEOUT_S)

    def serve(self, link: "Link") -> None:
        """Start to accept connections for `link`."""
        starting = asyncio.start_server(link.accept, LOOPBACK, link.port)
        self._servers.append(asyncio.run_coroutine_threadsafe(starting, self._loop).result(CALL_TIMEOUT_S))

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Link(ABC):
    """A port of its own whose connections are carried on to `target_port`."""

    def __init__(self, network: Network, target_port: int, target_host: str = LOOPBACK) -> None:
        self.port = free_port()
        self._network = network
        self._target_host = target_host
        self._target_port = target_port
        self._open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        network.serve(self)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it. A target that refuses ends it at once."""
        try:
            far_reader, far_writer = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._open.add(pair)
        ways = [
            asyncio.create_task(self._carry_out(reader, far_writer)),
            asyncio.create_task(self._carry_in(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            if pair in self._open:
                self._open.discard(pair)
                for side in pair:
                    side.close()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises OSError when nobody listens, or when the link lets nobody through."""
        return await asyncio.open_connection(self._target_host, self._target_port)

    async def _carry_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the one who dialled to the target."""
        await _copy(reader, writer)

    @abstractmethod
    async def _carry_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the target to the one who dialled."""

    def _abort_all(self) -> None:
        pairs, self._open = self._open, set()
        for pair in pairs:
            _abort(pair)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        return


def _abort(pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
    for writer in pair:
        writer.transport.abort()


class ClientLink(Link):
    """Between one person's devices and nginx."""

    def __init__(self, network: Network, target_port: int, target_host: str = LOOPBACK) -> None:
        self._lag_s = 0.0
        self._bytes_per_s = 0.0
        self._cut = False
        self._moving = asyncio.Event()
        self._moving.set()
        self._lost: set[asyncio.StreamWriter] = set()
        super().__init__(network, target_port, target_host)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def slow(self, *, lag_s: float, bytes_per_s: float) -> None:
        """Every piece of at most CHUNK_BYTES waits `lag_s`, and then for its bytes."""
        self._lag_s, self._bytes_per_s = lag_s, bytes_per_s

    def stall(self) -> None:
        """Nothing moves and nothing is lost, until `heal`."""
        self._network.call(self._moving.clear)

    def cut(self) -> None:
        """Both sides see their connections end, what was under way is lost, and new ones end at once."""
        self._cut = True
        self._network.call(self._abort_all)

    def vanish(self) -> None:
        """As `cut`, but nginx sees nothing of it: its connections stay open and nobody reads."""
        self._cut = True
        self._network.call(self._leave_all)

    def heal(self) -> None:
        self._cut = False
        self._lag_s = self._bytes_per_s = 0.0
        self._network.call(self._moving.set)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._cut:
            raise ConnectionError("the link is cut")
        return await super()._dial()

    async def _carry_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._carry(reader, writer)

    async def _carry_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._carry(reader, writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                await self._moving.wait()
                if self._lag_s:
                    await asyncio.sleep(self._lag_s + len(data) / self._bytes_per_s)
                writer.write(data)
                await writer.drain()
        except OSError:
            return

    def _leave_all(self) -> None:
        pairs, self._open = self._open, set()
        for near, far in pairs:
            near.transport.abort()
            self._lost.add(far)  # kept, so that it stays open
