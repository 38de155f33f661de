"""Every Redis key and channel, with its type and life. The ACL of `deploy/redis` allows these and no others."""

# The channel of stock Flask-SocketIO emitters; every node listens to it.
SHARED_CHANNEL = "flask-socketio"
# Workers listen; a message means that the outbox has rows. Its content is empty.
WAKE_CHANNEL = "saldo-vivo:wake"


def room_channel(namespace: str, room: str) -> str:
    """Channel of one room; the nodes that hold a member of it listen."""
    return f"{SHARED_CHANNEL}#{namespace}#{room}"


def canary_channel(node_id: str) -> str:
    """Channel on which a node hears itself, to know that it is not deaf."""
    return f"saldo-vivo:canary:{node_id}"


# Prefix of the limiter's counters (STRING with a TTL of one window), written by the `limits` library.
LIMITS_PREFIX = "saldo-vivo:limits"


def file_lease(user_id: int) -> str:
    """STRING with a TTL: a file of this user's statement is being written on some node."""
    return f"saldo-vivo:file:{user_id}"
