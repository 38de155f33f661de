"""How often, and how many at once."""

from flask_socketio_cluster.limits.key_locks import KeyLocks
from flask_socketio_cluster.limits.limiter import Limiter, Rate

__all__ = ["KeyLocks", "Limiter", "Rate"]
