"""One web node under gunicorn."""

# Where the gunicorn worker finds the node: `app.extensions[EXTENSION]`.
EXTENSION = "socketio_cluster"
