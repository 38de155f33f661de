/* Publishes one prepared message to the rooms of random users, at a rate or as fast as Redis takes it.
 *
 *   emitter PORT TEMPLATE FIRST_USER USERS COUNT RATE BURST SEQS
 *
 * TEMPLATE is a whole Redis command, in the wire format of the server under test, in which every `user_999999` is the
 * room, every `~T0000000000000000000` the stamp and every `9990009990` the seq of that user, which counts on from one run
 * to the next in the file SEQS; all are overwritten in place for each message. Sends COUNT messages
 * (or until SIGTERM, with COUNT 0), BURST at a time, RATE a second on average; RATE 0 sends without a pause. A lost
 * connection is made anew, and what fell between is not sent again. Prints one JSON line.
 */
#include "common.h"
#include <signal.h>
#include <sys/mman.h>

#define ROOM_MARK "user_999999"
#define ROOM_DIGITS 6
#define SEQ_MARK "9990009990"
#define SEQ_DIGITS 10
enum { MARKS_MAX = 8, FLOOD_BATCH = 32, UNANSWERED_MAX = 512, RECONNECT_NS = 20000000 };

static char *template;
static size_t template_len, rooms[MARKS_MAX], stamps[MARKS_MAX], seqs[MARKS_MAX], room_count, stamp_count, seq_count;
static uint64_t *last_seqs;
static volatile sig_atomic_t stopping;

static void on_stop(int signal) { (void)signal, stopping = 1; }

static size_t find_marks(const char *mark, size_t skip, size_t *offsets) {
    size_t count = 0, mark_len = strlen(mark);
    for (char *at = template; (at = memmem(at, template_len - (size_t)(at - template), mark, mark_len)); at += mark_len)
        if (count < MARKS_MAX) offsets[count++] = (size_t)(at - template) + skip;
    return count;
}

static uint64_t *map_seqs(const char *path, size_t users) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)(users * sizeof *last_seqs)) < 0) die(path);
    void *map = mmap(NULL, users * sizeof *last_seqs, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) die(path);
    return map;
}

static void fill(char *message, uint64_t first, uint64_t index) {
    uint64_t stamp = now_ns();
    memcpy(message, template, template_len);
    for (size_t i = 0; i < room_count; i++) write_digits(message + rooms[i], ROOM_DIGITS, first + index);
    if (seq_count) last_seqs[index]++;
    for (size_t i = 0; i < seq_count; i++) write_digits(message + seqs[i], SEQ_DIGITS, last_seqs[index]);
    for (size_t i = 0; i < stamp_count; i++) write_digits(message + stamps[i], STAMP_DIGITS, stamp);
}

/* xorshift with a fixed seed: every server is given the same users in the same order. */
static uint64_t next_random(void) {
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static int redis_port, redis_fd = -1;
static uint64_t unanswered;

static int connected(void) {
    static uint64_t tried_ns;
    if (redis_fd < 0 && now_ns() - tried_ns > RECONNECT_NS) {
        tried_ns = now_ns();
        redis_fd = connect_loopback(redis_port);
    }
    return redis_fd >= 0;
}

static void forget_connection(void) {
    close(redis_fd);
    redis_fd = -1;
    unanswered = 0;
}

/* Takes answers (one line each, a number of subscribers) off the wire until at most `left` are outstanding: a
 * connection that is closed with answers unread takes unread commands with it. */
static void drain_answers(uint64_t left) {
    char answers[16384];
    ssize_t got;
    while ((got = recv(redis_fd, answers, sizeof answers, unanswered > left ? 0 : MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < got; i++) unanswered -= answers[i] == '\n';
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) forget_connection();
}

static int send_batch(char *batch, size_t count, uint64_t first, uint64_t users) {
    for (size_t i = 0; i < count; i++) fill(batch + i * template_len, first, next_random() % users);
    if (!connected()) return 0;
    size_t len = count * template_len, done = 0;
    while (done < len) {
        ssize_t sent = send(redis_fd, batch + done, len - done, MSG_NOSIGNAL);
        if (sent < 0) {
            forget_connection();
            return 0;
        }
        done += (size_t)sent;
    }
    unanswered += count;
    drain_answers(UNANSWERED_MAX);
    return 1;
}

static void sleep_until(uint64_t at_ns) {
    struct timespec at = {(time_t)(at_ns / 1000000000u), (long)(at_ns % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

int main(int argc, char **argv) {
    if (argc != 9) return fprintf(stderr, "emitter PORT TEMPLATE FIRST_USER USERS COUNT RATE BURST SEQS\n"), 2;
    uint64_t first = strtoull(argv[3], NULL, 10), users = strtoull(argv[4], NULL, 10), wanted = strtoull(argv[5], NULL, 10);
    double rate = atof(argv[6]);
    size_t burst = rate > 0 ? strtoull(argv[7], NULL, 10) : FLOOD_BATCH;
    redis_port = atoi(argv[1]);
    template = read_whole(argv[2], &template_len);
    room_count = find_marks(ROOM_MARK, strlen(ROOM_MARK) - ROOM_DIGITS, rooms);
    seq_count = find_marks(SEQ_MARK, 0, seqs);
    if (seq_count) last_seqs = map_seqs(argv[8], users);
    stamp_count = find_marks(STAMP_MARK, 2, stamps);
    char *batch = malloc(burst * template_len);
    if (!batch || !stamp_count || !connected()) return fprintf(stderr, "no memory, no stamp or no Redis\n"), 1;
    signal(SIGTERM, on_stop);
    uint64_t begin = now_ns(), sent = 0, tried = 0;
    while (!stopping && (!wanted || tried < wanted)) {
        if (rate > 0) sleep_until(begin + (uint64_t)((double)tried * 1e9 / rate));
        size_t count = wanted && wanted - tried < burst ? (size_t)(wanted - tried) : burst;
        if (send_batch(batch, count, first, users)) sent += count;
        tried += count;
    }
    if (redis_fd >= 0) drain_answers(0);
    printf("{\"sent\": %llu, \"seconds\": %.3f, \"cpu_ns\": %llu}\n", (unsigned long long)sent,
           (double)(now_ns() - begin) / 1e9, (unsigned long long)cpu_ns());
    return 0;
}
