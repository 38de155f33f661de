/* What the load programs share: one clock, the stamp inside a payload, samples and their percentiles. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* "~T" and nineteen digits of CLOCK_MONOTONIC nanoseconds: of one width, so that overwriting it moves nothing. */
#define STAMP_MARK "~T"
#define STAMP_DIGITS 19
#define STAMP_LEN (2 + STAMP_DIGITS)

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
static inline uint64_t cpu_ns(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

static inline void write_digits(char *at, int digits, uint64_t value) {
    for (int i = digits - 1; i >= 0; i--, value /= 10) at[i] = (char)('0' + value % 10);
}

static inline uint64_t read_digits(const char *at, int digits) {
    uint64_t value = 0;
    for (int i = 0; i < digits; i++) value = value * 10 + (uint64_t)(at[i] - '0');
    return value;
}

/* The stamp in a text, or 0 when it has none. */
static inline uint64_t find_stamp(const char *text, size_t len) {
    const char *mark = memmem(text, len, STAMP_MARK, 2);
    if (!mark || (size_t)(text + len - mark) < STAMP_LEN) return 0;
    return read_digits(mark + 2, STAMP_DIGITS);
}

/* A blocking connect: on loopback it is immediate unless the server's backlog is full. */
static inline int connect_loopback(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) return -1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static inline void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static inline void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The whole of a file, with a zero byte after it. */
static inline char *read_whole(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len + 1);
    if (!bytes || fread(bytes, 1, *len, file) != *len) die(path);
    bytes[*len] = 0;
    fclose(file);
    return bytes;
}

/* When something was sent and when it was seen, in order of arrival. */
struct sample {
    uint64_t sent_ns, seen_ns;
};

struct samples {
    struct sample *list;
    size_t count, room;
};

static inline void add_sample(struct samples *all, uint64_t sent_ns, uint64_t seen_ns) {
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 65536;
        all->list = realloc(all->list, all->room * sizeof *all->list);
        if (!all->list) die("samples");
    }
    all->list[all->count++] = (struct sample){sent_ns, seen_ns};
}

static inline void dump_samples(const struct samples *all, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(all->list, sizeof *all->list, all->count, file) != all->count) die(path);
    fclose(file);
}

static inline int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Prints `"p50_us": …, "p99_us": …, "max_us": …`; zeros when nothing was seen. */
static inline void print_latency(const struct samples *all) {
    uint64_t *took = calloc(all->count + 1, sizeof *took);
    if (!took) die("latency");
    for (size_t i = 0; i < all->count; i++) took[i] = all->list[i].seen_ns - all->list[i].sent_ns;
    qsort(took, all->count, sizeof *took, by_value);
    size_t last = all->count ? all->count - 1 : 0;
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f", (double)took[last / 2] / 1e3,
           (double)took[last * 99 / 100] / 1e3, (double)took[last] / 1e3);
    free(took);
}

#endif
