/* Who means harm, over real sockets: paths, headers, bodies, and numbers of each. */
#include "tests/unit/sync/ledger/http/talking.h"

#include <poll.h>
#include <sys/resource.h>

static struct running *start(struct fixture *fixture, size_t bodies)
{
    struct server_options options = {.listen = "127.0.0.1:0", .bodies = bodies};

    return start_with(fixture, &options);
}

/* The status of what is answered to the text, 0 when the far side hangs up without an answer. */
static int status_of(const struct running *running, const char *request)
{
    char text[4096];
    int fd = connect_to(running), status = 0;

    (void)send(fd, request, strlen(request), MSG_NOSIGNAL);
    read_answer(fd, "\r\n\r\n", text, sizeof text);
    (void)sscanf(text, "HTTP/1.1 %d", &status);
    (void)close(fd);
    return status;
}

static int status_of_path(const struct running *running, const char *path)
{
    char request[512];

    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    return status_of(running, request);
}

/* A path is what it is, byte for byte; what follows a '?' is no part of it. */
static void test_hostile__paths_have_one_spelling(void **state)
{
    static const char *const wrong[] = {"/v1/health/",
                                        "//v1/health",
                                        "/v1//health",
                                        "/v1/./health",
                                        "/v1/../v1/health",
                                        "/v1/%68ealth",
                                        "/v1%2fhealth",
                                        "/v1/health%00",
                                        "/v1/health%3f",
                                        "/v1/health;x=1",
                                        "/v1/health%20",
                                        "/V1/health",
                                        "/v1/x/%2e%2e/health",
                                        "/v1/x/..%2fhealth",
                                        "/v1/health%2f..%2fhealth",
                                        "v1/health"};
    struct running *running = start(*state, 0);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int status = status_of_path(running, wrong[i]);
        if (status != 404 && status != 400 && status != 0)
            fail_msg("%s: %d", wrong[i], status);
    }
    assert_int_equal(status_of_path(running, "/v1/health"), 200);
    assert_int_equal(status_of_path(running, "/v1/health?"), 200);
    assert_int_equal(status_of_path(running, "/v1/health?/../%00&&=?%zz"), 200);
    stop(running);
}

/* `count` headers of `length` bytes each. */
static int status_with_headers(const struct running *running, int count, int length)
{
    char *request = mem_alloc((size_t)count * ((size_t)length + 8) + 128);
    int used = sprintf(request, "GET /v1/health HTTP/1.1\r\nHost: x\r\n"), status;

    for (int i = 0; i < count; i++)
        used += sprintf(request + used, "X: %0*d\r\n", length, 0);
    strcpy(request + used, "\r\n");
    status = status_of(running, request);
    free(request);
    return status;
}

static void test_hostile__headers_have_a_size(void **state)
{
    struct running *running = start(*state, 0);

    assert_int_equal(status_with_headers(running, 1, 4000), 200);
    assert_int_equal(status_with_headers(running, 50, 20), 200);
    assert_int_not_equal(status_with_headers(running, 1, 20000), 200);
    assert_int_not_equal(status_with_headers(running, 2000, 10), 200);
    stop(running);
}

/* What comes behind a refusal is the body that nobody read, not another request. */
static void test_hostile__a_refused_body_is_no_request(void **state)
{
    struct running *running = start(*state, 0);
    char text[4096];
    int fd = connect_to(running);

    send_text(fd, "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"
                  "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
    read_answer(fd, NULL, text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 413", 12);
    assert_null(strstr(text, "HTTP/1.1 200"));
    (void)close(fd);
    stop(running);
}

/* ---- bodies of all together ------------------------------------------------------------------ */

enum { SENDERS = 20, SENT = 60000, TOGETHER = 1 << 20 };

static int send_part_of_a_body(const struct running *running)
{
    static char body[SENT];
    int fd = connect_to(running);

    send_text(fd, "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
    (void)send(fd, body, sizeof body, MSG_NOSIGNAL);
    return fd;
}

static int64_t body_bytes(struct fixture *fixture)
{
    struct answer answer = admin_call(fixture, "GET", "/metrics", "", "", 0);
    const char *at = strstr(answer.text, "\nholdfast_body_bytes ");
    int64_t bytes;

    assert_non_null(at);
    bytes = strtoll(at + strlen("\nholdfast_body_bytes "), NULL, 10);
    answer_free(&answer);
    return bytes;
}

/* Whoever sends more than there is room for is cut off, and the others' room is theirs again. */
static void test_hostile__bodies_share_their_room(void **state)
{
    struct running *running = start(*state, TOGETHER);
    struct pollfd senders[SENDERS];
    int64_t left = -1;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < SENDERS; i++)
            senders[i] = (struct pollfd){.fd = send_part_of_a_body(running), .events = POLLIN};
        assert_true(poll(senders, SENDERS, 10000) > 0);
        assert_true(body_bytes(*state) <= TOGETHER + SENT); /* one is just being cut off */
        for (int i = 0; i < SENDERS; i++)
            (void)close(senders[i].fd);
        for (int i = 0; i < 20000 && left != 0; i++) {
            assert_int_equal(status_of_path(running, "/v1/health"), 200);
            left = body_bytes(*state);
        }
        assert_int_equal(left, 0);
    }
    stop(running);
}

/* Three thousand rejected records make an answer that is larger than their file. */
static void test_hostile__answers_share_it_too(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture, 65536);
    struct buf request;
    int status;

    admin_put(fixture, SHOP_ROWS);
    buf_init(&request, 65536);
    assert_int_equal(buf_printf(&request,
                                "POST /v1/admin/import HTTP/1.1\r\nHost: x\r\nAuthorization: "
                                "Bearer %s\r\nContent-Length: %d\r\n\r\nsku,name,price\n",
                                fixture->token, 15 + 3000 * 2),
                     STATUS_OK);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(buf_append_text(&request, "x\n"), STATUS_OK);
    status = status_of(running, buf_text(&request));
    buf_finish(&request);
    assert_int_equal(status, 503);
    assert_int_equal(status_of_path(running, "/v1/health"), 200);
    stop(running);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int connect_from(const struct running *running, const char *address, int patience_ms)
{
    struct sockaddr_in here = {.sin_family = AF_INET},
                       there = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)running->port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &here.sin_addr), 1);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

static bool is_answered(int fd)
{
    static const char request[] = "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n";
    char text[2048];

    (void)send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
    read_answer(fd, "time_ms", text, sizeof text);
    return strncmp(text, "HTTP/1.1 200", 12) == 0;
}

static bool descriptors_suffice(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < 2 * SERVER_CONNECTIONS + 500)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* One address has its share; all of them together fill the server, until somebody leaves. */
static void test_hostile__connections_are_numbered(void **state)
{
    static int held[SERVER_CONNECTIONS];
    struct running *running;
    int late;

    if (!descriptors_suffice())
        skip();
    running = start(*state, 0);
    for (int i = 0; i < SERVER_PER_ADDRESS; i++)
        held[i] = connect_from(running, "127.0.0.1", 20000);
    assert_true(is_answered(held[SERVER_PER_ADDRESS - 1]));
    late = connect_from(running, "127.0.0.1", 20000);
    assert_false(is_answered(late));
    (void)close(late);
    for (int i = SERVER_PER_ADDRESS; i < SERVER_CONNECTIONS; i++)
        held[i] = connect_from(running, "127.0.0.2", 20000);
    assert_true(is_answered(held[SERVER_CONNECTIONS - 1]));
    late = connect_from(running, "127.0.0.3", 300);
    assert_false(is_answered(late));
    (void)close(late);
    for (int i = 0; i < SERVER_CONNECTIONS; i++)
        (void)close(held[i]);
    late = connect_from(running, "127.0.0.3", 20000);
    assert_true(is_answered(late));
    (void)close(late);
    stop(running);
}

/* The first status that is not 200 among so many questions on one connection; 200 when all are. */
static int ask_often(int fd, int count)
{
    char text[2048];
    int status = 200;

    for (int i = 0; i < count && status == 200; i++) {
        send_text(fd, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
        read_answer(fd, "time_ms", text, sizeof text);
        assert_int_equal(sscanf(text, "HTTP/1.1 %d", &status), 1);
    }
    if (status == 429)
        assert_non_null(strstr(text, "Retry-After: 1\r\n"));
    return status;
}

/* No time passes on the fixture's clock: nothing comes back. */
static void test_hostile__an_address_has_its_rate(void **state)
{
    struct fixture *fixture = *state;
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};
    struct running *running;
    int fd;

    fixture_close(fixture);
    options.limited = true;
    must(ledger_open(&options, &fixture->ledger, &error), &error);
    running = start(fixture, 0);
    fd = connect_to(running);
    assert_int_equal(ask_often(fd, 10000), 200);
    assert_int_equal(ask_often(fd, 1), 429);
    (void)close(fd);
    fd = connect_from(running, "127.0.0.2", 20000);
    assert_int_equal(ask_often(fd, 1), 200);
    (void)close(fd);
    stop(running);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_hostile__paths_have_one_spelling),
        TEST(test_hostile__headers_have_a_size),
        TEST(test_hostile__a_refused_body_is_no_request),
        TEST(test_hostile__bodies_share_their_room),
        TEST(test_hostile__answers_share_it_too),
        TEST(test_hostile__connections_are_numbered),
        TEST(test_hostile__an_address_has_its_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
