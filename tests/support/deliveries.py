"""Which way a node's sockets got their durable events: over the bus, or from the database.

The sweep looks every five seconds and may be faster with an event than the bus, which is no fault. So a test of the
bus deposits several times, each heard before the next: one sweep can overtake the bus with one of them only.
"""

from dataclasses import dataclass

from tests.support.metrics import total
from tests.support.people import Feed, Person, eventually

DEPOSITS = 5


@dataclass(frozen=True)
class Deliveries:
    bus: float
    database: float

    @property
    def total(self) -> float:
        return self.bus + self.database


def deliveries(node_url: str) -> Deliveries:
    """All so far; one event for two sockets counts twice."""
    by_bus, from_database = (
        total(node_url, "socketio_cluster_stream_events_sent_total", way=way) for way in ("bus", "database")
    )
    return Deliveries(by_bus, from_database)


def deposit_and_listen(person: Person, feed: Feed, value: str = "1.00") -> None:
    """DEPOSITS times. `feed` has heard nothing yet; in the end it has heard each once."""
    first = feed.wait_for("autenticado").payload["seq"] + 1
    seqs = list(range(first, first + DEPOSITS))
    for seq in seqs:
        assert person.deposit(value).status_code == 201
        feed.wait_for_seq(seq)
    assert feed.seqs() == seqs


def assert_brought_by_the_bus(node_url: str, before: Deliveries, count: int = DEPOSITS) -> None:
    """Exactly `count` more were handed to sockets of this node since, and not all of them from the database."""
    # Counted after the last of them is on its way.
    eventually(lambda: deliveries(node_url).total >= before.total + count, "every delivery in the count")
    now = deliveries(node_url)
    assert now.total == before.total + count
    assert now.bus > before.bus, "the bus brought nothing, the sweep all of it"
