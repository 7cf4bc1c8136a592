/* Many readers of one server: opens streams and tells what becomes of the model server's tokens.
 *
 *   readers --port 8000 --streams 300 --first FILE [--second FILE --find TEXT] …
 *
 * The files are whole HTTP requests. With two, both go over one connection, and what stands behind TEXT in the first
 * reply, up to a quote, replaces {id} in the second request; {person} in either is replaced by the reader's number.
 * Streams begin over `ramp` seconds. The last `late` of them begin one by one, `late_rate` a second, once all others have
 * spoken and `settle` seconds have passed: their first tokens are noted apart. `settle` seconds after all have spoken, or
 * after `patience` seconds of waiting for that, a window of `window` seconds opens, in which tokens and their delays are
 * counted (0: all the time); `grace` seconds after it has closed whatever is still open is left. An answer is complete
 * when it has as many tokens as `tokens` says, or (0) when its last mark says that it is the last. Prints a JSON object
 * when the window opens, one when it closes, and one with all counts at the end. Times are microseconds.
 */
#include "shared.h"
#include <getopt.h>

enum part { CONNECTING, HEAD, PLAIN, CHUNK_SIZE, CHUNK, CHUNK_END, ENDED };

struct reader {
    int fd, number, times_left, step; /* step: 0 is the first request, 1 the second; fd is -1 when nothing is open */
    enum part part;
    char text[HEAD_BYTES]; /* of the reply: its head; in a first step of two its body, too */
    int text_bytes;
    int64_t left, began, starts; /* left: bytes of the body or chunk; -1 until the connection ends */
    bool is_chunked;
    char mark[MARK_BYTES + 1];
    int mark_bytes, tokens;
    bool is_new_in_window, has_last;
};

static struct {
    int port, streams, times, tokens, late;
    double ramp, settle, window, grace, patience, late_rate;
    char *first, *second, *find;
    FILE *trace;
} plan = {.streams = 1, .times = 1, .tokens = 150, .ramp = 1, .settle = 0.5, .window = 3, .grace = 5, .patience = 15, .late_rate = 40};
static struct { long requests, complete, cut, refused, broken, tokens, doubled, missing, window_tokens; int open, active, last_status; } met;
static struct times delays, firsts, late_firsts, waits; /* waits: for the first token, the model's part included */
static bool is_window;
static int poll_fd;

static void finish(struct reader *reader, long *outcome) {
    ++*outcome;
    close(reader->fd);
    reader->fd = -1;
    if (reader->tokens) met.open--;
    reader->starts = --reader->times_left > 0 ? now_us() : INT64_MAX;
}

static bool ask(struct reader *reader, const char *request, const char *id) {
    char out[HEAD_BYTES * 2];
    const char *place = id ? strstr(request, "{id}") : NULL;
    int count = place ? snprintf(out, sizeof out, "%.*s%s%s", (int)(place - request), request, id, place + 4)
                      : snprintf(out, sizeof out, "%s", request);
    char *person = strstr(out, "{person}"), number[16];
    if (person) snprintf(number, sizeof number, "%08d", reader->number), memcpy(person, number, 8);
    reader->part = HEAD;
    reader->text_bytes = 0;
    return send(reader->fd, out, (size_t)count, MSG_NOSIGNAL) == count;
}

static void start(struct reader *reader) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)plan.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    met.requests++;
    reader->starts = INT64_MAX;
    reader->step = reader->tokens = reader->mark_bytes = 0;
    reader->has_last = false;
    reader->part = CONNECTING;
    reader->began = now_us();
    reader->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (reader->fd < 0) die("socket");
    if (connect(reader->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        finish(reader, &met.broken);
    else
        watch(poll_fd, reader->fd, reader, EPOLLOUT);
}

static void connected(struct reader *reader) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
    if (epoll_ctl(poll_fd, EPOLL_CTL_MOD, reader->fd, &event)) die("epoll_ctl");
    if (!ask(reader, plan.first, NULL)) finish(reader, &met.broken);
}

static void take_mark(struct reader *reader, int64_t now) {
    int number = atoi(reader->mark + 1);
    int64_t sent = atoll(reader->mark + 7), waited = atoll(reader->mark + 20);
    int64_t delay = (now % CLOCK_WRAPS - sent + CLOCK_WRAPS) % CLOCK_WRAPS;
    if (plan.trace)
        fprintf(plan.trace, "%d %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", reader->number, number, reader->began,
                now - delay - waited, now - delay, now);
    if (number < reader->tokens) {
        met.doubled++;
        return;
    }
    met.missing += number - reader->tokens;
    if (reader->tokens == 0) {
        met.open++;
        note(reader->number < plan.streams - plan.late ? &firsts : &late_firsts, now - reader->began - waited); /* without the time that the model took */
        note(&waits, now - reader->began);
    } else if (is_window) {
        note(&delays, delay);
    }
    if (is_window) {
        met.window_tokens++;
        if (reader->is_new_in_window) met.active++, reader->is_new_in_window = false;
    }
    reader->tokens = number + 1;
    met.tokens++;
}

static void find_marks(struct reader *reader, const char *bytes, int64_t count, int64_t now) {
    for (const char *end = bytes + count; bytes < end; bytes++) {
        if (reader->mark_bytes == 0 && !(bytes = memchr(bytes, '~', (size_t)(end - bytes)))) return;
        char shape = MARK_SHAPE[reader->mark_bytes];
        bool is_end = shape == ';' && *bytes == '!';
        if (is_end) reader->has_last = true, reader->mark_bytes++;
        else if (shape == '#' ? *bytes < '0' || *bytes > '9' : *bytes != shape) reader->mark_bytes = 0;
        else reader->mark[reader->mark_bytes++] = *bytes;
        if (reader->mark_bytes == MARK_BYTES) {
            reader->mark_bytes = 0;
            take_mark(reader, now);
        }
    }
}

static void end_reply(struct reader *reader) {
    if (reader->step == 0 && plan.second) {
        reader->text[reader->text_bytes] = 0;
        char *id = strstr(reader->text, plan.find), *end = id ? strchr(id += strlen(plan.find), '"') : NULL;
        if (end) *end = 0;
        reader->step = 1;
        if (end) end = strdup(id);
        if (!end || !ask(reader, plan.second, end)) finish(reader, &met.broken);
        free(end);
        return;
    }
    bool is_complete = plan.tokens ? reader->tokens == plan.tokens : reader->has_last;
    met.missing += plan.tokens ? plan.tokens - reader->tokens : !reader->has_last;
    finish(reader, is_complete ? &met.complete : &met.cut);
}

static bool take_head(struct reader *reader) { /* false: refused */
    reader->text[reader->text_bytes] = 0;
    met.last_status = atoi(reader->text + 9);
    if (met.last_status < 200 || met.last_status > 299) return false;
    const char *length = strcasestr(reader->text, "\r\ncontent-length:");
    reader->is_chunked = strcasestr(reader->text, "\r\ntransfer-encoding: chunked") != NULL;
    reader->left = reader->is_chunked ? 0 : length ? atol(length + 17) : -1;
    reader->part = reader->is_chunked ? CHUNK_SIZE : reader->left == 0 ? ENDED : PLAIN;
    return true;
}

/* Goes through what has arrived: head, then body, whole or in chunks, as HTTP/1.1 has it. */
static void take_reply(struct reader *reader, const char *bytes, int64_t count, int64_t now) {
    while (count > 0 && reader->fd >= 0) {
        if (reader->part == PLAIN || reader->part == CHUNK) {
            int64_t body = reader->left < 0 || count < reader->left ? count : reader->left;
            if (reader->step == 0 && plan.second) {
                if (reader->text_bytes + body >= HEAD_BYTES) { finish(reader, &met.broken); return; }
                memcpy(reader->text + reader->text_bytes, bytes, (size_t)body);
                reader->text_bytes += (int)body;
            } else {
                find_marks(reader, bytes, body, now);
            }
            bytes += body, count -= body;
            if (reader->left > 0 && (reader->left -= body) == 0) reader->part = reader->part == CHUNK ? CHUNK_END : ENDED;
        } else {
            char byte = *bytes++;
            count--;
            if (reader->part == HEAD) {
                if (reader->text_bytes == HEAD_BYTES - 1) { finish(reader, &met.broken); return; }
                if (reader->text_bytes == 0 && (byte == '\r' || byte == '\n')) continue; /* of the reply before */
                reader->text[reader->text_bytes++] = byte;
                bool is_whole = reader->text_bytes >= 4 && !memcmp(reader->text + reader->text_bytes - 4, "\r\n\r\n", 4);
                if (is_whole && !take_head(reader)) { finish(reader, &met.refused); return; }
            } else if (reader->part == CHUNK_SIZE) {
                int digit = byte >= '0' && byte <= '9' ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                          : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
                if (digit >= 0) reader->left = reader->left * 16 + digit;
                else if (byte == '\n') reader->part = reader->left ? CHUNK : ENDED; /* nobody sends trailers */
            } else if (reader->part == CHUNK_END && byte == '\n') {
                reader->part = CHUNK_SIZE;
            }
        }
        if (reader->part == ENDED) {
            end_reply(reader);
            return;
        }
    }
}

static void take_event(struct reader *reader) {
    static char bytes[262144];
    if (reader->part == CONNECTING) {
        connected(reader);
        return;
    }
    ssize_t count = recv(reader->fd, bytes, sizeof bytes, 0);
    if (count > 0) take_reply(reader, bytes, count, now_us());
    else if (count == 0 && reader->part == PLAIN && reader->left < 0) end_reply(reader);
    else if (count == 0 || errno != EAGAIN) finish(reader, &met.broken);
}

static double own_cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void load(void) {
    struct reader *readers = must(calloc((size_t)plan.streams, sizeof *readers));
    struct epoll_event events[EVENTS];
    int early = plan.streams - plan.late;
    bool is_first_part = plan.late > 0; /* the late ones have not been let begin */
    int64_t began = now_us(), waits_until = began + (int64_t)((plan.ramp + plan.patience) * SECOND), all_open = 0, opens = 0, closes = 0, ends = INT64_MAX, looks = began;
    double cpu = 0;
    poll_fd = epoll_create1(0);
    for (int i = 0; i < plan.streams; i++) {
        readers[i] = (struct reader){.fd = -1, .number = i, .times_left = plan.times, .is_new_in_window = true};
        readers[i].starts = i < early ? began + (int64_t)(plan.ramp * SECOND * i / early) : INT64_MAX;
    }
    for (;;) {
        int count = wait_until(poll_fd, events, looks);
        for (int i = 0; i < count; i++)
            if (((struct reader *)events[i].data.ptr)->fd >= 0) take_event(events[i].data.ptr);
        int64_t now = now_us();
        if (now < looks) continue;
        looks = now + 1000;
        bool is_over = true;
        for (int i = 0; i < plan.streams; i++) {
            if (readers[i].starts <= now) start(&readers[i]);
            if (readers[i].fd >= 0 || readers[i].starts != INT64_MAX) is_over = false;
        }
        if (is_first_part) is_over = false;
        if (!opens) { /* the window opens when all streams have spoken, or when it is no use to wait for them */
            if (!all_open && (met.open == (is_first_part ? early : plan.streams) || now > waits_until)) all_open = now;
            if (is_first_part) {
                if (all_open && now > all_open + (int64_t)(plan.settle * SECOND)) {
                    for (int i = early; i < plan.streams; i++) readers[i].starts = now + (int64_t)((i - early) * SECOND / plan.late_rate);
                    is_first_part = false, all_open = 0;
                    waits_until = now + (int64_t)((plan.late / plan.late_rate + plan.patience) * SECOND);
                }
            } else if ((all_open && now > all_open + (int64_t)(plan.settle * SECOND)) || plan.window <= 0) {
                opens = now, is_window = true, cpu = own_cpu_seconds();
                printf("{\"window\":\"open\",\"open\":%d}\n", met.open);
                fflush(stdout);
            }
        }
        bool is_time = opens && plan.window > 0 && now > opens + (int64_t)(plan.window * SECOND);
        if (is_window && (is_time || is_over)) {
            closes = now, is_window = false, cpu = own_cpu_seconds() - cpu;
            printf("{\"window\":\"closed\",\"window_tokens\":%ld,\"seconds\":%.6f}\n", met.window_tokens, (double)(closes - opens) / 1e6);
            fflush(stdout);
            ends = now + (int64_t)(plan.grace * SECOND);
        }
        if (now > ends) { /* leave, whatever is still to come */
            for (int i = 0; i < plan.streams; i++) {
                readers[i].times_left = 0;
                if (readers[i].fd >= 0) finish(&readers[i], &met.cut);
            }
            is_over = true;
        }
        if (is_over) break;
    }
    printf("{\"requests\":%ld,\"complete\":%ld,\"cut\":%ld,\"refused\":%ld,\"broken\":%ld,\"last_status\":%d,\"tokens\":%ld,"
           "\"doubled\":%ld,\"missing\":%ld,\"active\":%d,\"cpu_share\":%.3f,", met.requests, met.complete, met.cut, met.refused,
           met.broken, met.last_status, met.tokens, met.doubled, met.missing, met.active, closes > opens ? cpu * 1e6 / (double)(closes - opens) : 0);
    print_times(stdout, "delay_us", &delays);
    printf(",");
    print_times(stdout, "first_us", &firsts);
    printf(",");
    print_times(stdout, "late_first_us", &late_firsts);
    printf(",");
    print_times(stdout, "wait_us", &waits);
    printf("}\n");
}

static char *contents(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    char *text = must(calloc(1, HEAD_BYTES));
    if (fread(text, 1, HEAD_BYTES - 1, file) == 0) die(path);
    fclose(file);
    return text;
}

int main(int count, char **words) {
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},   {"streams", 1, NULL, 's'}, {"times", 1, NULL, 't'},  {"tokens", 1, NULL, 'n'},
        {"ramp", 1, NULL, 'r'},   {"settle", 1, NULL, 'e'},  {"window", 1, NULL, 'w'}, {"grace", 1, NULL, 'g'},
        {"first", 1, NULL, '1'},  {"second", 1, NULL, '2'},  {"find", 1, NULL, 'f'},   {"trace", 1, NULL, 'o'},
        {"late", 1, NULL, 'l'},   {"late_rate", 1, NULL, 'a'}, {"patience", 1, NULL, 'i'},
        {0},
    };
    for (int option; (option = getopt_long(count, words, "", options, NULL)) >= 0;) {
        switch (option) {
        case 'p': plan.port = atoi(optarg); break;
        case 's': plan.streams = atoi(optarg); break;
        case 't': plan.times = atoi(optarg); break;
        case 'n': plan.tokens = atoi(optarg); break;
        case 'r': plan.ramp = atof(optarg); break;
        case 'e': plan.settle = atof(optarg); break;
        case 'w': plan.window = atof(optarg); break;
        case 'g': plan.grace = atof(optarg); break;
        case '1': plan.first = contents(optarg); break;
        case '2': plan.second = contents(optarg); break;
        case 'f': plan.find = optarg; break;
        case 'l': plan.late = atoi(optarg); break;
        case 'a': plan.late_rate = atof(optarg); break;
        case 'i': plan.patience = atof(optarg); break;
        case 'o': plan.trace = must(fopen(optarg, "w")); break;
        default: return 2;
        }
    }
    if (!plan.first || !plan.second != !plan.find) return fprintf(stderr, "see the top of readers.c\n"), 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* does not outlive the lab */
    load();
    return 0;
}
