"""A node while somebody attacks it: what it keeps, what it writes, and what another client feels meanwhile.

The client asks a second node too, which nobody attacks: what that takes is the machine's doing, on which the attackers
are at work.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from tests.support import cluster_log
from tests.support.cluster import Cluster
from tests.support.people import Person, eventually
from tests.support.stalls import Span, Stalls

WAIT_S = 20.0
GROWTH_KIB_MAX = 5_120
LOG_BYTES_MAX = 10_240
FELT_S_MAX = 0.1
# Between two questions of the other client, which a person may ask twenty times a second.
PAUSE_S = 0.045
QUESTIONS_MIN = 25


@dataclass(frozen=True)
class Place:
    """A node, another of a bank that nobody attacks, and somebody at each who uses it in peace."""

    cluster: Cluster
    other: Person
    quiet: Cluster
    quiet_other: Person

    @property
    def url(self) -> str:
        return self.cluster.node_url("web1")

    @property
    def quiet_url(self) -> str:
        return self.quiet.node_url("web1")

    def memory_kib(self) -> int:
        """Of the process that serves."""
        master = self.cluster.pid("web1")
        (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        lines = Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


class Other:
    """Asks both nodes one question after the other, and remembers how long each answer took."""

    def __init__(self, place: Place) -> None:
        self.spans: list[Span] = []
        self.quiet_spans: list[Span] = []
        self.failed: Exception | None = None
        self._over = threading.Event()
        self._socket, self._question = self._enter(place.url, place.other)
        self._quiet, self._quiet_question = self._enter(place.quiet_url, place.quiet_other)
        self._thread = threading.Thread(target=self._ask_on, daemon=True)

    def __enter__(self) -> "Other":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(WAIT_S)
        for socket in (self._socket, self._quiet):
            socket.close(timeout=0)

    def has_asked(self) -> bool:
        """Often enough for a judgement. Raises what went wrong."""
        if self.failed:
            raise self.failed
        return len(self.spans) >= QUESTIONS_MIN

    def felt_s(self, stalls: Stalls) -> float:
        """How much later than the quiet node the attacked one answers, 99 times of 100."""
        return p99_s(self.spans, stalls) - p99_s(self.quiet_spans, stalls)

    def _enter(self, url: str, person: Person) -> tuple[WebSocket, str]:
        """A socket of the person, and what to ask with it."""
        socket = create_connection(url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S)
        socket.send("40" + json.dumps({"token": person.token}))
        self._hear(socket, "autenticado")
        return socket, "42" + json.dumps(["solicitar_saldo", {"correntista_id": person.account}])

    def _ask_on(self) -> None:
        try:
            while not self._over.is_set():
                self.quiet_spans.append(self._asked(self._quiet, self._quiet_question))
                self.spans.append(self._asked(self._socket, self._question))
                self._over.wait(PAUSE_S)
        except Exception as error:
            self.failed = error

    def _asked(self, socket: WebSocket, question: str) -> Span:
        begun = time.monotonic()
        socket.send(question)
        self._hear(socket, "saldo_atualizado")
        return begun, time.monotonic()

    @staticmethod
    def _hear(socket: WebSocket, name: str) -> Any:
        while True:
            text = str(socket.recv())
            if text == "2":
                socket.send("3")
            if text.startswith(f'42["{name}"'):
                return json.loads(text[2:])[1]
            assert not text.startswith(('42["erro"', '42["sessao_encerrada"')), text


def p99_s(spans: list[Span], stalls: Stalls) -> float:
    took = sorted(stalls.awake_s(begun, ended) for begun, ended in spans)
    return took[int(0.99 * (len(took) - 1))]


@contextmanager
def under_attack(place: Place, stalls: Stalls) -> Iterator[Other]:
    """The attack is the body, which goes on until the other client `has_asked`. Afterwards the node keeps nothing of
    it, wrote next to nothing, and the other client has felt nothing."""
    log, memory_kib = place.cluster.log, place.memory_kib()
    with Other(place) as other:
        yield other
        while not other.has_asked():
            time.sleep(PAUSE_S)
    assert other.felt_s(stalls) < FELT_S_MAX, sorted(ended - begun for begun, ended in other.spans)[-5:]
    eventually(lambda: place.memory_kib() - memory_kib < GROWTH_KIB_MAX, "a node that keeps nothing of it", WAIT_S)
    written = "\n".join(cluster_log.added(place.cluster.log, log))
    assert len(written.encode()) < LOG_BYTES_MAX, written[:LOG_BYTES_MAX]
