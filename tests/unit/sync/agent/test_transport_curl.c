/* The real transport against a server of a few lines: what arrives as which event.
 */
#include "sync/agent/transport_curl.h"
#include "terminal/base/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BIG ((size_t)6 << 20)

/* One request per connection; the answer follows from the path. */
struct server {
    int listener;
    pthread_t thread;
    char url[64];
    char seen[8192]; /* the last request */
};

static void send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void answer_big(int fd, size_t length, const char *head)
{
    char *bytes = mem_alloc(length);

    memset(bytes, 'x', length);
    send_all(fd, head, strlen(head));
    send_all(fd, bytes, length);
    free(bytes);
}

static void answer(int fd, const char *request)
{
    static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    static const char packed[] = "HTTP/1.1 409 Conflict\r\nContent-Encoding: zstd\r\n"
                                 "Content-Length: 3\r\n\r\nzzz";
    static const char part[] = "HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n"
                               "Content-Range: bytes 100-103/104\r\n\r\ntail";
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf";

    if (strstr(request, " /plain"))
        send_all(fd, plain, sizeof plain - 1);
    else if (strstr(request, " /packed"))
        send_all(fd, packed, sizeof packed - 1);
    else if (strstr(request, " /part"))
        send_all(fd, part, sizeof part - 1);
    else if (strstr(request, " /cut"))
        send_all(fd, cut, sizeof cut - 1);
    else if (strstr(request, " /stream"))
        answer_big(fd, BIG, "HTTP/1.1 200 OK\r\nContent-Length: 6291456\r\n\r\n");
    else if (strstr(request, " /toobig"))
        answer_big(fd, 2 * BIG, "HTTP/1.1 200 OK\r\nContent-Length: 12582912\r\n\r\n");
}

static void *serve(void *context)
{
    struct server *server = context;

    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        size_t used = 0;

        if (fd < 0)
            return NULL;
        while (used < sizeof server->seen - 1) {
            ssize_t got = recv(fd, server->seen + used, sizeof server->seen - 1 - used, 0);
            if (got <= 0)
                break;
            used += (size_t)got;
            server->seen[used] = '\0';
            if (strstr(server->seen, "\r\n\r\n") &&
                (strncmp(server->seen, "POST", 4) != 0 || strstr(server->seen, "the body")))
                break;
        }
        answer(fd, server->seen);
        (void)close(fd);
    }
}

static int start(void **state)
{
    struct server *server = mem_alloc(sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    *state = server;
    return 0;
}

static int stop(void **state)
{
    struct server *server = *state;

    (void)shutdown(server->listener, SHUT_RDWR);
    (void)close(server->listener);
    (void)pthread_join(server->thread, NULL);
    free(server);
    return 0;
}

static struct transport_request request(int64_t call, const char *path)
{
    struct transport_request out = {.call = call, .method = "GET", .path = path, .query = ""};

    (void)snprintf(out.signature.digest, sizeof out.signature.digest, "sha-256=:x:");
    (void)snprintf(out.signature.input, sizeof out.signature.input, "hf=()");
    (void)snprintf(out.signature.value, sizeof out.signature.value, "hf=:y:");
    return out;
}

/* The next event that is no mere progress. */
static void next(struct transport_curl *curl, struct agent_event *out)
{
    for (int i = 0; i < 10000; i++) {
        while (transport_curl_next(curl, out)) {
            if (out->kind != AGENT_PROGRESS)
                return;
        }
        transport_curl_wait(curl, 1000, NULL, 0);
    }
    fail_msg("no event came");
}

static void test_transport__a_body_is_collected(void **state)
{
    struct server *server = *state;
    struct transport_curl *curl = transport_curl_create(server->url, NULL);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_request asked = request(7, "/plain");
    struct agent_event event;

    asked.query = "a=1&b=%2F";
    transport.send(transport.context, &asked);
    next(curl, &event);
    assert_int_equal(event.kind, AGENT_ANSWERED);
    assert_int_equal(event.call, 7);
    assert_int_equal(event.status, 200);
    assert_int_equal(event.length, 5);
    assert_memory_equal(event.bytes, "hello", 5);
    assert_false(event.packed);
    assert_non_null(strstr(server->seen, "GET /plain?a=1&b=%2F HTTP/1.1\r\n"));
    assert_non_null(strstr(server->seen, "\r\nSignature-Input: hf=()\r\n"));
    assert_non_null(strstr(server->seen, "\r\nContent-Digest: sha-256=:x:\r\n"));
    assert_non_null(strstr(server->seen, "\r\nAccept-Encoding: zstd\r\n"));
    transport_curl_destroy(curl);
}

static void test_transport__a_body_is_sent(void **state)
{
    struct server *server = *state;
    struct transport_curl *curl = transport_curl_create(server->url, NULL);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_request asked = request(8, "/packed");
    struct agent_event event;

    asked.method = "POST";
    asked.content_type = "application/x-holdfast-journal";
    asked.packed = true;
    asked.body = "the body";
    asked.body_length = 8;
    transport.send(transport.context, &asked);
    next(curl, &event);
    assert_int_equal(event.status, 409);
    assert_true(event.packed);
    assert_memory_equal(event.bytes, "zzz", 3);
    assert_non_null(strstr(server->seen, "\r\nContent-Encoding: zstd\r\n"));
    assert_non_null(strstr(server->seen, "\r\nContent-Type: application/x-holdfast-journal\r\n"));
    assert_non_null(strstr(server->seen, "\r\nContent-Length: 8\r\n"));
    assert_null(strstr(server->seen, "Expect"));
    transport_curl_destroy(curl);
}

static void test_transport__a_range_says_where_it_belongs(void **state)
{
    struct server *server = *state;
    struct transport_curl *curl = transport_curl_create(server->url, NULL);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_request asked = request(9, "/part");
    struct agent_event event;

    asked.stream = true;
    asked.range_from = 100;
    transport.send(transport.context, &asked);
    next(curl, &event);
    assert_int_equal(event.kind, AGENT_CHUNK);
    assert_int_equal(event.status, 206);
    assert_int_equal(event.offset, 100);
    assert_memory_equal(event.bytes, "tail", 4);
    next(curl, &event);
    assert_int_equal(event.kind, AGENT_ANSWERED);
    assert_int_equal(event.length, 0);
    assert_non_null(strstr(server->seen, "\r\nRange: bytes=100-\r\n"));
    transport_curl_destroy(curl);
}

static void test_transport__a_stream_arrives_whole_and_in_order(void **state)
{
    struct server *server = *state;
    struct transport_curl *curl = transport_curl_create(server->url, NULL);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_request asked = request(10, "/stream");
    struct agent_event event;
    int64_t got = 0;

    asked.stream = true;
    transport.send(transport.context, &asked);
    /* Nobody takes events for a while: reading stops at a few megabytes, and goes on after. */
    for (int i = 0; i < 5000; i++)
        transport_curl_wait(curl, 1, NULL, 0);
    for (next(curl, &event); event.kind == AGENT_CHUNK; next(curl, &event)) {
        assert_int_equal(event.offset, got);
        got += (int64_t)event.length;
    }
    assert_int_equal(event.kind, AGENT_ANSWERED);
    assert_int_equal(got, BIG);
    transport_curl_destroy(curl);
}

static void test_transport__what_fails_is_unreachable_once(void **state)
{
    static const char *const paths[] = {"/cut", "/toobig", "/nothing"};
    struct server *server = *state;
    struct transport_curl *curl = transport_curl_create(server->url, NULL);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_curl *nobody = transport_curl_create("http://127.0.0.1:1", NULL);
    struct transport_request asked = request(30, "/x");
    struct agent_event event;

    for (int i = 0; i < 3; i++) {
        asked = request(20 + i, paths[i]);
        transport.send(transport.context, &asked);
        next(curl, &event);
        assert_int_equal(event.kind, AGENT_UNREACHABLE);
        assert_int_equal(event.call, 20 + i);
        assert_true(strlen(event.why) > 3);
        assert_false(transport_curl_next(curl, &event));
    }
    transport = transport_curl_as_transport(nobody);
    transport.send(transport.context, &asked);
    next(nobody, &event);
    assert_int_equal(event.kind, AGENT_UNREACHABLE);
    transport_curl_destroy(nobody);
    transport_curl_destroy(curl);
}

static void test_transport__nothing_is_heard_of_a_cancelled_call(void **state)
{
    struct server *server = *state;
    struct transport_curl *curl = transport_curl_create(server->url, NULL);
    struct transport transport = transport_curl_as_transport(curl);
    struct transport_request first = request(40, "/stream");
    struct transport_request second = request(41, "/plain");
    struct agent_event event;

    first.stream = true;
    transport.send(transport.context, &first);
    next(curl, &event);
    assert_int_equal(event.kind, AGENT_CHUNK);
    transport_curl_wait(curl, 100, NULL, 0); /* more of it is queued */
    transport.cancel(transport.context, 40);
    transport.cancel(transport.context, 12345);
    transport.send(transport.context, &second);
    next(curl, &event);
    assert_int_equal(event.call, 41);
    assert_int_equal(event.kind, AGENT_ANSWERED);
    transport_curl_destroy(curl);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_transport__a_body_is_collected),
        WITH_SERVER(test_transport__a_body_is_sent),
        WITH_SERVER(test_transport__a_range_says_where_it_belongs),
        WITH_SERVER(test_transport__a_stream_arrives_whole_and_in_order),
        WITH_SERVER(test_transport__what_fails_is_unreachable_once),
        WITH_SERVER(test_transport__nothing_is_heard_of_a_cancelled_call),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
