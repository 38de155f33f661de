"""What a client may do, how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_socketio_cluster import metrics
from flask_socketio_cluster.limits.buckets import Bucket

# Of one session: its packets, and how often it is told that they are too many before it is ended.
MESSAGES = Bucket("messages", per_s=20, burst=100)
REFUSALS = Bucket("refusals", per_s=0.2, burst=10)
# New sessions of one address, and of a node. A node makes a thousand a second at the most.
ADDRESS_HANDSHAKES = Bucket("address_handshakes", per_s=50, burst=1_000)
NODE_HANDSHAKES = Bucket("node_handshakes", per_s=500, burst=4_000)
# Events.
USER = Bucket("user", per_s=50, burst=250)
ADDRESS = Bucket("address", per_s=500, burst=2_500)
EVENT = Bucket("event", per_s=20, burst=100)
SOCKETS_OF_USER_MAX = 5


@dataclass(frozen=True, kw_only=True)
class ClientLimits:
    """Generous: a page never comes near them, and ninety people of one school are served behind one address.

    `messages` and `refusals`, of one session, and both `handshakes` are counted in the memory of the node; the others
    for all nodes together. A client that is refused more often than `refusals` is ended. `events` has an own bucket for
    some events, by their names; each user has one of each. `sockets_of_user`: over it the user's oldest is ended.
    `dry_run`: nothing is refused and nobody ended, only counted.
    """

    messages: Bucket = MESSAGES
    refusals: Bucket = REFUSALS
    address_handshakes: Bucket = ADDRESS_HANDSHAKES
    node_handshakes: Bucket = NODE_HANDSHAKES
    user: Bucket = USER
    address: Bucket = ADDRESS
    event: Bucket = EVENT
    events: Mapping[str, Bucket] = field(default_factory=dict)
    sockets_of_user: int = SOCKETS_OF_USER_MAX
    dry_run: bool = False

    def count(self, limit: str) -> None:
        """Somebody came to it."""
        metrics.LIMITED.labels(limit, "true" if self.dry_run else "false").inc()

    def of_event(self, event: str) -> Bucket:
        return self.events.get(event, self.event)
