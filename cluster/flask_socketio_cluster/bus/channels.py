"""Every Redis channel of the cluster. A Redis access list needs `flask-socketio`, `flask-socketio#*` and
`flask-socketio:*`."""

# The channel of stock Flask-SocketIO emitters; every node listens to it.
SHARED_CHANNEL = "flask-socketio"
# Relays listen; a message means that the outbox has rows. Its content is empty.
WAKE_CHANNEL = f"{SHARED_CHANNEL}:wake"


def room_channel(namespace: str, room: str) -> str:
    """Channel of one room; the nodes that hold a member of it listen."""
    return f"{SHARED_CHANNEL}#{namespace}#{room}"


def canary_channel(node_id: str) -> str:
    """Channel on which a node hears itself, to know that it is not deaf."""
    return f"{SHARED_CHANNEL}:canary:{node_id}"
