"""What the gunicorn worker puts into the WSGI environ of a request."""

# The client's connection, a gevent socket.
CONNECTION = "flask_socketio_cluster.connection"
# Only where the client asks for a WebSocket: a function that answers the handshake and returns the request's handler.
UPGRADE = "flask_socketio_cluster.upgrade"
