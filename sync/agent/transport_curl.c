/* Calls in flight are a short list; what happens to them goes into a queue, in order.
 *
 *   curl callbacks ──► queue of events (with their bytes) ──► transport_curl_next
 *
 * Nothing of the agent runs inside a callback, so a call may be cancelled at any time. A streamed
 * body is read no further while QUEUE_BYTES_MAX bytes wait: memory stays bounded on a fast line.
 */
#include "sync/agent/transport_curl.h"
#include "sync/agent/http_curl.h"
#include "sync/protocol/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_BYTES_MAX ((size_t)4 << 20)
#define UPLOAD_BUFFER   (1024L * 1024L) /* a batch in one go, as far as the socket takes it */
#define FDS_MAX         8
#define URL_CEILING     8192

struct flight {
    struct transport_curl *curl;
    struct flight *next;
    int64_t call;
    CURL *handle;
    struct curl_slist *headers;
    struct http_head head;
    struct buf body; /* collected */
    bool stream;
    bool paused;
    bool moved;         /* an AGENT_PROGRESS is queued */
    int64_t got;        /* streamed bytes */
    int64_t sent_bytes; /* as last reported by curl */
    char why[CURL_ERROR_SIZE];
};

struct queued {
    struct queued *next;
    struct agent_event event;
    char *bytes; /* owned */
};

struct transport_curl {
    CURLM *multi;
    char *url;
    const struct line *line;
    struct flight *flights;
    struct queued *first;
    struct queued *last;
    struct queued *given; /* the one whose bytes are lent out */
    size_t queued_bytes;
};

struct transport_curl *transport_curl_create(const char *url, const struct line *line)
{
    struct transport_curl *curl = mem_alloc(sizeof *curl);

    http_start();
    curl->multi = curl_multi_init();
    INVARIANT(curl->multi);
    curl->url = mem_copy_text(url);
    curl->line = line;
    return curl;
}

static void flight_free(struct flight *flight)
{
    if (flight->handle) {
        (void)curl_multi_remove_handle(flight->curl->multi, flight->handle);
        curl_easy_cleanup(flight->handle);
    }
    curl_slist_free_all(flight->headers);
    buf_finish(&flight->body);
    free(flight);
}

static void queued_free(struct queued *queued)
{
    if (!queued)
        return;
    free(queued->bytes);
    free(queued);
}

void transport_curl_destroy(struct transport_curl *curl)
{
    if (!curl)
        return;
    while (curl->flights) {
        struct flight *next = curl->flights->next;
        flight_free(curl->flights);
        curl->flights = next;
    }
    while (curl->first) {
        struct queued *next = curl->first->next;
        queued_free(curl->first);
        curl->first = next;
    }
    queued_free(curl->given);
    (void)curl_multi_cleanup(curl->multi);
    free(curl->url);
    free(curl);
}

/* Queues an event of a call with a copy of the bytes. */
static struct agent_event *queue_event(struct transport_curl *curl, enum agent_event_kind kind,
                                       int64_t call, const void *bytes, size_t length)
{
    struct queued *queued = mem_alloc(sizeof *queued);

    queued->event.kind = kind;
    queued->event.call = call;
    if (length > 0) {
        queued->bytes = mem_alloc(length + 1);
        memcpy(queued->bytes, bytes, length);
        queued->event.bytes = queued->bytes;
        queued->event.length = length;
        curl->queued_bytes += length;
    }
    if (curl->last)
        curl->last->next = queued;
    else
        curl->first = queued;
    curl->last = queued;
    return &queued->event;
}

static void queue_unreachable(struct transport_curl *curl, int64_t call, const char *why)
{
    struct agent_event *event = queue_event(curl, AGENT_UNREACHABLE, call, why, strlen(why));

    event->why = event->bytes;
    event->bytes = NULL;
}

static void note_progress(struct flight *flight)
{
    if (flight->moved)
        return;
    flight->moved = true;
    (void)queue_event(flight->curl, AGENT_PROGRESS, flight->call, NULL, 0);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct flight *flight = context;
    size_t length = size * count;
    long status = 0;
    struct agent_event *event;

    (void)curl_easy_getinfo(flight->handle, CURLINFO_RESPONSE_CODE, &status);
    if (!flight->stream || (status != 200 && status != 206)) {
        note_progress(flight);
        return buf_append(&flight->body, bytes, length) == STATUS_OK ? length : 0;
    }
    if (flight->curl->queued_bytes > QUEUE_BYTES_MAX) {
        flight->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    event = queue_event(flight->curl, AGENT_CHUNK, flight->call, bytes, length);
    event->status = (int)status;
    event->offset = flight->head.range_start + flight->got;
    flight->got += (int64_t)length;
    return length;
}

static int watch_upload(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                        curl_off_t up)
{
    struct flight *flight = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    if (up > flight->sent_bytes)
        note_progress(flight);
    flight->sent_bytes = up;
    return 0;
}

static struct curl_slist *request_headers(const struct transport_request *request)
{
    struct curl_slist *headers = http_header(NULL, "Content-Digest", request->signature.digest);
    char version[16];
    char range[48];

    (void)snprintf(version, sizeof version, "%d", request->version);
    headers = http_header(headers, MESSAGE_VERSION_HEADER, version);
    headers = http_header(headers, "Signature-Input", request->signature.input);
    headers = http_header(headers, "Signature", request->signature.value);
    headers = http_header(headers, "Expect", "");
    if (!request->stream)
        headers = http_header(headers, "Accept-Encoding", "zstd");
    if (request->content_type)
        headers = http_header(headers, "Content-Type", request->content_type);
    if (request->packed)
        headers = http_header(headers, "Content-Encoding", "zstd");
    if (request->range_from > 0) {
        (void)snprintf(range, sizeof range, "bytes=%" PRId64 "-", request->range_from);
        headers = http_header(headers, "Range", range);
    }
    return headers;
}

static void set_callbacks(struct flight *flight)
{
    CURL *handle = flight->handle;

    (void)curl_easy_setopt(handle, CURLOPT_PRIVATE, flight);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, flight->why);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, http_take_header);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, &flight->head);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, flight);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, watch_upload);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFODATA, flight);
    (void)curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

static void send_request(void *context, const struct transport_request *request)
{
    struct transport_curl *curl = context;
    struct flight *flight = mem_alloc(sizeof *flight);
    struct buf url;
    int running;

    flight->curl = curl;
    flight->call = request->call;
    flight->stream = request->stream;
    buf_init(&flight->body, TRANSPORT_BODY_CEILING);
    flight->handle = http_line_handle(curl->line);
    flight->headers = request_headers(request);
    set_callbacks(flight);
    (void)curl_easy_setopt(flight->handle, CURLOPT_HTTPHEADER, flight->headers);
    if (strcmp(request->method, "POST") == 0) {
        (void)curl_easy_setopt(flight->handle, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(flight->handle, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body_length);
        (void)curl_easy_setopt(flight->handle, CURLOPT_COPYPOSTFIELDS, request->body);
        (void)curl_easy_setopt(flight->handle, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
    }
    buf_init(&url, URL_CEILING);
    if (buf_printf(&url, "%s%s%s%s", curl->url, request->path, request->query[0] ? "?" : "",
                   request->query) != STATUS_OK) {
        queue_unreachable(curl, request->call, "the request is too long");
        flight_free(flight);
    } else {
        (void)curl_easy_setopt(flight->handle, CURLOPT_URL, buf_text(&url));
        INVARIANT(curl_multi_add_handle(curl->multi, flight->handle) == CURLM_OK);
        flight->next = curl->flights;
        curl->flights = flight;
        /* It leaves now, not after whatever else came in has been worked off. */
        (void)curl_multi_perform(curl->multi, &running);
    }
    buf_finish(&url);
}

/* Takes the call out of the list; NULL when it is not there. */
static struct flight *take_flight(struct transport_curl *curl, int64_t call)
{
    for (struct flight **at = &curl->flights; *at; at = &(*at)->next) {
        struct flight *flight = *at;
        if (flight->call != call)
            continue;
        *at = flight->next;
        return flight;
    }
    return NULL;
}

static void drop_events(struct transport_curl *curl, int64_t call)
{
    struct queued **at = &curl->first;

    curl->last = NULL;
    while (*at) {
        struct queued *queued = *at;
        if (queued->event.call != call) {
            curl->last = queued;
            at = &queued->next;
            continue;
        }
        *at = queued->next;
        curl->queued_bytes -= queued->event.length;
        queued_free(queued);
    }
}

static void cancel_call(void *context, int64_t call)
{
    struct transport_curl *curl = context;
    struct flight *flight = take_flight(curl, call);

    if (flight)
        flight_free(flight);
    drop_events(curl, call);
}

struct transport transport_curl_as_transport(struct transport_curl *curl)
{
    return (struct transport){curl, send_request, cancel_call};
}

static void finish_flight(struct transport_curl *curl, CURL *handle, CURLcode result)
{
    struct flight *flight = NULL;
    struct agent_event *event;
    long status = 0;

    (void)curl_easy_getinfo(handle, CURLINFO_PRIVATE, &flight);
    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    INVARIANT(flight && take_flight(curl, flight->call) == flight);
    if (result != CURLE_OK) {
        char words[HTTP_WORDS_SIZE];

        http_words(result, flight->why, words);
        queue_unreachable(curl, flight->call, words);
    } else {
        event = queue_event(curl, AGENT_ANSWERED, flight->call, buf_text(&flight->body),
                            flight->body.used);
        event->status = (int)status;
        event->retry_ms = flight->head.retry_ms;
        event->packed = flight->head.packed && flight->body.used > 0;
    }
    flight_free(flight);
}

static void finish_flights(struct transport_curl *curl)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(curl->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            finish_flight(curl, message->easy_handle, message->data.result);
    }
}

static void unpause(struct transport_curl *curl)
{
    if (curl->queued_bytes > QUEUE_BYTES_MAX / 2)
        return;
    for (struct flight *flight = curl->flights; flight; flight = flight->next) {
        if (!flight->paused)
            continue;
        flight->paused = false;
        (void)curl_easy_pause(flight->handle, CURLPAUSE_CONT);
    }
}

void transport_curl_wait(struct transport_curl *curl, int timeout_ms, const int *fds, size_t count)
{
    struct curl_waitfd watched[FDS_MAX];
    int running;

    INVARIANT(count <= FDS_MAX);
    unpause(curl);
    (void)curl_multi_perform(curl->multi, &running);
    finish_flights(curl);
    if (curl->first)
        return;
    for (size_t i = 0; i < count; i++)
        watched[i] = (struct curl_waitfd){fds[i], CURL_WAIT_POLLIN, 0};
    (void)curl_multi_poll(curl->multi, watched, (unsigned)count, timeout_ms, NULL);
    (void)curl_multi_perform(curl->multi, &running);
    finish_flights(curl);
}

bool transport_curl_next(struct transport_curl *curl, struct agent_event *out)
{
    struct queued *queued = curl->first;

    queued_free(curl->given);
    curl->given = queued;
    if (!queued)
        return false;
    curl->first = queued->next;
    if (!curl->first)
        curl->last = NULL;
    curl->queued_bytes -= queued->event.length;
    for (struct flight *flight = curl->flights; flight; flight = flight->next) {
        if (flight->call == queued->event.call && queued->event.kind == AGENT_PROGRESS)
            flight->moved = false;
    }
    *out = queued->event;
    return true;
}
