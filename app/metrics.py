"""What a web node counts besides the cluster's own figures (`flask_socketio_cluster.metrics`), for `GET /metrics`."""

from prometheus_client import Histogram

HTTP_SECONDS = Histogram("saldo_vivo_http_seconds", "Seconds to answer a request", ["route", "status"])
