# One web node: gunicorn -c deploy/gunicorn.conf.py app.wsgi:app
#
# A node is one process with one event loop; more nodes, not more workers, are how the cluster grows.
import os

workers = 1
# geventwebsocket.gunicorn.workers.GeventWebSocketWorker, with a farewell.
worker_class = "deploy.web_worker.LeavingWorker"
worker_connections = 20_000

bind = os.environ.get("BIND", "127.0.0.1:8000")
backlog = 2_048

# For requests in flight after SIGTERM; the farewell itself takes two seconds at most.
graceful_timeout = 8
# A node whose event loop stands still for so long is killed and started again.
timeout = 30

# All nodes of a machine would share one control file.
control_socket_disable = True
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None

# nginx writes the access log, without query strings.
accesslog = None
errorlog = "-"
loglevel = "warning"
