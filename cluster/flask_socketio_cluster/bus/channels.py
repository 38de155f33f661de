"""The names of a cluster's Redis channels, and of its keys."""

import re
from urllib.parse import quote

# The channel of stock Flask-SocketIO emitters that are told no other.
STOCK_CHANNEL = "flask-socketio"

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Channels:
    """Their names begin with `channel`, which is Flask-SocketIO's setting of that name: applications that share a Redis
    have different ones. 1 to 64 of `A-Z`, `a-z`, `0-9`, `_`, `.` and `-`. Raises ValueError.

    A Redis access list needs the channels `channel`, `channel#*` and `channel:*`, the keys `channel:sessions`,
    `channel:reports` and `channel:leaving`, for `Presence` the keys `channel:{presence}*`, for `Confirmations`
    `channel:taken:*` and for the limits of a `Delivery` `channel:buckets:*` and `channel:sockets:*`.
    """

    def __init__(self, channel: str = STOCK_CHANNEL) -> None:
        if not _NAME.fullmatch(channel):
            raise ValueError(f"{channel!r} is no name of a channel: 1 to 64 of A-Z, a-z, 0-9, _, . and -")
        # The channel of stock emitters; every node listens.
        self.shared = channel
        # How the channel of every room begins.
        self.rooms = f"{channel}#"
        # Relays listen; a message means that the outbox has rows. Its content is empty.
        self.wake = f"{channel}:wake"
        # No channel but a hash: how many sessions each node has.
        self.sessions = f"{channel}:sessions"
        # No channel but a hash: what each process says of itself.
        self.reports = f"{channel}:reports"
        # No channel but a text, for some seconds: the node that was asked to leave.
        self.leaving = f"{channel}:leaving"
        # No channels but keys: how those of `SharedBuckets` and of `SocketLimit` begin.
        self.buckets = f"{channel}:buckets:"
        self.sockets = f"{channel}:sockets:"
        # How the keys of `Presence` begin; the braces keep them on one primary of a Redis Cluster.
        self.presence = f"{channel}:{{presence}}"

    def room(self, namespace: str, room: str) -> str:
        """The channel of one room; the nodes that hold a member of it listen."""
        return f"{self.rooms}{quote(namespace, safe='/')}#{room}"

    def taken(self, question: str) -> str:
        """No channel but a list, for some seconds: pages that have what was asked about."""
        return f"{self.shared}:taken:{question}"

    def node(self, node_id: str) -> str:
        """The channel of one node: for sockets that it holds, and for itself, to know that it is not deaf."""
        return f"{self.shared}:node:{node_id}"
