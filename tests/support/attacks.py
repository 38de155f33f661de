"""A node while somebody attacks it: what it keeps, what it writes, and what another client feels meanwhile."""

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
from tests.support.stalls import Stalls

WAIT_S = 20.0
GROWTH_KIB_MAX = 5_120
LOG_BYTES_MAX = 10_240
OTHERS_P99_S = 0.1
# Between two questions of the other client, which a person may ask twenty times a second.
PAUSE_S = 0.045
QUESTIONS_MIN = 25


@dataclass(frozen=True)
class Place:
    """One node, and somebody who uses it in peace."""

    cluster: Cluster
    other: Person

    @property
    def url(self) -> str:
        return self.cluster.node_url("web1")

    def memory_kib(self) -> int:
        """Of the process that serves."""
        master = self.cluster.pid("web1")
        (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        lines = Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


class Other:
    """Asks one question after the other, and remembers how long each answer took."""

    def __init__(self, place: Place) -> None:
        self.spans: list[tuple[float, float]] = []
        self.failed: Exception | None = None
        self._over = threading.Event()
        self._person = place.other
        self._socket = self._enter(place)
        self._thread = threading.Thread(target=self._ask_on, daemon=True)

    def __enter__(self) -> "Other":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(WAIT_S)
        self._socket.close(timeout=0)

    def has_asked(self) -> bool:
        """Often enough for a judgement. Raises what went wrong."""
        if self.failed:
            raise self.failed
        return len(self.spans) >= QUESTIONS_MIN

    def p99_s(self, stalls: Stalls) -> float:
        took = sorted(stalls.awake_s(begun, ended) for begun, ended in self.spans)
        return took[int(0.99 * (len(took) - 1))]

    def _enter(self, place: Place) -> WebSocket:
        socket = create_connection(
            place.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S
        )
        socket.send("40" + json.dumps({"token": self._person.token}))
        self._hear(socket, "autenticado")
        return socket

    def _ask_on(self) -> None:
        question = "42" + json.dumps(["solicitar_saldo", {"correntista_id": self._person.account}])
        try:
            while not self._over.is_set():
                begun = time.monotonic()
                self._socket.send(question)
                self._hear(self._socket, "saldo_atualizado")
                self.spans.append((begun, time.monotonic()))
                self._over.wait(PAUSE_S)
        except Exception as error:
            self.failed = error

    @staticmethod
    def _hear(socket: WebSocket, name: str) -> Any:
        while True:
            text = str(socket.recv())
            if text == "2":
                socket.send("3")
            if text.startswith(f'42["{name}"'):
                return json.loads(text[2:])[1]
            assert not text.startswith('42["erro"'), text


@contextmanager
def under_attack(place: Place, stalls: Stalls) -> Iterator[Other]:
    """The attack is the body, which goes on until the other client `has_asked`. Afterwards the node keeps nothing of
    it, wrote next to nothing, and the other client has felt nothing."""
    log, memory_kib = place.cluster.log, place.memory_kib()
    with Other(place) as other:
        yield other
        while not other.has_asked():
            time.sleep(PAUSE_S)
    assert other.p99_s(stalls) < OTHERS_P99_S, sorted(ended - begun for begun, ended in other.spans)[-5:]
    eventually(lambda: place.memory_kib() - memory_kib < GROWTH_KIB_MAX, "a node that keeps nothing of it", WAIT_S)
    written = "\n".join(cluster_log.added(place.cluster.log, log))
    assert len(written.encode()) < LOG_BYTES_MAX, written[:LOG_BYTES_MAX]
