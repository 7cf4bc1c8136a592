/* A model server that follows a script, on OpenAI's chat completions stream.
 *
 *   model_server        listens on a free port of 127.0.0.1, prints {"port":…}, and serves until it is ended
 *   GET /script?tokens=150&rate=30&first_ms=0&hold=0        sets what every answer is and clears the counts:
 *       so many tokens, so many a second after a random phase, the first not before; hold: the answer never ends
 *   GET /seen           tells the counts: requests, streams open, finished, left by their readers, its own lateness
 *
 * No TLS: put a TLS proxy in front of it to measure that.
 */
#include "shared.h"

struct stream {
    int fd;
    char head[HEAD_BYTES];
    int head_bytes;
    int64_t body_left, arrived, due;
    bool has_head, is_open;
    int tokens, place; /* place: in the heap, -1 when not waiting there */
    char rest[2048];   /* of what the socket did not take */
    int rest_bytes;
};

static struct { int tokens; double rate; int64_t first_us; bool hold; } script = {150, 30, 0, false};
static struct { long requests, open, finished, left, tokens; } seen;
static struct times lateness;
static struct stream **heap; /* the streams that wait for their next token, the earliest first */
static int heap_count, heap_room;

static void put_in_heap(int place, struct stream *stream) {
    heap[place] = stream;
    stream->place = place;
}

static void settle(int place) { /* moves an entry up, then down, to where it belongs */
    struct stream *moved = heap[place];
    for (; place > 0 && heap[(place - 1) / 2]->due > moved->due; place = (place - 1) / 2)
        put_in_heap(place, heap[(place - 1) / 2]);
    for (int child; (child = 2 * place + 1) < heap_count; place = child) {
        if (child + 1 < heap_count && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[child]->due >= moved->due) break;
        put_in_heap(place, heap[child]);
    }
    put_in_heap(place, moved);
}

static void enter_heap(struct stream *stream) {
    if (heap_count == heap_room) {
        heap_room = heap_room ? heap_room * 2 : 1024;
        heap = must(realloc(heap, (size_t)heap_room * sizeof *heap));
    }
    put_in_heap(heap_count++, stream);
    settle(stream->place);
}

static void leave_heap(struct stream *stream) {
    if (stream->place < 0) return;
    int place = stream->place;
    struct stream *last = heap[--heap_count];
    if (last != stream) {
        put_in_heap(place, last);
        settle(place);
    }
    stream->place = -1;
}

static void hang_up(struct stream *stream) {
    if (stream->is_open) seen.open--, seen.left++;
    leave_heap(stream);
    close(stream->fd);
    free(stream);
}

/* Hands bytes to the socket; what it does not take now is kept and goes first next time. */
static bool push(struct stream *stream, const char *bytes, int count) {
    if (stream->rest_bytes == 0) {
        ssize_t sent = send(stream->fd, bytes, (size_t)count, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent > 0) bytes += sent, count -= (int)sent;
    }
    if (stream->rest_bytes + count > (int)sizeof stream->rest) return false;
    memcpy(stream->rest + stream->rest_bytes, bytes, (size_t)count);
    stream->rest_bytes += count;
    return true;
}

static bool is_flushed(struct stream *stream) {
    if (stream->rest_bytes == 0) return true;
    ssize_t sent = send(stream->fd, stream->rest, (size_t)stream->rest_bytes, MSG_NOSIGNAL);
    if (sent > 0) memmove(stream->rest, stream->rest + sent, (size_t)(stream->rest_bytes -= (int)sent));
    return stream->rest_bytes == 0;
}

/* Writes one event as a chunk of HTTP. With a token's text of the size of a mark it has 231 bytes. */
static int write_event(char *out, const char *delta, const char *finish, const char *usage) {
    char event[480];
    int count = snprintf(event, sizeof event,
        "data: {\"id\":\"chatcmpl-D3rhQ7v1xkPZt\",\"object\":\"chat.completion.chunk\",\"created\":1784000000,"
        "\"model\":\"scripted\",\"choices\":[%s%s%s%s%s],\"usage\":%s}\n\n",
        delta ? "{\"index\":0,\"delta\":{" : "", delta ? delta : "", delta ? "},\"finish_reason\":" : "",
        delta ? finish : "", delta ? "}" : "", usage);
    return sprintf(out, "%x\r\n%s\r\n", (unsigned)count, event);
}

static bool begin_stream(struct stream *stream) {
    char out[2048];
    int count = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                             "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
    count += write_event(out + count, "\"role\":\"assistant\",\"content\":\"\"", "null", "null");
    seen.requests++, seen.open++;
    stream->is_open = true;
    stream->tokens = 0;
    stream->arrived = now_us();
    stream->due = stream->arrived + script.first_us + (int64_t)(drand48() * SECOND / script.rate);
    enter_heap(stream);
    return push(stream, out, count);
}

static bool end_stream(struct stream *stream) {
    char out[2048], usage[96];
    sprintf(usage, "{\"prompt_tokens\":9,\"completion_tokens\":%d,\"total_tokens\":%d}", stream->tokens,
            stream->tokens + 9);
    int count = write_event(out, "", "\"stop\"", "null");
    count += write_event(out + count, NULL, NULL, usage);
    count += sprintf(out + count, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    leave_heap(stream);
    stream->is_open = false;
    seen.open--, seen.finished++;
    return push(stream, out, count);
}

static bool send_due(struct stream *stream) {
    if (!is_flushed(stream)) { /* the relay does not read: try again in a moment, and be late */
        int64_t due = stream->due;
        stream->due = now_us() + 1000;
        settle(stream->place);
        note(&lateness, stream->due - due);
        return true;
    }
    if (stream->tokens == script.tokens) return end_stream(stream);
    char out[768], delta[96];
    int64_t now = now_us();
    note(&lateness, now - stream->due);
    int64_t waited = now - stream->arrived > 9999999 ? 9999999 : now - stream->arrived;
    sprintf(delta, "\"content\":\"~%05d.%012" PRId64 ".%07" PRId64 ";\"", stream->tokens % 100000, now % CLOCK_WRAPS,
            waited);
    int count = write_event(out, delta, "null", "null");
    stream->tokens++;
    seen.tokens++;
    stream->due += (int64_t)(SECOND / script.rate);
    if (stream->tokens == script.tokens && script.hold) leave_heap(stream);
    else settle(stream->place);
    return push(stream, out, count);
}

static double asked_for(const char *query, const char *name, double otherwise) {
    const char *found = strstr(query, name);
    return found ? atof(found + strlen(name)) : otherwise;
}

static bool tell(struct stream *stream) {
    char *text = NULL, out[1024];
    size_t size;
    if (strncmp(stream->head, "GET /script?", 12) == 0) {
        strchr(stream->head, '\r')[0] = 0;
        script.tokens = (int)asked_for(stream->head, "tokens=", 150);
        script.rate = asked_for(stream->head, "rate=", 30);
        script.first_us = (int64_t)(asked_for(stream->head, "first_ms=", 0) * 1000);
        script.hold = asked_for(stream->head, "hold=", 0) != 0;
        long open = seen.open;
        memset(&seen, 0, sizeof seen);
        seen.open = open;
        lateness.count = 0;
    }
    FILE *body = must(open_memstream(&text, &size));
    fprintf(body, "{\"requests\":%ld,\"open\":%ld,\"finished\":%ld,\"left\":%ld,\"tokens\":%ld,", seen.requests,
            seen.open, seen.finished, seen.left, seen.tokens);
    print_times(body, "late_us", &lateness);
    fprintf(body, "}");
    fclose(body);
    int count = snprintf(out, sizeof out,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", size, text);
    free(text);
    return push(stream, out, count);
}

static bool take_request(struct stream *stream) { /* false: hang up */
    char bytes[65536];
    ssize_t count = recv(stream->fd, bytes, sizeof bytes, 0);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    const char *next = bytes;
    while (count > 0) {
        if (!stream->has_head) {
            if (stream->head_bytes == HEAD_BYTES - 1) return false;
            stream->head[stream->head_bytes++] = *next++, count--;
            stream->head[stream->head_bytes] = 0;
            if (stream->head_bytes < 4 || memcmp(stream->head + stream->head_bytes - 4, "\r\n\r\n", 4)) continue;
            const char *length = strcasestr(stream->head, "\r\ncontent-length:");
            stream->body_left = length ? atol(length + 17) : 0;
            stream->has_head = true;
        } else { /* what is asked does not matter */
            int64_t body = stream->body_left < count ? stream->body_left : count;
            stream->body_left -= body, next += body, count -= body;
        }
        if (stream->has_head && stream->body_left == 0) {
            bool is_question = strncmp(stream->head, "POST ", 5) == 0;
            if (stream->is_open || !(is_question ? begin_stream(stream) : tell(stream))) return false;
            stream->has_head = false;
            stream->head_bytes = 0;
        }
    }
    return true;
}

int main(void) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* does not outlive the lab */
    int poll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
    watch(poll, listener, NULL, EPOLLIN);
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = wait_until(poll, events, heap_count ? heap[0]->due : now_us() + SECOND);
        for (int i = 0; i < count; i++) {
            struct stream *stream = events[i].data.ptr;
            if (stream) {
                if (!take_request(stream)) hang_up(stream);
                continue;
            }
            for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                stream = must(calloc(1, sizeof *stream));
                stream->fd = fd;
                stream->place = -1;
                watch(poll, fd, stream, EPOLLIN);
            }
        }
        for (int sent = 0; sent < EVENTS && heap_count && heap[0]->due <= now_us(); sent++) {
            struct stream *stream = heap[0];
            if (!send_due(stream)) hang_up(stream);
        }
    }
}
