/* A model server that follows a script, on OpenAI's chat completions stream.
 *
 *   model_server        listens on a free port of 127.0.0.1, prints {"port":…}, and serves until it is ended
 *   model_server CERT KEY       listens on one more, over TLS, and prints {"port":…,"tls_port":…}: if built -DWITH_TLS
 *   GET /script?tokens=150&rate=30&first_ms=0&hold=0&slots=0        sets what every answer is and clears the counts:
 *       so many tokens (0: until /finish), so many a second after a random phase, the first not before; hold: the
 *       answer never ends; slots: so many are answered at once and others wait in the order they came (0: all)
 *   GET /finish         lets each open answer end with its next token
 *   GET /seen           tells the counts: requests, streams open, finished, left by their readers, its own lateness
 */
#include "shared.h"
#ifdef WITH_TLS
#include <openssl/ssl.h>
static SSL_CTX *tls;
#endif

struct stream {
    int fd;
    char head[HEAD_BYTES];
    int head_bytes;
    int64_t body_left, arrived, due;
    bool has_head, is_open, has_slot, is_last;
    struct stream *next_waiting;
#ifdef WITH_TLS
    SSL *tls; /* NULL: plain */
#endif
    int tokens, place; /* place: in the heap, -1 when not waiting there */
    char rest[2048];   /* of what the socket did not take */
    int rest_bytes;
};

static struct { int tokens, slots; double rate; int64_t first_us; bool hold, is_finishing; } script = {.tokens = 150, .rate = 30};
static struct stream *waiting, **last_waiting = &waiting; /* for a slot, first come first */
static int slots_taken;
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

static void speak_soon(struct stream *stream) { /* takes a slot */
    slots_taken++;
    stream->has_slot = true;
    stream->due = now_us() + script.first_us + (int64_t)(drand48() * SECOND / script.rate);
    enter_heap(stream);
}

static void leave_slot(struct stream *stream) {
    leave_heap(stream);
    if (stream->has_slot) {
        stream->has_slot = false;
        slots_taken--;
    } else {
        for (struct stream **place = &waiting; *place; place = &(*place)->next_waiting)
            if (*place == stream) {
                if (!(*place = stream->next_waiting)) last_waiting = place;
                break;
            }
    }
    while (waiting && (!script.slots || slots_taken < script.slots)) {
        struct stream *next = waiting;
        if (!(waiting = next->next_waiting)) last_waiting = &waiting;
        next->next_waiting = NULL;
        speak_soon(next);
    }
}

static void hang_up(struct stream *stream) {
    if (stream->is_open) {
        seen.open--, seen.left++;
        leave_slot(stream);
    }
#ifdef WITH_TLS
    SSL_free(stream->tls);
#endif
    close(stream->fd);
    free(stream);
}

/* Like send and recv: how many bytes, 0 at the end, or -1 with errno EAGAIN where it has to wait. */
static ssize_t give(struct stream *stream, const char *bytes, int count) {
#ifdef WITH_TLS
    if (stream->tls) {
        int sent = SSL_write(stream->tls, bytes, count), why = SSL_get_error(stream->tls, sent);
        if (sent <= 0) errno = why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? EAGAIN : EPIPE;
        return sent > 0 ? sent : -1;
    }
#endif
    return send(stream->fd, bytes, (size_t)count, MSG_NOSIGNAL);
}

static ssize_t take(struct stream *stream, char *bytes, int room) {
#ifdef WITH_TLS
    if (stream->tls) {
        int count = SSL_read(stream->tls, bytes, room), why = SSL_get_error(stream->tls, count);
        if (count > 0) return count;
        errno = EAGAIN;
        return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? -1 : 0;
    }
#endif
    return recv(stream->fd, bytes, (size_t)room, 0);
}

/* Hands bytes to the socket; what it does not take now is kept and goes first next time. */
static bool push(struct stream *stream, const char *bytes, int count) {
    if (stream->rest_bytes == 0) {
        ssize_t sent = give(stream, bytes, count);
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
    ssize_t sent = give(stream, stream->rest, stream->rest_bytes);
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
    stream->is_last = false;
    stream->tokens = 0;
    stream->arrived = now_us();
    if (script.slots && slots_taken >= script.slots) *last_waiting = stream, last_waiting = &stream->next_waiting;
    else speak_soon(stream);
    return push(stream, out, count);
}

static bool end_stream(struct stream *stream) {
    char out[2048], usage[96];
    sprintf(usage, "{\"prompt_tokens\":9,\"completion_tokens\":%d,\"total_tokens\":%d}", stream->tokens,
            stream->tokens + 9);
    int count = write_event(out, "", "\"stop\"", "null");
    count += write_event(out + count, NULL, NULL, usage);
    count += sprintf(out + count, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    stream->is_open = false;
    seen.open--, seen.finished++;
    leave_slot(stream);
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
    if (stream->is_last) return end_stream(stream);
    char out[768], delta[96];
    int64_t now = now_us();
    note(&lateness, now - stream->due);
    int64_t waited = now - stream->arrived > 9999999 ? 9999999 : now - stream->arrived;
    bool is_held = stream->tokens + 1 == script.tokens && script.hold;
    stream->is_last = !is_held && (script.is_finishing || stream->tokens + 1 == script.tokens);
    sprintf(delta, "\"content\":\"~%05d.%012" PRId64 ".%07" PRId64 "%c\"", stream->tokens % 100000, now % CLOCK_WRAPS,
            waited, stream->is_last ? '!' : ';');
    int count = write_event(out, delta, "null", "null");
    stream->tokens++;
    seen.tokens++;
    stream->due += (int64_t)(SECOND / script.rate);
    if (is_held) leave_heap(stream);
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
        script.slots = (int)asked_for(stream->head, "slots=", 0);
        script.is_finishing = false;
        long open = seen.open;
        memset(&seen, 0, sizeof seen);
        seen.open = open;
        lateness.count = 0;
    }
    if (strncmp(stream->head, "GET /finish", 11) == 0) script.is_finishing = true;
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

static bool take_bytes(struct stream *stream, const char *next, ssize_t count) { /* false: hang up */
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

static bool take_request(struct stream *stream) { /* false: hang up */
    static char bytes[65536];
    for (;;) { /* what OpenSSL has taken in already wakes nobody: all of it is read */
        ssize_t count = take(stream, bytes, sizeof bytes);
        if (count < 0) return errno == EAGAIN;
        if (count == 0 || !take_bytes(stream, bytes, count)) return false;
#ifdef WITH_TLS
        if (stream->tls) continue;
#endif
        return true;
    }
}

static int listen_somewhere(int poll, void *whose, int *port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    watch(poll, listener, whose, EPOLLIN);
    return listener;
}

static void welcome(int poll, int listener, bool is_secure) {
    int yes = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct stream *stream = must(calloc(1, sizeof *stream));
        stream->fd = fd;
        stream->place = -1;
#ifdef WITH_TLS
        if (is_secure) {
            stream->tls = must(SSL_new(tls));
            SSL_set_fd(stream->tls, fd);
            SSL_set_accept_state(stream->tls);
        }
#endif
        watch(poll, fd, stream, EPOLLIN);
    }
}

int main(int count_of_words, char **words) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* does not outlive the lab */
    signal(SIGPIPE, SIG_IGN);         /* OpenSSL writes without MSG_NOSIGNAL */
    static char plain_one, secure_one; /* stand for the listeners among what epoll tells */
    int poll = epoll_create1(0), port, secure = -1, listener = listen_somewhere(poll, &plain_one, &port);
    printf("{\"port\":%d", port);
    if (count_of_words == 3) {
#ifdef WITH_TLS
        tls = must(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
        if (SSL_CTX_use_certificate_chain_file(tls, words[1]) != 1 || SSL_CTX_use_PrivateKey_file(tls, words[2], SSL_FILETYPE_PEM) != 1)
            return fprintf(stderr, "no certificate\n"), 2;
        secure = listen_somewhere(poll, &secure_one, &port);
        printf(",\"tls_port\":%d", port);
#else
        return fprintf(stderr, "built without TLS: %s\n", words[1]), 2;
#endif
    }
    printf("}\n");
    fflush(stdout);
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = wait_until(poll, events, heap_count ? heap[0]->due : now_us() + SECOND);
        for (int i = 0; i < count; i++) {
            void *whose = events[i].data.ptr;
            if (whose == &plain_one) welcome(poll, listener, false);
            else if (whose == &secure_one) welcome(poll, secure, true);
            else if (!take_request(whose)) hang_up(whose);
        }
        for (int sent = 0; sent < EVENTS && heap_count && heap[0]->due <= now_us(); sent++) {
            struct stream *stream = heap[0];
            if (!send_due(stream)) hang_up(stream);
        }
    }
}
