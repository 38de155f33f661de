/* Many Socket.IO clients (protocol 5 over Engine.IO 4, websocket only) in one thread.
 *
 *   client PORTS AUTH_FILE READY_EVENT COUNTED_EVENT
 *
 * PORTS is a comma-separated list; connection i goes to PORTS[i % n] with the i-th line of AUTH_FILE as its CONNECT
 * payload. A connection counts as open when READY_EVENT has come. Commands on standard input, one JSON line for each:
 *   connect N INFLIGHT RATE   open N more, at most INFLIGHT handshakes at once and RATE a second (0: no limit);
 *                        what is refused is tried again
 *   reset                forget what was counted
 *   count                how many were delivered since, and nothing that costs time
 *   report               what was counted since, with latencies of stamped payloads
 *   dump PATH            the samples, as pairs of native 64-bit numbers
 *   disconnect N         close the N newest, with a close frame, as a browser does
 *   reconnect MODE       from here on, what is closed or refused comes again by itself: 1 at once, 2 with the delays of
 *                        the stock client, 0 not at all
 *   regain SECONDS       wait until all that were lost together are open again, so long at the most: how long it took
 *   quit
 */
#include "websocket.h"
#include <sys/epoll.h>

enum { SCRATCH = 1 << 20, SEND_MAX = 16384, PORTS_MAX = 64, BATCH = 256 };
enum { CONNECT_TIMEOUT_S = 120, CLOSE_TIMEOUT_S = 30 };
/* Who comes again at once waits so long when it was refused; the stock client from 1 to 5 s, give or take a half. */
enum { AT_ONCE_MS = 100, STOCK_MS = 1000, STOCK_MAX_MS = 5000 };
/* What is lost within so long of the first was lost together. */
#define KILLED_NS 500000000ull
enum reconnect { STAYS_AWAY, AT_ONCE, STOCK };

enum state { GONE, UPGRADING, JOINING, OPEN, CLOSING };

struct conn {
    int fd;
    enum state state;
    char *rest;
    size_t rest_len;
    unsigned attempts;
    uint64_t again_ns;
    int missing;
};

static enum reconnect reconnecting;
static uint64_t first_lost_ns, last_regained_ns;
static size_t missing_count;
static int ports[PORTS_MAX], port_count, poller;
static char **auths, *ready_event, *counted_event;
static size_t auth_count, ready_len, counted_len;
static struct conn *conns;
static size_t conn_count, open_count, pending, lost, refused;
static struct samples samples;
static uint64_t delivered, bytes_in, cpu_at_reset;
static unsigned char scratch[SCRATCH];

static void send_all(struct conn *conn, const char *bytes, size_t len) {
    if (send(conn->fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len && conn->state == OPEN) lost++;
}

static void send_text(struct conn *conn, const char *text, size_t len) {
    char out[SEND_MAX];
    send_all(conn, out, ws_build(out, WS_TEXT, text, len));
}

/* When a client that was closed or refused comes again; 0 for never. */
static uint64_t comes_again_ns(struct conn *conn) {
    if (reconnecting == STAYS_AWAY) return 0;
    uint64_t delay_ms = conn->attempts ? AT_ONCE_MS : 0;
    if (reconnecting == STOCK) {
        delay_ms = (uint64_t)STOCK_MS << (conn->attempts < 3 ? conn->attempts : 3);
        if (delay_ms > STOCK_MAX_MS) delay_ms = STOCK_MAX_MS;
        delay_ms = delay_ms / 2 + (uint64_t)rand() % (delay_ms + 1);
    }
    return now_ns() + delay_ms * 1000000;
}

static void drop(struct conn *conn) {
    if (conn->state == UPGRADING || conn->state == JOINING) pending--, refused++;
    if (conn->state == OPEN) open_count--, lost++;
    if (conn->state == OPEN && !first_lost_ns) first_lost_ns = now_ns();
    if (conn->state == CLOSING) pending--;
    unsigned attempts = conn->state == OPEN ? 0 : conn->attempts + 1;
    int missing = conn->missing;
    if (conn->state == OPEN && !missing && now_ns() < first_lost_ns + KILLED_NS) missing = 1, missing_count++;
    close(conn->fd);
    free(conn->rest);
    *conn = (struct conn){.fd = -1, .attempts = attempts, .missing = missing};
    conn->again_ns = comes_again_ns(conn);
}

static void start(size_t index) {
    struct conn *conn = &conns[index];
    conn->fd = connect_loopback(ports[index % (size_t)port_count]);
    if (conn->fd < 0) {
        refused++, conn->attempts++;
        conn->again_ns = comes_again_ns(conn);
        return;
    }
    set_nonblocking(conn->fd);
    char request[512];
    int len = snprintf(request, sizeof request,
                       "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                       "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 10.%zu.%zu.%zu\r\n\r\n",
                       ports[index % (size_t)port_count], index >> 16 & 255, index >> 8 & 255, index & 255);
    conn->state = UPGRADING;
    pending++;
    send_all(conn, request, (size_t)len);
    struct epoll_event want = {.events = EPOLLIN, .data.u64 = index + 1};
    epoll_ctl(poller, EPOLL_CTL_ADD, conn->fd, &want);
}

static int event_is(const char *text, size_t len, const char *name, size_t name_len) {
    return len > name_len + 5 && !memcmp(text, "42[\"", 4) && !memcmp(text + 4, name, name_len) && text[4 + name_len] == '"';
}

static void on_text(struct conn *conn, size_t index, const char *text, size_t len) {
    if (len && text[0] == '0') {
        char connect[SEND_MAX];
        int size = snprintf(connect, sizeof connect, "40%s", auths[index]);
        send_text(conn, connect, (size_t)size);
    } else if (len == 1 && text[0] == '2') {
        send_text(conn, "3", 1);
    } else if (event_is(text, len, counted_event, counted_len)) {
        uint64_t stamp = find_stamp(text, len);
        delivered++;
        if (stamp) add_sample(&samples, stamp, now_ns());
    } else if (conn->state == JOINING && event_is(text, len, ready_event, ready_len)) {
        conn->state = OPEN;
        pending--, open_count++;
        if (conn->missing) conn->missing = 0, missing_count--, last_regained_ns = now_ns();
    }
}

/* Returns 0 when the connection is over. */
static int on_frame(struct conn *conn, size_t index, const struct ws_frame *frame) {
    char out[160];
    if (frame->opcode == WS_TEXT) on_text(conn, index, frame->payload, frame->len);
    if (frame->opcode == WS_PING && frame->len < 126) send_all(conn, out, ws_build(out, WS_PONG, frame->payload, frame->len));
    return frame->opcode != WS_CLOSE;
}

/* Returns the length of the upgrade's answer, 0 when it is not whole, -1 when it refuses. */
static long upgrade_len(const unsigned char *at, size_t have) {
    const char *end = memmem(at, have, "\r\n\r\n", 4);
    if (!end) return 0;
    if (memcmp(at, "HTTP/1.1 101", 12)) return -1;
    return (long)(end + 4 - (const char *)at);
}

static void keep_rest(struct conn *conn, const unsigned char *at, size_t len) {
    conn->rest = len ? realloc(conn->rest, len) : (free(conn->rest), NULL);
    if (len) memcpy(conn->rest, at, len);
    conn->rest_len = len;
}

static void on_readable(size_t index) {
    struct conn *conn = &conns[index];
    if (conn->state == GONE) return;
    memcpy(scratch, conn->rest, conn->rest_len);
    ssize_t got = recv(conn->fd, scratch + conn->rest_len, SCRATCH - conn->rest_len, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        drop(conn);
        return;
    }
    bytes_in += (uint64_t)got;
    size_t have = conn->rest_len + (size_t)got, done = 0;
    for (;;) {
        struct ws_frame frame = {0};
        int upgrading = conn->state == UPGRADING;
        long took = upgrading ? upgrade_len(scratch, have) : ws_parse(scratch + done, have - done, &frame);
        if (took == 0) break;
        if (took < 0 || (!upgrading && !on_frame(conn, index, &frame))) {
            drop(conn);
            return;
        }
        if (upgrading) conn->state = JOINING;
        done += (size_t)took;
    }
    keep_rest(conn, scratch + done, have - done);
}

/* Serves the sockets once; returns 1 when standard input has something to say. */
static int poll_once(int timeout_ms) {
    struct epoll_event events[BATCH];
    int count = epoll_wait(poller, events, BATCH, timeout_ms), command = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == 0) command = 1;
        else on_readable((size_t)events[i].data.u64 - 1);
    }
    return command;
}

/* Opens what was to come again by now, some of it at a time. */
static void come_again(void) {
    uint64_t now = now_ns();
    int started = 0;
    for (size_t i = 0; i < conn_count && started < BATCH; i++)
        if (conns[i].state == GONE && conns[i].again_ns && conns[i].again_ns <= now) start(i), started++;
}

/* The next connection to open among the first `wanted`: a new one, else one that was refused, as browsers come again. */
static size_t next_index(size_t wanted) {
    if (conn_count < wanted) return conn_count++;
    for (size_t i = wanted; pending == 0 && i > 0; i--)
        if (conns[i - 1].state == GONE) return i - 1;
    return wanted;
}

static void do_connect(size_t count, size_t inflight, double rate) {
    if (count > auth_count - conn_count) count = auth_count - conn_count;
    size_t wanted = conn_count + count, open_before = open_count, started = 0;
    refused = 0;
    uint64_t begin = now_ns(), limit = begin + CONNECT_TIMEOUT_S * 1000000000ull;
    while (open_count - open_before < count && refused <= count && now_ns() < limit) {
        double due = rate > 0 ? (double)(now_ns() - begin) / 1e9 * rate : (double)(started + inflight);
        while (pending < inflight && (double)started < due) {
            size_t index = next_index(wanted);
            if (index == wanted) break;
            start(index);
            started++;
        }
        poll_once(rate > 0 ? 1 : 10);
    }
    printf("{\"opened\": %zu, \"refused\": %zu, \"seconds\": %.3f}\n", open_count - open_before, refused,
           (double)(now_ns() - begin) / 1e9);
}

static void do_disconnect(size_t count) {
    uint64_t begin = now_ns(), limit = begin + CLOSE_TIMEOUT_S * 1000000000ull;
    size_t closed = 0, forced = 0;
    char out[16];
    for (; closed < count && conn_count; conn_count--) {
        struct conn *conn = &conns[conn_count - 1];
        if (conn->state != OPEN) continue;
        conn->state = CLOSING;
        open_count--, pending++, closed++;
        send_all(conn, out, ws_build(out, WS_CLOSE, "\x03\xe8", 2));
    }
    while (pending && now_ns() < limit) poll_once(10);
    for (size_t i = conn_count; i < auth_count; i++)
        if (conns[i].state == CLOSING) drop(&conns[i]), forced++;
    printf("{\"closed\": %zu, \"forced\": %zu, \"seconds\": %.3f}\n", closed, forced, (double)(now_ns() - begin) / 1e9);
}

static void do_regain(double seconds) {
    uint64_t limit = now_ns() + (uint64_t)(seconds * 1e9);
    while ((!first_lost_ns || missing_count || now_ns() < first_lost_ns + KILLED_NS) && now_ns() < limit) {
        poll_once(5);
        come_again();
    }
    printf("{\"missing\": %zu, \"lost\": %zu, \"refused\": %zu, \"seconds\": %.3f}\n", missing_count, lost, refused,
           first_lost_ns ? (double)(last_regained_ns - first_lost_ns) / 1e9 : 0);
}

static void do_reset(void) {
    samples.count = 0;
    first_lost_ns = last_regained_ns = 0;
    refused = 0;
    delivered = bytes_in = 0;
    lost = 0;
    cpu_at_reset = cpu_ns();
    printf("{}\n");
}

static void do_report(void) {
    uint64_t span = samples.count ? samples.list[samples.count - 1].seen_ns - samples.list[0].sent_ns : 0;
    printf("{\"open\": %zu, \"delivered\": %llu, \"lost\": %zu, \"bytes\": %llu, \"cpu_ns\": %llu, \"span_s\": %.4f, ",
           open_count, (unsigned long long)delivered, lost, (unsigned long long)bytes_in,
           (unsigned long long)(cpu_ns() - cpu_at_reset), (double)span / 1e9);
    print_latency(&samples);
    printf("}\n");
}

static int run_command(char *line) {
    size_t count, inflight;
    double rate;
    char path[4096];
    if (sscanf(line, "connect %zu %zu %lf", &count, &inflight, &rate) == 3) do_connect(count, inflight, rate);
    else if (sscanf(line, "disconnect %zu", &count) == 1) do_disconnect(count);
    else if (sscanf(line, "dump %4095s", path) == 1) dump_samples(&samples, path), printf("{}\n");
    else if (!strncmp(line, "count", 5)) printf("{\"delivered\": %llu}\n", (unsigned long long)delivered);
    else if (sscanf(line, "reconnect %zu", &count) == 1) reconnecting = (enum reconnect)count, printf("{}\n");
    else if (sscanf(line, "regain %lf", &rate) == 1) do_regain(rate);
    else if (!strncmp(line, "reset", 5)) do_reset();
    else if (!strncmp(line, "report", 6)) do_report();
    else return 0;
    fflush(stdout);
    return 1;
}

static void read_auths(const char *path) {
    size_t len;
    char *text = read_whole(path, &len);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (auth_count % 1024 == 0) auths = realloc(auths, (auth_count + 1024) * sizeof *auths);
        if (!auths) die("auths");
        auths[auth_count++] = line;
    }
    conns = calloc(auth_count, sizeof *conns);
    if (!conns) die("conns");
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "client PORTS AUTH_FILE READY_EVENT COUNTED_EVENT\n"), 2;
    for (char *port = strtok(argv[1], ","); port && port_count < PORTS_MAX; port = strtok(NULL, ",")) ports[port_count++] = atoi(port);
    ready_event = argv[3], ready_len = strlen(argv[3]);
    counted_event = argv[4], counted_len = strlen(argv[4]);
    raise_file_limit();
    read_auths(argv[2]);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event want = {.events = EPOLLIN, .data.u64 = 0};
    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &want);
    char line[4200];
    for (;;) {
        int command = poll_once(reconnecting ? 5 : -1);
        if (reconnecting) come_again();
        if (!command) continue;
        ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
        if (got <= 0) return 0;
        line[got] = 0;
        if (!run_command(line)) return 0;
    }
}
