"""How often, and how many at once."""

from flask_socketio_cluster.limits.buckets import Bucket
from flask_socketio_cluster.limits.client_limits import ClientLimits
from flask_socketio_cluster.limits.key_locks import KeyLocks
from flask_socketio_cluster.limits.limiter import Limiter, Rate

__all__ = ["Bucket", "ClientLimits", "KeyLocks", "Limiter", "Rate"]
