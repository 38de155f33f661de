"""Who is online over all nodes."""

from flask_socketio_cluster.presence.leases import Change, Listing
from flask_socketio_cluster.presence.presence import Presence

__all__ = ["Change", "Listing", "Presence"]
