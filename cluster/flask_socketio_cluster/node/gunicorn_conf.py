"""gunicorn's settings for a node: `gunicorn -c python:flask_socketio_cluster.node.gunicorn_conf module:app`.

A node is one process with one event loop; more nodes, not more workers, are how the cluster grows. An own file may take
over all of these: `from flask_socketio_cluster.node.gunicorn_conf import *`.
"""

import os
import sys
from typing import Any

from flask_socketio_cluster.node import drain_s
from flask_socketio_cluster.node.worker import QuietSocket, refuse

workers = 1
# geventwebsocket.gunicorn.workers.GeventWebSocketWorker, with a beginning and an end of our own.
worker_class = "flask_socketio_cluster.node.worker.NodeWorker"
# As many sessions as a node may have, all of them polling, and as many requests besides.
worker_connections = 40_000

bind = os.environ.get("BIND", "127.0.0.1:8000")
backlog = 2_048

# After SIGTERM: the node sends its clients elsewhere (`Node`'s `drain_s`), then ends requests in flight.
graceful_timeout = int(drain_s()) + 8
# A node whose event loop stands still for so long is killed and started again.
timeout = 30

# All nodes of a machine would share one control file.
control_socket_disable = True
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108


def child_exit(server: Any, _worker: Any) -> None:
    """A worker that died leaves its address listening; refuse connections until the next one listens by itself."""
    for listener in server.LISTENERS:
        refuse(listener.sock)


def on_starting(server: Any) -> None:
    """Take the address without listening on it yet."""
    try:
        server.LISTENERS = [QuietSocket(address, server.cfg, server.log) for address in server.cfg.address]
    except OSError as error:
        sys.exit(f"cannot listen on {bind}: {error.strerror}")
