/* Sends prepared HTTP requests over kept-alive connections, at a rate (open loop) or one after the other.
 *
 *   http PORT REQUESTS CONNECTIONS SECONDS RATE [DUMP]
 *
 * REQUESTS holds whole requests, each after a line with its length; they are sent in turn. In each, a stamp is
 * overwritten with the time at which the request was due, and `~K0000000000000000000` with a number of its own. With a
 * RATE, latency counts from the time a request was due, also when every connection was busy. SIGTERM ends it early.
 * Prints one JSON line; DUMP gets (due, answered) of every 2xx.
 */
#include "common.h"
#include <poll.h>
#include <signal.h>

enum { CONNECTIONS_MAX = 256, ANSWER_MAX = 65536, REQUEST_MAX = 8192 };
/* How long answers are waited for after the last request. */
#define ANSWERS_NS 30000000000ull
#define KEY_MARK "~K"

struct request {
    const char *bytes;
    size_t len;
};

struct conn {
    int fd;
    uint64_t due_ns;
    size_t have;
    char answer[ANSWER_MAX];
};

static struct request *requests;
static size_t request_count, conn_count, next_request, busy_count;
static struct conn *conns;
static struct pollfd polls[CONNECTIONS_MAX];
static struct samples samples;
static uint64_t answered, failed, key_base;
static volatile sig_atomic_t stopping;

static void on_stop(int signal) { (void)signal, stopping = 1; }

static void read_requests(const char *path) {
    size_t len;
    char *at = read_whole(path, &len), *end = at + len;
    while (at < end) {
        size_t size = strtoull(at, &at, 10);
        if (request_count % 1024 == 0) requests = realloc(requests, (request_count + 1024) * sizeof *requests);
        if (!requests || size > REQUEST_MAX) die("requests");
        requests[request_count++] = (struct request){++at, size};
        at += size;
    }
}

static void send_request(struct conn *conn, uint64_t due_ns) {
    char out[REQUEST_MAX];
    struct request request = requests[next_request++ % request_count];
    memcpy(out, request.bytes, request.len);
    char *stamp = memmem(out, request.len, STAMP_MARK, 2), *key = memmem(out, request.len, KEY_MARK, 2);
    if (stamp) write_digits(stamp + 2, STAMP_DIGITS, due_ns);
    if (key) write_digits(key + 2, STAMP_DIGITS, key_base + next_request);
    conn->due_ns = due_ns;
    conn->have = 0;
    busy_count++;
    if (send(conn->fd, out, request.len, MSG_NOSIGNAL) != (ssize_t)request.len) die("send");
}

/* Whether the answer is whole; every answer of an API says its length. */
static int is_whole(struct conn *conn) {
    char *end = memmem(conn->answer, conn->have, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0;
    char *length = strcasestr(conn->answer, "\r\nContent-Length:");
    size_t body = length ? strtoull(length + 17, NULL, 10) : 0;
    *end = '\r';
    return conn->have >= (size_t)(end + 4 - conn->answer) + body;
}

static void reconnect(struct conn *conn, int port) {
    if (conn->fd >= 0) close(conn->fd);
    if ((conn->fd = connect_loopback(port)) < 0) die("connect");
    polls[conn - conns] = (struct pollfd){.fd = conn->fd, .events = POLLIN};
}

static void on_readable(struct conn *conn, int port) {
    ssize_t got = recv(conn->fd, conn->answer + conn->have, ANSWER_MAX - 1 - conn->have, 0);
    if (got <= 0) {
        if (conn->due_ns) failed++, busy_count--;
        conn->due_ns = 0;
        reconnect(conn, port);
        return;
    }
    conn->have += (size_t)got;
    if (!is_whole(conn)) return;
    if (conn->answer[9] == '2') answered++, add_sample(&samples, conn->due_ns, now_ns());
    else if (failed++ == 0) fprintf(stderr, "%.*s\n", (int)conn->have, conn->answer);
    conn->due_ns = 0;
    busy_count--;
}

static struct conn *idle_conn(void) {
    if (busy_count == conn_count) return NULL;
    for (size_t i = 0; i < conn_count; i++)
        if (!conns[i].due_ns) return &conns[i];
    return NULL;
}

static void run(int port, double seconds, double rate) {
    uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9), sent = 0;
    for (;;) {
        uint64_t now = now_ns();
        if (stopping && now < end) end = now;
        uint64_t due = rate > 0 ? begin + (uint64_t)((double)sent * 1e9 / rate) : now;
        struct conn *idle;
        while (due <= now && due < end && (idle = idle_conn())) {
            send_request(idle, due);
            sent++;
            due = rate > 0 ? begin + (uint64_t)((double)sent * 1e9 / rate) : now;
        }
        if (now >= end && (!busy_count || now > end + ANSWERS_NS)) return;
        uint64_t wait_ns = due > now && due < end ? due - now : 100000000;
        struct timespec wait = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
        if (ppoll(polls, conn_count, &wait, NULL) <= 0) continue;
        for (size_t i = 0; i < conn_count; i++)
            if (polls[i].revents) on_readable(&conns[i], port);
    }
}

int main(int argc, char **argv) {
    if (argc != 6 && argc != 7) return fprintf(stderr, "http PORT REQUESTS CONNECTIONS SECONDS RATE [DUMP]\n"), 2;
    signal(SIGTERM, on_stop);
    int port = atoi(argv[1]);
    conn_count = strtoull(argv[3], NULL, 10);
    if (conn_count > CONNECTIONS_MAX) return fprintf(stderr, "at most %d connections\n", CONNECTIONS_MAX), 2;
    read_requests(argv[2]);
    conns = calloc(conn_count, sizeof *conns);
    if (!conns) die("conns");
    for (size_t i = 0; i < conn_count; i++) conns[i].fd = -1, reconnect(&conns[i], port);
    key_base = now_ns() / 1000 * 1000;
    uint64_t begin = now_ns();
    run(port, atof(argv[4]), atof(argv[5]));
    printf("{\"answered\": %llu, \"failed\": %llu, \"unanswered\": %zu, \"seconds\": %.3f, \"cpu_ns\": %llu, ",
           (unsigned long long)answered, (unsigned long long)failed, busy_count, (double)(now_ns() - begin) / 1e9,
           (unsigned long long)cpu_ns());
    print_latency(&samples);
    printf("}\n");
    if (argc == 7) dump_samples(&samples, argv[6]);
    return 0;
}
