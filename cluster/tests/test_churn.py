"""Thousands of connections come and go, most without a word, and leave nothing behind."""

import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from installed import Program

from tests.support.people import eventually
from tests.support.raw_websocket import HANDSHAKE, text_frame
from tests.support.servers import RedisServer

CONNECTIONS = 16_000
# After so many the memory of a node has the size that it keeps.
WARM_UP = 8_000
THREADS = 8
WAIT_S = 20.0
PING_S = 1
# What malloc keeps in pieces. A session is some kilobytes: keeping one in ten would be more than this.
GROWTH_KIB_MAX = 5_000

POLL = "GET /socket.io/?EIO=4&transport=polling{sid} HTTP/1.1\r\nHost: x\r\n\r\n"
POST = "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n{body}"


class Node:
    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid
        self.address = (str(urlsplit(url).hostname), int(urlsplit(url).port or 0))

    def kept(self) -> dict[str, int]:
        found: dict[str, int] = requests.get(f"{self.url}/kept", timeout=WAIT_S).json()
        return {**found, "files": len(os.listdir(f"/proc/{self.pid}/fd"))}

    def keeps_no_more(self, name: str, count: int) -> bool:
        return self.kept()[name] <= count

    def memory_kib(self) -> int:
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=WAIT_S)


@pytest.fixture(scope="module")
def node(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    settings = {"REDIS_URL": redis.url, "PING_S": str(PING_S), "LIMITS_DRY_RUN": "on"}
    program = Program(sys.executable, tmp_path_factory.mktemp("churn"), Path(__file__).parent, settings)
    with program.node("rooms:app", "web1") as url:
        pid = int(requests.get(f"{url}/pid", timeout=WAIT_S).text)
        yield Node(url, pid)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_answer(connection: socket.socket) -> bytes:
    """One answer with a body."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    head, body = answer.split(b"\r\n\r\n", 1)
    size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < size:
        body += connection.recv(4096)
    return body


def over_websocket(node: Node, number: int) -> None:
    with node.connect() as connection:
        connection.sendall(HANDSHAKE + text_frame("40"))
        heard = b""
        while b'"sid"' not in heard.split(b"\x81", 2)[-1] or heard.count(b'"sid"') < 2:
            heard += connection.recv(4096)
        if number % 4 == 0:
            connection.sendall(text_frame("41"))
        elif number % 4 == 1:
            connection.sendall(struct.pack("!BB4xH", 0x88, 0x82, 1000))
        elif number % 4 == 2:
            reset(connection)


def over_polling(node: Node, number: int) -> None:
    with node.connect() as connection:
        connection.sendall(POLL.format(sid="").encode())
        sid = json.loads(read_answer(connection)[1:])["sid"]
        connection.sendall(POST.format(sid=sid, size=2, body="40").encode())
        assert read_answer(connection) == b"ok"
        if number % 4 == 0:
            connection.sendall(POST.format(sid=sid, size=1, body="1").encode())
            read_answer(connection)
        elif number % 4 == 1:
            connection.sendall(POLL.format(sid=f"&sid={sid}").encode())  # and hangs up
        elif number % 4 == 2:
            reset(connection)


def churn(node: Node, count: int) -> None:
    failed: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, count, THREADS):
                way: Callable[[Node, int], None] = over_polling if number % 8 == 0 else over_websocket
                with suppress(ConnectionResetError):
                    way(node, number // THREADS)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def settled(node: Node) -> dict[str, int]:
    """What is kept when the last session has gone."""
    eventually(lambda: node.kept()["sessions"] == 0, "the end of all sessions", 60)
    return node.kept()


def test_nothing_is_left_of_them(node: Node) -> None:
    churn(node, WARM_UP)
    before, memory_kib = settled(node), node.memory_kib()

    churn(node, CONNECTIONS)

    after = settled(node)
    assert (after["sessions"], after["environs"], after["rooms"]) == (0, 0, 0)
    # One that asks may still be there when the next one asks.
    for name in ("greenlets", "files"):
        eventually(partial(node.keeps_no_more, name, before[name]), f"as few {name} as before")
    assert abs(after["objects"] - before["objects"]) < CONNECTIONS / 100
    assert node.memory_kib() - memory_kib < GROWTH_KIB_MAX
