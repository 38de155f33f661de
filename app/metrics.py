"""What a web node or worker counts besides the cluster's own figures (`flask_socketio_cluster.metrics`). Every set of
labels is bounded."""

from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram("saldo_vivo_http_seconds", "Seconds to answer a request", ["route", "status"])
# The same without routes: HTTP_SECONDS takes long to read.
HTTP_ANSWERS = Counter("saldo_vivo_http_answers_total", "Answered requests", ["status"])
READY = Gauge("saldo_vivo_ready", "Whether /readyz answers 200")

# `gate`: a purpose of the database with what it does, or another scarce thing; see Gate.
GATE_WAITING = Gauge("saldo_vivo_gate_waiting", "Who waits in front of a gate", ["gate"])
GATE_SECONDS = Histogram(
    "saldo_vivo_gate_seconds",
    "Seconds in front of a gate, of those who had to wait",
    ["gate"],
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0),
)
GATE_REFUSED = Counter("saldo_vivo_gate_refused_total", "Who found a gate's queue full, or waited too long", ["gate"])
PASSWORD_SECONDS = Histogram("saldo_vivo_password_seconds", "Seconds to hash a password, without the wait for it")

# `trouble`: a name of `app.sql_errors.Trouble`.
DATABASE_FAILURES = Counter("saldo_vivo_database_failures_total", "What the database could not do", ["trouble"])
DATABASE_RETRIES = Counter("saldo_vivo_database_retries_total", "Transactions that were run again")

JOB_SECONDS = Histogram(
    "saldo_vivo_job_seconds",
    "Seconds that a job of this worker ran",
    ["job", "outcome"],
    buckets=(0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0),
)
# Of all workers together, as the database has it.
JOB_OVERDUE = Gauge(
    "saldo_vivo_job_overdue_seconds", "Seconds since a job was due; 0 while it is not, or runs", ["job"]
)
JOB_OK = Gauge("saldo_vivo_job_ok", "Whether a job's last run did its work and found no fault", ["job"])
JOB_SUCCESS = Gauge("saldo_vivo_job_success_timestamp_seconds", "When a job last succeeded in this worker", ["job"])
PUSHES = Counter("saldo_vivo_pushes_total", "Pushes to closed pages, by what became of them", ["outcome"])
