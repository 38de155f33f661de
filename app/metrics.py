"""What a node or worker counts, for `GET /metrics`."""

from prometheus_client import Counter, Gauge, Histogram

SOCKETS = Gauge("saldo_vivo_sockets", "Open sockets of this node, authenticated or not")
EVENTS_SENT = Counter("saldo_vivo_stream_events_sent_total", "Durable events handed to sockets", ["way"])
CATCH_UPS = Counter("saldo_vivo_catch_ups_total", "Times a socket's missed events were read from the database")
FOREIGN_DROPPED = Counter(
    "saldo_vivo_foreign_messages_dropped_total", "Shared-channel messages for rooms held elsewhere"
)
RESUBSCRIPTIONS = Counter("saldo_vivo_resubscriptions_total", "Times the Redis subscription was made")
CANARY_AGE = Gauge("saldo_vivo_canary_age_seconds", "Seconds since this node last heard itself through the bus")
SESSIONS_ENDED = Counter("saldo_vivo_sessions_ended_total", "Sockets closed by the server", ["reason"])
HANDSHAKES_REFUSED = Counter("saldo_vivo_handshakes_refused_total", "New sessions refused for want of room")
HTTP_MALFORMED = Counter("saldo_vivo_http_malformed_total", "Requests that are no HTTP")
LOOP_FAILURES = Counter("saldo_vivo_loop_failures_total", "Turns of a background loop that failed", ["loop"])
BUS_MESSAGES_FAILED = Counter("saldo_vivo_bus_messages_failed_total", "Messages of the bus that could not be handled")
OUTBOX_SET_ASIDE = Counter("saldo_vivo_outbox_rows_set_aside_total", "Outbox rows whose event could not be read")
HTTP_SECONDS = Histogram("saldo_vivo_http_seconds", "Seconds to answer a request", ["route", "status"])
