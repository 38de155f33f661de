"""What a node or worker counts, for `GET /metrics`. Every set of labels is bounded."""

from prometheus_client import Counter, Gauge, Histogram

from flask_socketio_cluster.fast_histogram import FastHistogram

# From a message within one machine to what is as good as lost.
LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

# -- sockets ---------------------------------------------------------------------------------------

SOCKETS = Gauge("socketio_cluster_sockets", "Open sockets of this node, authenticated or not")
USERS = Gauge("socketio_cluster_users", "Users with an authenticated socket on this node")
SESSIONS = Gauge("socketio_cluster_sessions", "Engine.IO sessions of this node")
SESSIONS_MAX = Gauge("socketio_cluster_sessions_max", "Engine.IO sessions that this node takes")
HANDSHAKES = Counter("socketio_cluster_handshakes_total", "New sessions let in")
HANDSHAKES_WAITING = Gauge("socketio_cluster_handshakes_waiting", "Handshakes that wait for this node")
HANDSHAKES_REFUSED = Counter("socketio_cluster_handshakes_refused_total", "New sessions refused for want of room")
SESSIONS_ENDED = Counter("socketio_cluster_sessions_ended_total", "Sockets closed by the server", ["reason"])
SESSIONS_MOVED = Counter("socketio_cluster_sessions_moved_total", "Sockets that were asked to come to another node")
DRAINING = Gauge("socketio_cluster_draining", "1 while this node sends its clients elsewhere, to end then")
HTTP_MALFORMED = Counter("socketio_cluster_http_malformed_total", "Requests that are no HTTP")
LIMITED = Counter(
    "socketio_cluster_limited_total",
    "What clients did beyond a limit; refused unless in a dry run",
    ["limit", "dry_run"],
)
RATES_EXCEEDED = Counter("socketio_cluster_rates_exceeded_total", "Refused for asking too often", ["rate"])

# -- durable events --------------------------------------------------------------------------------

# `way`: bus or database.
EVENTS_SENT = Counter("socketio_cluster_stream_events_sent_total", "Durable events handed to sockets", ["event", "way"])
DELIVERY_SECONDS = FastHistogram(
    "socketio_cluster_delivery_seconds",
    "Seconds from the append of a durable event until a socket that was there is handed it, by two machines' clocks",
    "way",
    ("bus", "database"),
    buckets=LAG_BUCKETS_S,
)
CATCH_UPS = Counter("socketio_cluster_catch_ups_total", "Times a socket's missed events were read from the database")
RELAY_SECONDS = Histogram(
    "socketio_cluster_relay_seconds",
    "Seconds from the append of an event to its publishing",
    buckets=LAG_BUCKETS_S,
)
OUTBOX_ROWS = Gauge("socketio_cluster_outbox_rows", "Events that no relay has published yet, for all workers")
OUTBOX_AGE = Gauge("socketio_cluster_outbox_oldest_seconds", "Seconds since the oldest of these was appended")
OUTBOX_SET_ASIDE = Counter("socketio_cluster_outbox_rows_set_aside_total", "Outbox rows whose event could not be read")
PRESENCE_CHANGES = Counter("socketio_cluster_presence_changes_told_total", "People that came online or went, as told")

# -- the bus ---------------------------------------------------------------------------------------

CANARY_AGE = Gauge("socketio_cluster_canary_age_seconds", "Seconds since this node last heard itself through the bus")
BUS_SECONDS = Histogram(
    "socketio_cluster_bus_seconds", "Seconds that a message takes from this node to itself", buckets=LAG_BUCKETS_S
)
DEAF_SECONDS = Counter("socketio_cluster_deaf_seconds_total", "Seconds in which this node heard nothing of the bus")
RESUBSCRIPTIONS = Counter(
    "socketio_cluster_resubscriptions_total", "Times the Redis subscription was made, or a part of it came late"
)
EMITS_LOST = Counter("socketio_cluster_emits_lost_total", "Messages that Redis did not take from this node")
FOREIGN_DROPPED = Counter(
    "socketio_cluster_foreign_messages_dropped_total", "Shared-channel messages for rooms held elsewhere"
)
UNSIGNED_DROPPED = Counter("socketio_cluster_unsigned_messages_dropped_total", "Bus messages without a valid signature")
BUS_MESSAGES_FAILED = Counter(
    "socketio_cluster_bus_messages_failed_total", "Messages of the bus that could not be handled"
)

# -- loops -----------------------------------------------------------------------------------------

LOOP_FAILURES = Counter("socketio_cluster_loop_failures_total", "Turns of a background loop that failed", ["loop"])
CLOCK_OFFSET = Gauge(
    "socketio_cluster_clock_offset_seconds", "How far this machine's clock is ahead of the database's, below 0 behind"
)
