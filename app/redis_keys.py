"""The bank's own Redis keys, with their type and life. The channels are in `flask_socketio_cluster.bus.channels`.

The ACL of `deploy/redis` allows these and no others.
"""

# Prefix of the limiter's counters (STRING with a TTL of one window), written by the `limits` library.
LIMITS_PREFIX = "saldo-vivo:limits"


def file_lease(user_id: int) -> str:
    """STRING with a TTL: a file of this user's statement is being written on some node."""
    return f"saldo-vivo:file:{user_id}"
