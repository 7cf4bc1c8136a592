/* What the model server and the readers have in common: the clock, the marks that tokens carry, epoll, percentiles.
 *
 * A token's text is a mark: its number, the microsecond of its sending, the microseconds since its request arrived. The
 * readers find marks in whatever comes back, so they need not know the wire. Both ends read the same clock, so they
 * have to run on one machine.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 512
#define HEAD_BYTES 16384
#define MARK_SHAPE "~#####.############.#######;" /* # is a digit; an answer's last mark ends in ! */
#define MARK_BYTES (sizeof MARK_SHAPE - 1)
#define CLOCK_WRAPS 1000000000000 /* what 12 digits hold: 11 days */
#define SECOND 1000000

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void *must(void *memory) {
    if (!memory) die("memory");
    return memory;
}

static void watch(int poll, int fd, void *whose, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = whose};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static int wait_until(int poll, struct epoll_event *events, int64_t due) {
    int64_t wait = due - now_us();
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / SECOND, wait % SECOND * 1000};
    int count = epoll_pwait2(poll, events, EVENTS, &timeout, NULL);
    if (count < 0 && errno != EINTR) die("epoll_pwait2");
    return count < 0 ? 0 : count;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Microseconds, kept one by one so that percentiles are exact. */
struct times {
    uint32_t *values;
    size_t count, room;
};

static void note(struct times *times, int64_t value) {
    if (times->count == times->room) {
        times->room = times->room ? times->room * 2 : 4096;
        times->values = must(realloc(times->values, times->room * sizeof *times->values));
    }
    times->values[times->count++] = value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void print_times(FILE *out, const char *name, struct times *times) {
    if (times->count) qsort(times->values, times->count, sizeof *times->values, by_size);
    size_t last = times->count ? times->count - 1 : 0;
    uint32_t zero = 0, *sorted = times->count ? times->values : &zero;
    fprintf(out, "\"%s\":{\"count\":%zu,\"p50\":%u,\"p95\":%u,\"p99\":%u,\"max\":%u}", name, times->count,
            sorted[last / 2], sorted[last * 95 / 100], sorted[last * 99 / 100], sorted[last]);
}
