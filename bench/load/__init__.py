"""The load programs, driven from Python."""

import json
import signal
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bench.build import BUILD
from deploy.local.spawn import spawn

ANSWER_TIMEOUT_S = 180
NS = 1_000_000_000
SAMPLE = struct.Struct("=QQ")

Answer = dict[str, float]


class Reconnect(Enum):
    NEVER = 0
    AT_ONCE = 1
    # From 1 to 5 s, give or take a half, as the stock client.
    STOCK_DELAYS = 2


class Client:
    """Many Socket.IO connections in one process of its own (`client.c`)."""

    def __init__(self, ports: list[int], auths: Path, *, ready: str, counted: str) -> None:
        command = [BUILD / "client", ",".join(map(str, ports)), auths, ready, counted]
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def connect(self, count: int, *, inflight: int = 50, per_second: float = 0) -> Answer:
        """Open `count` more. Raises RuntimeError unless every one of them was authenticated in the end."""
        answer = self._ask(f"connect {count} {inflight} {per_second}")
        if answer["opened"] != count:
            raise RuntimeError(f"of {count} connections: {answer}")
        if answer["refused"]:
            print(f"{answer['refused']:g} of {count} connections were refused once", flush=True)
        return answer

    def disconnect(self, count: int) -> Answer:
        return self._ask(f"disconnect {count}")

    def reconnect(self, mode: Reconnect) -> None:
        """From here on, what is closed or refused comes again by itself."""
        self._ask(f"reconnect {mode.value}")

    def regain(self, seconds: float) -> Answer:
        """Wait until all that were lost together are open again, so long at the most."""
        return self._ask(f"regain {seconds}")

    def reset(self) -> None:
        self._ask("reset")

    def delivered(self) -> int:
        return int(self._ask("count")["delivered"])

    def report(self) -> Answer:
        return self._ask("report")

    def samples(self, path: Path) -> list[tuple[int, int]]:
        """(sent, seen) in monotonic nanoseconds, in order of arrival."""
        self._ask(f"dump {path}")
        return read_samples(path)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _ask(self, command: str) -> Answer:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load client died at {command!r}")
        answer: Answer = json.loads(line)
        return answer


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """How messages are sent: `count` of them (0: until told to stop), `burst` at a time, `rate` a second (0: flood)."""

    count: int
    rate: float
    burst: int = 1


class Emitter:
    """A running `emitter.c`: one prepared message to the rooms of random users among `users`."""

    def __init__(self, redis_port: int, template: Path, users: range, pattern: Pattern, seqs: Path) -> None:
        shape = [users.start, len(users), pattern.count, pattern.rate, pattern.burst, seqs]
        self._process = spawn(list(map(str, [BUILD / "emitter", redis_port, template, *shape])))

    def wait(self) -> Answer:
        return _last_line(self._process)

    def stop(self) -> Answer:
        self._process.send_signal(signal.SIGTERM)
        return self.wait()


class Http:
    """A running `http.c`: prepared requests, in turn, at `rate` a second (0: one after the other)."""

    def __init__(self, port: int, requests: Path, *, connections: int, seconds: float, rate: float, dump: Path) -> None:
        shape = [port, requests, connections, seconds, rate, dump]
        self._dump = dump
        self._process = spawn(list(map(str, [BUILD / "http", *shape])))

    def wait(self) -> Answer:
        return _last_line(self._process)

    def stop(self) -> Answer:
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def samples(self) -> list[tuple[int, int]]:
        """(due, answered) in monotonic nanoseconds, of every 2xx; after `wait` or `stop`."""
        return read_samples(self._dump)


def write_requests(path: Path, requests: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%d\n%s" % (len(request), request))


def read_samples(path: Path) -> list[tuple[int, int]]:
    return [(sent, seen) for sent, seen in SAMPLE.iter_unpack(path.read_bytes())]


def percentile(values: list[int], share: float) -> float:
    """0 when there is nothing to choose from."""
    return float(sorted(values)[int((len(values) - 1) * share)]) if values else 0.0


def _last_line(process: "subprocess.Popen[bytes]") -> Answer:
    output, _ = process.communicate(timeout=ANSWER_TIMEOUT_S)
    if process.returncode != 0:
        raise RuntimeError(f"{process.args!r}: {output.decode(errors='replace')}")
    answer: Answer = json.loads(output.splitlines()[-1])
    return answer
