"""Engine.IO sessions, WebSockets and heartbeat of one node."""

from flask_socketio_cluster.transport.transport import Transport

__all__ = ["Transport"]
