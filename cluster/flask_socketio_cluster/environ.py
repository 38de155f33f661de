"""What the gunicorn worker puts into the WSGI environ of a request."""

# The client's connection, a gevent socket.
CONNECTION = "flask_socketio_cluster.connection"
# Only where a WebSocket is asked for: a function that gives the handler of the request, which loses its connection.
UPGRADE = "flask_socketio_cluster.upgrade"
