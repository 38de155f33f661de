"""One web node under gunicorn."""

import os

# Where the gunicorn worker finds the node: `app.extensions[EXTENSION]`.
EXTENSION = "socketio_cluster"

DRAIN_S = 20.0


def drain_s() -> float:
    """In how many seconds a node that goes sends its clients elsewhere: DRAIN_S of the environment, else ours."""
    return float(os.environ.get("DRAIN_S") or DRAIN_S)
