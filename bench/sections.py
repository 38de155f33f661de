"""What each measurement is, in words: titles, how it was done, and the names of its metrics."""

from dataclasses import dataclass

METRICS = {
    "cpu_us_per_event": "CPU of the node, µs an event",
    "p50_ms": "emit → client, p50, ms",
    "p99_ms": "emit → client, p99, ms",
    "events_per_s": "events a second",
    "undelivered": "events not delivered",
    "redis_cpu_us_per_event": "CPU of Redis, µs an event",
    "client_cpu_us_per_event": "CPU of the load client, µs an event",
    "healthz_p50_ms": "/healthz meanwhile, p50, ms",
    "healthz_max_ms": "/healthz meanwhile, longest, ms",
    "cpu_ms_per_s": "CPU of the node, ms a second",
    "cpu_us_per_message": "CPU of the node, µs a message",
    "last_client_p50_ms": "emit → last client, p50, ms",
    "deaf_s": "deaf for, s",
    "rss_kib_per_connection": "RSS, KiB a connection",
    "pss_kib_per_connection": "PSS, KiB a connection",
    "cpu_us_per_handshake": "CPU of the node, µs a handshake",
    "cpu_us_per_disconnect": "CPU of the node, µs a disconnect",
    "nodes_cpu_us_per_emit": "CPU of all nodes, µs an emit",
    "redis_cpu_us_per_emit": "CPU of Redis, µs an emit",
    "operations_per_s": "operations a second",
    "cpu_us_per_operation": "CPU of the process, µs an operation",
    "database_cpu_us_per_operation": "CPU of MariaDB, µs an operation",
    "worker_cpu_us_per_operation": "CPU of the worker, µs an operation",
    "http_p50_ms": "request → answer, p50, ms",
    "request_to_screen_p50_ms": "request → client, p50, ms",
    "request_to_screen_p99_ms": "request → client, p99, ms",
    "answer_to_screen_p50_ms": "answer → client, p50, ms",
    "answer_to_screen_p99_ms": "answer → client, p99, ms",
    "regained_s": "until all were back, s",
    "even_after_s": "until every node had its share, s after that",
    "outside": "clients left outside",
    "refused": "refusals on the way",
    "healthz_p99_ms": "/healthz meanwhile, p99, ms",
    "money_p99_ms": "transfer meanwhile, p99, ms",
    "failed_healthz": "/healthz that failed",
    "failed_money": "transfers that failed",
    "told_after_s": "until all were told, s",
    "nodes_cpu_us_per_change": "CPU of all nodes, µs a change",
    "redis_cpu_us_per_change": "CPU of Redis, µs a change",
    "messages_per_change": "messages a change",
    "cpu_us_per_beat": "CPU of a node, µs a beat",
    "redis_cpu_us_per_beat": "CPU of Redis, µs a beat",
}
MORE_IS_BETTER = {"events_per_s", "operations_per_s"}
# Read to be shown, not to be compared.
NEUTRAL = {
    "messages_per_change",
    "client_cpu_us_per_event",
    "undelivered",
    "outside",
    "refused",
    "failed_healthz",
    "failed_money",
}


@dataclass(frozen=True)
class Section:
    measure: str
    title: str
    about: str


SECTIONS = (
    Section(
        "deliver",
        "One event to one user",
        "About 250 bytes to the rooms of random users among the connected ones of one node, published to Redis in "
        "each server's own wire format. The flood publishes as fast as Redis takes it, so its latency is the "
        "length of the queue; meanwhile /healthz is asked 40 times a second, waits counted from when a question "
        "was due. Durable are the events of a user's stream as the worker relays them; the rest are live ones as any "
        "process may emit them.",
    ),
    Section(
        "idle",
        "Nothing sent",
        "The same node with its clients, heartbeats only.",
    ),
    Section(
        "foreign",
        "A message for another node's user",
        "2,000 a second for users that are not on the node; what the node uses when idle is taken off. A stock "
        "emitter publishes to the one channel that every node hears.",
    ),
    Section(
        "room",
        "A large room",
        "One emit to a room in which every client of the node is, 5 a second; for Saldo Vivo, "
        "which has no rooms but those of users, one to everyone.",
    ),
    Section(
        "cluster",
        "A growing cluster",
        "400 clients spread over the nodes, 1,000 emits a second to one user each: what all nodes use together. "
        "Node has two adapters: the one its documentation starts with sends every message to every node, the "
        "sharded one has a channel for each room, as Saldo Vivo does.",
    ),
    Section(
        "connections",
        "Connections",
        "A fresh node. Costs at a size are those of the last thousand to come and of the first thousand to go, "
        "over WebSocket. Saldo Vivo verifies a token, asks the database for the head of the user's stream and "
        "joins through Redis; so does 'Node, same checks' (jsonwebtoken, mysql2, the sharded adapter). The other two "
        "trust a number that the client sends.",
    ),
    Section(
        "deaf",
        "After Redis was away",
        "SIGKILL, and a fresh Redis on the same port after the outage; a message every 50 ms. From the moment "
        "Redis answers PING to the emit of the first message that was delivered. What falls between is lost by "
        "the other two.",
    ),
    Section(
        "money",
        "Money",
        "Transfers between random users, eight at a time, MariaDB on the same machine, no worker. The bare driver "
        "sends the same statements in the same order from one process with eight greenlets, and does nothing "
        "else: no HTTP, no token, no JSON, no checks.",
    ),
    Section(
        "screen",
        "From a commit to the screen",
        "POST /transferencia on one node, the worker's relay, Redis, and both parties' sockets on the same node, "
        "1,000 of them. The commit falls between the request and its answer, so the delay from commit to client "
        "lies between the two figures given; an event may be on the screen before the answer is.",
    ),
    Section(
        "presence",
        "Who is online",
        "Three nodes in one process, each person on one of them and a contact of 20 others. A node's beat is its "
        "round trip to Redis, once a second. When people come or go at once, the time counts from the first until the "
        "last of their contacts was told, 3 s of grace among it; the database is asked who may know.",
    ),
    Section(
        "storm",
        "Nodes die under their clients",
        "5,000 authenticated clients on three nodes behind nginx, MariaDB on the same machine. Nodes are killed with "
        "SIGKILL and started again by their supervisor; clients come again at once, 100 ms after a refusal, or with "
        "the delays of the stock client (1 to 5 s, give or take a half). Meanwhile /healthz is asked 40 times a second "
        "and a transfer made 20 times, through nginx. A node has its share when it is within 15 % of the mean.",
    ),
)
