/* Who asks too often; what is counted; what is logged. */
#include "ledger_fixture.h"

#include "sync/ledger/limits.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

static void test_limits__a_bucket_empties_and_fills_again(void **state)
{
    struct limits *limits = limits_new();
    int64_t now_us = 1000000;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(limits_take(limits, LIMIT_DEVICE, "a", 1, now_us), 0);
    int64_t wait_ms = limits_take(limits, LIMIT_DEVICE, "a", 1, now_us);
    assert_true(wait_ms > 0 && wait_ms <= 11);
    assert_int_equal(limits_take(limits, LIMIT_DEVICE, "b", 1, now_us), 0);
    assert_int_equal(limits_take(limits, LIMIT_TOKEN, "a", 1, now_us), 0);
    now_us += wait_ms * 1000;
    assert_int_equal(limits_take(limits, LIMIT_DEVICE, "a", 1, now_us), 0);
    assert_true(limits_take(limits, LIMIT_DEVICE, "a", 1, now_us) > 0);
    now_us += 3600 * INT64_C(1000000); /* full, and not fuller */
    for (int i = 0; i < 1000; i++)
        assert_int_equal(limits_take(limits, LIMIT_DEVICE, "a", 1, now_us), 0);
    assert_true(limits_take(limits, LIMIT_DEVICE, "a", 1, now_us) > 0);
    limits_free(limits);
}

static void test_limits__a_flood_of_names_does_not_reset_a_busy_one(void **state)
{
    struct limits *limits = limits_new();
    int given = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        for (int other = 0; other < 20; other++) {
            int64_t key = (int64_t)i * 20 + other;
            (void)limits_take(limits, LIMIT_ADDRESS, &key, sizeof key, 5000000);
        }
        given += limits_take(limits, LIMIT_DEVICE, "busy", 4, 5000000) == 0;
    }
    assert_int_equal(given, 1000);
    limits_free(limits);
}

static int64_t take_from(struct limits *limits, const char *text)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return limits_take_address(limits, (const struct sockaddr *)&four, 1000000);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return limits_take_address(limits, (const struct sockaddr *)&six, 1000000);
}

/* Each begins with a full bucket, unless it is somebody else under another name. */
static void test_limits__tell_addresses_apart(void **state)
{
    static const struct {
        const char *first, *same, *other;
    } addresses[] = {
        {"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"},
        {"::ffff:192.0.2.3", "192.0.2.3", "::ffff:192.0.2.4"},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"},
    };
    struct limits *limits = limits_new();
    const struct sockaddr local = {.sa_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        for (int turn = 0; turn < 10000; turn++)
            assert_int_equal(take_from(limits, addresses[i].first), 0);
        assert_true(take_from(limits, addresses[i].first) > 0);
        assert_true(take_from(limits, addresses[i].same) > 0);
        assert_int_equal(take_from(limits, addresses[i].other), 0);
    }
    for (int turn = 0; turn < 20000; turn++)
        assert_int_equal(limits_take_address(limits, &local, 1000000), 0);
    limits_free(limits);
}

static void limit(struct fixture *fixture)
{
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};

    fixture_close(fixture);
    options.limited = true;
    must(ledger_open(&options, &fixture->ledger, &error), &error);
}

static void test_limits__too_many_requests_of_a_token_are_429(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = {0};

    limit(fixture);
    for (int i = 0; i < 1000; i++) {
        answer = admin_call(fixture, "GET", "/v1/admin/totals", "", "", 0);
        assert_int_equal(answer.status, 200);
        answer_free(&answer);
    }
    answer = admin_call(fixture, "GET", "/v1/admin/totals", "", "", 0);
    assert_int_equal(answer.status, 429);
    assert_true(json_int_or(answer.json, "retry_ms", 0) > 0);
    answer_free(&answer);
    fixture->monotonic_us += 10000;
    answer = admin_call(fixture, "GET", "/v1/admin/totals", "", "", 0);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
}

static void test_limits__a_stranger_does_not_use_up_a_device(void **state)
{
    struct fixture *fixture = *state;
    struct device *device, stranger = {0};
    struct entropy entropy = entropy_system();
    struct answer answer;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    limit(fixture);
    key_pair(&entropy, &stranger.key, &stranger.secret);
    stranger.id = device->id;
    for (int i = 0; i < 1100; i++) {
        answer = signed_call(fixture, &stranger, "GET", "/v1/device", "", "", 0);
        assert_int_equal(answer.status, 401);
        answer_free(&answer);
    }
    for (int i = 0; i <= 1000; i++) {
        answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
        assert_int_equal(answer.status, i < 1000 ? 200 : 429);
        answer_free(&answer);
    }
    answer = admin_call(fixture, "GET", "/v1/admin/totals", "", "", 0);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    device_free(device);
}

static void subscribe(struct fixture *fixture, const char *name)
{
    char body[128];
    struct answer answer;

    (void)snprintf(body, sizeof body,
                   "{\"name\":\"%s\",\"url\":\"https://shop.example/\",\"events\":\"*\"}", name);
    answer = admin_call(fixture, "POST", "/v1/admin/webhooks", "", body, strlen(body));
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
}

static int64_t metric_value(const char *text, const char *name)
{
    char line[96];
    const char *at;

    (void)snprintf(line, sizeof line, "\n%s ", name);
    at = strstr(text, line);
    if (at == NULL)
        fail_msg("%s is missing in\n%s", name, text);
    return strtoll(at + strlen(line), NULL, 10);
}

static void test_metrics__tell_what_happened(void **state)
{
    static const char *const wanted[] = {
        "holdfast_requests_total{route=\"GET /v1/admin/totals\",status=\"200\"} 1\n",
        "holdfast_requests_total{route=\"GET /v1/device\",status=\"401\"} 1\n",
        "holdfast_requests_total{route=\"none\",status=\"404\"} 1\n",
        "holdfast_entries_total 3\n",
        "holdfast_till_silence_milliseconds 5000\n",
        "holdfast_exception_oldest_milliseconds 5000\n",
        "holdfast_webhook_oldest_milliseconds 5000\n",
        "holdfast_commits_total ",
        "holdfast_exceptions_open{kind=\"",
        "# TYPE holdfast_request_microseconds histogram\n"};
    struct fixture *fixture = *state;
    struct ledger_request nowhere = {.method = "GET", .path = "/secret/path", .query = ""};
    struct ledger_request bare = {.method = "GET", .path = "/v1/device", .query = ""};
    struct device *device;
    struct answer answer;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    subscribe(fixture, "a");
    subscribe(fixture, "b");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "NOTHING", 1000, 100); /* unknown: an exception */
    (void)post_ok(fixture, device, 1, 3);
    fixture->now_ms += 5000;
    answer = admin_call(fixture, "GET", "/v1/admin/totals", "", "", 0);
    answer_free(&answer);
    answer = request_answer(fixture, &nowhere);
    answer_free(&answer);
    answer = request_answer(fixture, &bare);
    answer_free(&answer);
    answer = admin_call(fixture, "GET", "/metrics", "", "", 0);
    assert_int_equal(answer.status, 200);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strstr(answer.text, wanted[i]) == NULL)
            fail_msg("%s is missing in\n%s", wanted[i], answer.text);
    }
    assert_null(strstr(answer.text, "secret"));
    /* Each of the two has all events before it. */
    assert_true(query_int(fixture, "SELECT count(*) FROM event") > 0);
    assert_int_equal(metric_value(answer.text, "holdfast_webhook_waiting"),
                     2 * query_int(fixture, "SELECT count(*) FROM event"));
    assert_true(metric_value(answer.text, "holdfast_database_bytes") > 65536);
    answer_free(&answer);
    device_free(device);
}

/* What is written while `run` runs. */
static void logged(struct fixture *fixture, struct buf *out)
{
    char path[128];
    struct error error = {0};

    (void)snprintf(path, sizeof path, "%s/log", fixture->folder);
    must(file_read(path, out, &error), &error);
}

static void test_log__requests_without_anything_personal(void **state)
{
    struct fixture *fixture = *state;
    struct ledger_request query = {.method = "GET",
                                   .path = "/v1/admin/stock",
                                   .query = "sku=SECRETQUERY",
                                   .authorization = "Bearer SECRETTOKEN"};
    struct ledger_request path = {.method = "POST",
                                  .path = "/v1/SECRETPATH",
                                  .query = "",
                                  .body = "SECRETBODY",
                                  .length = 10};
    char file[128], hex[ID_HEX_SIZE];
    struct device *device;
    struct answer answer;
    struct error error = {0};
    struct buf lines;

    (void)snprintf(file, sizeof file, "%s/log", fixture->folder);
    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    must(log_open(file, &error), &error);
    log_set_level(LOG_LEVEL_DEBUG);
    log_set_format(LOG_JSON);
    answer = request_answer(fixture, &query);
    answer_free(&answer);
    answer = request_answer(fixture, &path);
    answer_free(&answer);
    answer = admin_call(fixture, "POST", "/v1/admin/reference", "", "{\"SECRETROWS\":1}", 16);
    answer_free(&answer);
    answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
    answer_free(&answer);
    for (int i = 0; i < 500; i++) {
        answer = request_answer(fixture, &path);
        answer_free(&answer);
    }
    log_set_level(LOG_LEVEL_ERROR);
    log_set_format(LOG_TEXT);
    buf_init(&lines, 1 << 20);
    logged(fixture, &lines);
    assert_null(strstr(buf_text(&lines), "SECRET"));
    assert_null(strstr(buf_text(&lines), fixture->token));
    assert_non_null(strstr(buf_text(&lines), "\"route\":\"GET /v1/admin/stock\",\"status\":401"));
    assert_non_null(strstr(buf_text(&lines), "\"status\":400,\"token\":\"admin\""));
    hex_write(device->id.bytes, ID_SIZE, hex);
    assert_non_null(strstr(buf_text(&lines), hex));
    size_t count = 0;
    for (char *line = strtok((char *)lines.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *one = json_loads(line, 0, NULL);
        if (one == NULL)
            fail_msg("no JSON: %s", line);
        json_decref(one);
        count++;
    }
    assert_int_equal(count, REQUEST_LOG_BURST + 1); /* a flood is not told line by line */
    buf_finish(&lines);
    device_free(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits__a_bucket_empties_and_fills_again),
        cmocka_unit_test(test_limits__a_flood_of_names_does_not_reset_a_busy_one),
        cmocka_unit_test(test_limits__tell_addresses_apart),
        cmocka_unit_test_setup_teardown(test_limits__too_many_requests_of_a_token_are_429,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_limits__a_stranger_does_not_use_up_a_device,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_metrics__tell_what_happened, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_log__requests_without_anything_personal, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
