/* The server over real sockets: slow, large, wrong and waiting clients; stopping. */
#include "tests/unit/sync/ledger/http/talking.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

static struct running *start(struct fixture *fixture)
{
    struct server_options options = {.listen = "127.0.0.1:0"};

    return start_with(fixture, &options);
}

static void test_server__answers_and_keeps_the_connection(void **state)
{
    struct running *running = start(*state);
    int fd = connect_to(running);
    char text[2048];

    for (int i = 0; i < 3; i++) {
        send_text(fd, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
        read_answer(fd, "time_ms", text, sizeof text);
        assert_memory_equal(text, "HTTP/1.1 200", 12);
    }
    (void)close(fd);
    stop(running);
}

static void test_server__refuses_what_is_too_large_before_it_comes(void **state)
{
    struct running *running = start(*state);
    int fd = connect_to(running);
    char text[2048];

    send_text(fd, "POST /v1/journal HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
    read_answer(fd, "range", text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 413", 12);
    (void)close(fd);
    /* An import without the token is no import. */
    fd = connect_to(running);
    send_text(fd, "POST /v1/admin/import HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    read_answer(fd, "range", text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 413", 12);
    (void)close(fd);
    stop(running);
}

static void test_server__cuts_off_endless_chunks(void **state)
{
    struct running *running = start(*state);
    int fd = connect_to(running);
    char chunk[4096 + 16], text[2048];
    bool closed = false;

    send_text(fd, "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    memset(chunk, 'a', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    /* The sockets alone hold megabytes: a busy server has not seen them when they are sent. */
    for (int i = 0; i < 100000 && !closed; i++)
        closed = send(fd, chunk, 4096 + 8, MSG_NOSIGNAL) < 0;
    assert_true(closed);
    read_answer(fd, NULL, text, sizeof text);
    (void)close(fd);
    stop(running);
}

static void test_server__survives_garbage(void **state)
{
    static const char *const garbage[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nhello",
        "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /v1/changes?%%%&&==&incarnation HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET /v1/health HTTP/1.1\r\nHost: x\r\nSignature-Input: \x01\x02\xff\r\n\r\n",
    };
    struct running *running = start(*state);
    char text[4096];

    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        int fd = connect_to(running);
        send_text(fd, garbage[i]);
        (void)shutdown(fd, SHUT_WR);
        read_answer(fd, NULL, text, sizeof text);
        (void)close(fd);
    }
    int fd = connect_to(running);
    send_text(fd, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
    read_answer(fd, "time_ms", text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 200", 12);
    (void)close(fd);
    stop(running);
}

/* Fifty that never finish their request; the next one is served all the same. */
static void test_server__serves_others_while_some_are_slow(void **state)
{
    struct running *running = start(*state);
    int slow[50];
    char text[2048];

    for (int i = 0; i < 50; i++) {
        slow[i] = connect_to(running);
        send_text(slow[i], "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{");
    }
    int fd = connect_to(running);
    send_text(fd, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
    read_answer(fd, "time_ms", text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 200", 12);
    (void)close(fd);
    for (int i = 0; i < 50; i++)
        (void)close(slow[i]);
    stop(running);
}

static void test_server__cuts_off_who_drips(void **state)
{
    struct server_options options = {.listen = "127.0.0.1:0", .patience_s = 1};
    struct running *running = start_with(*state, &options);
    struct device *device;
    char rest[201] = "", text[4096];
    int fd = connect_to(running), waiting;

    admin_put(*state, SHOP_ROWS);
    device = device_make(*state, "S01", "T01");
    waiting = ask_waiting(running, device, 1);
    memset(rest, 'x', sizeof rest - 1); /* 20 s at this pace */
    send_text(fd, "GET /v1/health HTTP/1.1\r\nHost: ");
    assert_true(cut_off_while_dripping(fd, rest));
    (void)close(fd);
    fd = connect_to(running);
    send_text(fd, "POST /v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{");
    assert_true(cut_off_while_dripping(fd, rest));
    (void)close(fd);
    /* Who waits for news meanwhile is none of them. */
    admin_put(*state, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"D\","
                      "\"name\":\"Date\"}}]}");
    read_answer(waiting, "\"more\"", text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 200", 12);
    (void)close(waiting);
    device_free(device);
    stop(running);
}

static void test_server__holds_questions_until_there_is_news(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture);
    struct device *device;
    int waiting[20];
    char text[4096];

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    for (int i = 0; i < 20; i++)
        waiting[i] = ask_waiting(running, device, 1);
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"D\","
                       "\"name\":\"Date\"}}]}");
    for (int i = 0; i < 20; i++) {
        read_answer(waiting[i], "\"more\"", text, sizeof text);
        assert_memory_equal(text, "HTTP/1.1 200", 12);
        assert_non_null(strstr(text, "Date"));
        (void)close(waiting[i]);
    }
    device_free(device);
    stop(running);
}

/* Stopping answers who waits, at once and well formed. */
static void test_server__stops_with_questions_waiting(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture);
    struct device *device;
    int waiting[10];
    char text[4096];

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    for (int i = 0; i < 10; i++)
        waiting[i] = ask_waiting(running, device, 1);
    hold_on(running);
    stop(running);
    for (int i = 0; i < 10; i++) {
        read_answer(waiting[i], NULL, text, sizeof text);
        assert_memory_equal(text, "HTTP/1.1 200", 12);
        assert_non_null(strstr(text, "\"scopes\":[]"));
        (void)close(waiting[i]);
    }
    device_free(device);
}

enum { CROWD = 2000 };

/* Both ends of 2,000 connections are this process's. */
static bool descriptors_suffice(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < 3 * CROWD)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void hear_all(const int waiting[CROWD], const char *wanted)
{
    char text[4096];

    for (int i = 0; i < CROWD; i++) {
        read_answer(waiting[i], "\"more\"", text, sizeof text);
        assert_memory_equal(text, "HTTP/1.1 200", 12);
        assert_non_null(strstr(text, wanted));
    }
}

/* All of them are held, told, held again on the same connections, and let go by a stop. */
static void test_server__two_thousand_wait_and_are_all_told(void **state)
{
    struct fixture *fixture = *state;
    static int waiting[CROWD];

    if (!descriptors_suffice())
        skip();
    struct running *running = start(fixture);
    admin_put(fixture, SHOP_ROWS);
    struct device *device = device_make(fixture, "S01", "T01");
    for (int i = 0; i < CROWD; i++)
        waiting[i] = ask_waiting(running, device, 1);
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"D\","
                       "\"name\":\"Date\"}}]}");
    hear_all(waiting, "Date");
    for (int i = 0; i < CROWD; i++)
        ask_on(running, waiting[i], device, 2);
    hold_on(running);
    stop(running);
    hear_all(waiting, "\"scopes\":[]");
    for (int i = 0; i < CROWD; i++)
        (void)close(waiting[i]);
    device_free(device);
}

/* A waiting client that goes away while it waits. */
static void test_server__forgets_who_went_away(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture);
    struct device *device;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    for (int i = 0; i < 20; i++)
        (void)close(ask_waiting(running, device, 1));
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"D\","
                       "\"name\":\"Date\"}}]}");
    device_free(device);
    stop(running);
}

static void test_server__serves_files_in_ranges(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture);
    struct device *device;
    struct snapshot_answer snapshot;
    struct error error = {0};
    char path[128], request[2048], text[4096];

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    assert_int_equal(snapshots_get(fixture->ledger->snapshots, "S01", &snapshot, &error),
                     STATUS_BUSY);
    snapshots_wait(fixture->ledger->snapshots);
    must(snapshots_get(fixture->ledger->snapshots, "S01", &snapshot, &error), &error);
    (void)snprintf(path, sizeof path, "/v1/snapshot/%.64s", snapshot.id);
    for (int i = 0; i < 3; i++) {
        static const char *const ranges[] = {"bytes=10-19", "bytes=99999999-", "bytes=-7"};
        static const char *const lines[] = {"HTTP/1.1 206", "HTTP/1.1 416", "HTTP/1.1 206"};
        char expected[96];
        int fd = connect_to(running);
        signed_text(fixture, device, path, "", request, sizeof request);
        (void)snprintf(request + strlen(request) - 2, 64, "Range: %s\r\nConnection: close\r\n\r\n",
                       ranges[i]);
        send_text(fd, request);
        read_answer(fd, NULL, text, sizeof text);
        assert_memory_equal(text, lines[i], 12);
        if (i == 0)
            (void)snprintf(expected, sizeof expected, "Content-Range: bytes 10-19/%lld",
                           (long long)snapshot.size);
        else if (i == 1)
            (void)snprintf(expected, sizeof expected, "Content-Range: bytes */%lld",
                           (long long)snapshot.size);
        else
            (void)snprintf(expected, sizeof expected, "Content-Length: 7");
        assert_non_null(strstr(text, expected));
        (void)close(fd);
    }
    device_free(device);
    stop(running);
}

static void test_server__refuses_ports_that_are_taken_and_no_addresses(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture);
    struct server_options options = {.listen = running->name};
    struct server *second;
    char name[LISTENER_NAME_SIZE];
    struct error error = {0};

    assert_int_equal(server_start(fixture->ledger, &options, &second, name, &error), STATUS_BUSY);
    options.listen = "nonsense";
    assert_int_equal(server_start(fixture->ledger, &options, &second, name, &error),
                     STATUS_INVALID);
    options.listen = "127.0.0.1:99999999";
    assert_int_equal(server_start(fixture->ledger, &options, &second, name, &error),
                     STATUS_INVALID);
    options.listen = "127.0.0.1:0";
    options.tls_cert = "/nowhere.pem";
    assert_int_equal(server_start(fixture->ledger, &options, &second, name, &error),
                     STATUS_INVALID);
    stop(running);
}

struct client {
    struct running *running;
    struct device *device;
    pthread_t thread;
    int served;
};

static void *client_thread(void *argument)
{
    struct client *client = argument;

    for (int i = 0; i < 40; i++) {
        char request[2048], text[2048];
        int fd = connect_to(client->running);
        signed_text(client->running->fixture, client->device, "/v1/device", "", request,
                    sizeof request);
        send_text(fd, request);
        read_answer(fd, "epochs", text, sizeof text);
        client->served += strncmp(text, "HTTP/1.1 200", 12) == 0;
        (void)close(fd);
    }
    return NULL;
}

static void test_server__serves_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct running *running = start(fixture);
    struct client clients[16];

    admin_put(fixture, SHOP_ROWS);
    struct device *device = device_make(fixture, "S01", "T01");
    for (int i = 0; i < 16; i++) {
        clients[i] = (struct client){.running = running, .device = device};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, client_thread, &clients[i]), 0);
    }
    for (int i = 0; i < 16; i++) {
        (void)pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].served, 40);
    }
    device_free(device);
    stop(running);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_server__answers_and_keeps_the_connection),
        TEST(test_server__refuses_what_is_too_large_before_it_comes),
        TEST(test_server__cuts_off_endless_chunks),
        TEST(test_server__survives_garbage),
        TEST(test_server__serves_others_while_some_are_slow),
        TEST(test_server__cuts_off_who_drips),
        TEST(test_server__holds_questions_until_there_is_news),
        TEST(test_server__stops_with_questions_waiting),
        TEST(test_server__two_thousand_wait_and_are_all_told),
        TEST(test_server__forgets_who_went_away),
        TEST(test_server__serves_files_in_ranges),
        TEST(test_server__refuses_ports_that_are_taken_and_no_addresses),
        TEST(test_server__serves_many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
