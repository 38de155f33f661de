"""Every Redis channel and key of the cluster. A Redis access list needs the channels `flask-socketio`,
`flask-socketio#*` and `flask-socketio:*`, and the key `flask-socketio:sessions`."""

from urllib.parse import quote

# The channel of stock Flask-SocketIO emitters; every node listens to it.
SHARED_CHANNEL = "flask-socketio"
# How the channel of every room begins.
ROOM_CHANNELS = f"{SHARED_CHANNEL}#"
# Relays listen; a message means that the outbox has rows. Its content is empty.
WAKE_CHANNEL = f"{SHARED_CHANNEL}:wake"
# No channel but a hash: how many sessions each node has.
SESSIONS_KEY = f"{SHARED_CHANNEL}:sessions"


def room_channel(namespace: str, room: str) -> str:
    """Channel of one room; the nodes that hold a member of it listen."""
    return f"{ROOM_CHANNELS}{quote(namespace, safe='/')}#{room}"


def node_channel(node_id: str) -> str:
    """Channel of one node: for sockets that it holds, and for itself, to know that it is not deaf."""
    return f"{SHARED_CHANNEL}:node:{node_id}"
