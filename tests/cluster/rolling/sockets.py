"""Many sockets in one process: python -m tests.cluster.rolling.sockets URL < logins.json

Each is a page as far as the wire goes: it comes back with full jitter, says where it is in its stream, drops what it
has seen, and asks for what it misses. Says "ready" once all are authenticated. A line `{"user": seq, …}` on standard
input is where each user's stream ends: once all are there, or after a while, the findings go to standard output.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import suppress  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from gevent.pool import Group  # noqa: E402
from websocket import WebSocket, WebSocketException, create_connection  # noqa: E402

READY_WITHIN_S = 60.0
SETTLE_WITHIN_S = 30.0
TIMEOUT_S = 60.0
LOOK_S = 0.05
# As the page: full jitter under a ceiling that doubles.
CEILING_FIRST_S = 0.5
CEILING_MAX_S = 8.0


@dataclass
class Findings:
    """`lost_s`: how long each interruption of a socket was. `returns_at`: when each ended, by the monotonic clock."""

    problems: list[str] = field(default_factory=list)
    lost_s: list[float] = field(default_factory=list)
    returns_at: list[float] = field(default_factory=list)
    events: int = 0
    told_of_drain: int = 0


class Page:
    """One socket of a user, through any number of connections."""

    def __init__(self, url: str, user_id: int, token: str, findings: Findings) -> None:
        self._url = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self.user_id = user_id
        self._token = token
        self._findings = findings
        self.seq = -1
        self._epoch = 0
        self._gone_at: float | None = None
        self._wait_s: float | None = None
        self._over = False

    def live(self) -> None:
        failures = 0
        while not self._over:
            with suppress(WebSocketException, OSError):
                failures = 0 if self._connection() else failures + 1
            self._gone_at = self._gone_at or time.monotonic()
            ceiling_s = min(CEILING_MAX_S, CEILING_FIRST_S * 2**failures)
            gevent.sleep(random.random() * (ceiling_s if self._wait_s is None else self._wait_s))
            self._wait_s = None

    def end(self) -> None:
        self._over = True

    def _connection(self) -> bool:
        """Until it ends; whether it was authenticated."""
        authenticated = False
        connection = create_connection(self._url, timeout=TIMEOUT_S)
        try:
            while not self._over:
                packet = str(connection.recv())
                if not packet:
                    break
                authenticated = self._packet(connection, packet) or authenticated
        finally:
            connection.close()
        return authenticated

    def _packet(self, connection: WebSocket, packet: str) -> bool:
        if packet[0] == "0":
            connection.send("40" + json.dumps(self._question()))
        elif packet == "2":
            connection.send("3")
        elif packet.startswith("42"):
            name, payload = json.loads(packet[2:])
            return self._event(name, payload)
        return False

    def _question(self) -> dict[str, Any]:
        place = {} if self.seq < 0 else {"ultimo_seq": self.seq, "epoca": self._epoch}
        return {"token": self._token, **place}

    def _event(self, name: str, payload: Any) -> bool:
        if name == "autenticado":
            self._returned(payload)
            return True
        if name == "servidor_drenando":
            self._findings.told_of_drain += 1
            self._wait_s = payload["reconectar_em_ms"] / 1000
        elif name in ("erro", "sessao_encerrada"):
            self._findings.problems.append(f"user {self.user_id} was told {name}: {payload}")
        elif name == "notificacao" and payload["seq"] > self.seq:
            if payload["seq"] != self.seq + 1:
                self._findings.problems.append(f"user {self.user_id}: {payload['seq']} came after {self.seq}")
            self.seq = payload["seq"]
            self._findings.events += 1
        return False

    def _returned(self, answer: dict[str, Any]) -> None:
        if self.seq < 0:
            self.seq, self._epoch = answer["seq"], answer["epoca"]
        elif not answer["recuperado"]:
            self._findings.problems.append(f"user {self.user_id} had to start afresh")
        if self._gone_at is not None:
            now = time.monotonic()
            self._findings.lost_s.append(now - self._gone_at)
            self._findings.returns_at.append(now)
            self._gone_at = None


def run(url: str, commands: Iterator[str]) -> None:
    logins: list[list[Any]] = json.loads(next(commands))
    findings, group = Findings(), Group()
    pages = [Page(url, user_id, token, findings) for user_id, token in logins]
    for page in pages:
        group.spawn(page.live)
    _wait(lambda: all(page.seq >= 0 for page in pages), READY_WITHIN_S)
    _say("ready" if all(page.seq >= 0 for page in pages) else "not ready")
    heads = {int(user): seq for user, seq in json.loads(next(commands)).items()}
    _wait(lambda: all(page.seq >= heads[page.user_id] for page in pages), SETTLE_WITHIN_S)
    for page in pages:
        if page.seq != heads[page.user_id]:
            findings.problems.append(f"lost: user {page.user_id} is at {page.seq}, the stream at {heads[page.user_id]}")
        page.end()
    _say(json.dumps(vars(findings)))


def _wait(condition: Any, within_s: float) -> None:
    until = time.monotonic() + within_s
    while not condition() and time.monotonic() < until:
        gevent.sleep(LOOK_S)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(sys.argv[1], iter(sys.stdin.readline, ""))
