"""What a node or worker counts, for `GET /metrics`."""

from prometheus_client import Counter, Gauge

SOCKETS = Gauge("socketio_cluster_sockets", "Open sockets of this node, authenticated or not")
EVENTS_SENT = Counter("socketio_cluster_stream_events_sent_total", "Durable events handed to sockets", ["way"])
CATCH_UPS = Counter("socketio_cluster_catch_ups_total", "Times a socket's missed events were read from the database")
FOREIGN_DROPPED = Counter(
    "socketio_cluster_foreign_messages_dropped_total", "Shared-channel messages for rooms held elsewhere"
)
UNSIGNED_DROPPED = Counter("socketio_cluster_unsigned_messages_dropped_total", "Bus messages without a valid signature")
RESUBSCRIPTIONS = Counter("socketio_cluster_resubscriptions_total", "Times the Redis subscription was made")
CANARY_AGE = Gauge("socketio_cluster_canary_age_seconds", "Seconds since this node last heard itself through the bus")
SESSIONS_ENDED = Counter("socketio_cluster_sessions_ended_total", "Sockets closed by the server", ["reason"])
HANDSHAKES_REFUSED = Counter("socketio_cluster_handshakes_refused_total", "New sessions refused for want of room")
LIMITED = Counter(
    "socketio_cluster_limited_total",
    "What clients did beyond a limit; refused unless in a dry run",
    ["limit", "dry_run"],
)
SESSIONS_MOVED = Counter("socketio_cluster_sessions_moved_total", "Sockets that were asked to come to another node")
PRESENCE_CHANGES = Counter("socketio_cluster_presence_changes_told_total", "People that came online or went, as told")
HTTP_MALFORMED = Counter("socketio_cluster_http_malformed_total", "Requests that are no HTTP")
LOOP_FAILURES = Counter("socketio_cluster_loop_failures_total", "Turns of a background loop that failed", ["loop"])
BUS_MESSAGES_FAILED = Counter(
    "socketio_cluster_bus_messages_failed_total", "Messages of the bus that could not be handled"
)
OUTBOX_SET_ASIDE = Counter("socketio_cluster_outbox_rows_set_aside_total", "Outbox rows whose event could not be read")
