/* Subscriptions, deliveries, retries, and giving up. */
#include "ledger_fixture.h"

#include "sync/ledger/event.h"
#include "sync/ledger/webhooks.h"

static json_t *ask(struct fixture *fixture, const char *method, const char *path, const char *body,
                   int status)
{
    struct answer answer = admin_call(fixture, method, path, "", body, strlen(body));
    json_t *json = json_incref(answer.json);

    if (answer.status != status)
        fail_msg("%d %s", answer.status, answer.text);
    answer_free(&answer);
    return json;
}

static void tell(struct fixture *fixture, const char *path, const char *body, int status)
{
    json_decref(ask(fixture, "POST", path, body, status));
}

struct happening {
    const char *kind;
    int number;
};

static enum status run_event(void *context, const struct writer_turn *turn, struct error *error)
{
    const struct happening *happening = context;
    json_t *body = json_object();
    enum status status;

    json_put_int(body, "number", happening->number);
    status = event_add(turn->session, turn->now_ms, happening->kind, "S01", body, error);
    json_decref(body);
    return status;
}

static void happen(struct fixture *fixture, const char *kind, int number)
{
    struct happening happening = {.kind = kind, .number = number};
    struct writer_job job = {.run = run_event, .context = &happening};
    struct error error = {0};

    must(writer_run(fixture->ledger->writer, &job, &error), &error);
}

static void subscribe(struct fixture *fixture, const char *name, const char *events,
                      char secret[WEBHOOK_SECRET_SIZE])
{
    char body[256];
    json_t *answer;

    (void)snprintf(body, sizeof body,
                   "{\"name\":\"%s\",\"url\":\"https://example.com/hook\",\"events\":\"%s\"}", name,
                   events);
    answer = ask(fixture, "POST", "/v1/admin/webhooks", body, 200);
    (void)snprintf(secret, WEBHOOK_SECRET_SIZE, "%s", json_text_or(answer, "secret", ""));
    assert_int_equal(strlen(secret), 64);
    json_decref(answer);
}

/* The one delivery that is due, borrowed from *out; NULL when there is none. */
static json_t *due(struct fixture *fixture, json_t **out)
{
    *out = ask(fixture, "GET", "/v1/hooks/deliveries", "", 200);
    json_t *list = json_object_get(*out, "deliveries");
    assert_true(json_array_size(list) <= 1);
    return json_array_get(list, 0);
}

static void report(struct fixture *fixture, json_t *delivery, int status)
{
    char body[256];

    (void)snprintf(
        body, sizeof body, "{\"webhook\":\"%s\",\"first\":%lld,\"last\":%lld,\"status\":%d}",
        json_text_or(delivery, "webhook", ""), (long long)json_int_or(delivery, "first", 0),
        (long long)json_int_or(delivery, "last", 0), status);
    tell(fixture, "/v1/hooks/results", body, 200);
}

/* The numbers of the events in the delivery, as "1 2 3 ". */
static void numbers(json_t *delivery, char *out, size_t size)
{
    json_t *body = json_loads(json_text_or(delivery, "body", ""), 0, NULL), *event;
    size_t index, used = 0;

    out[0] = '\0';
    assert_non_null(body);
    json_array_foreach(json_object_get(body, "events"), index, event)
    {
        used +=
            (size_t)snprintf(out + used, size - used, "%lld ",
                             (long long)json_int_or(json_object_get(event, "body"), "number", -1));
    }
    json_decref(body);
}

static void test_webhooks__deliver_what_was_subscribed_in_order_and_signed(void **state)
{
    struct fixture *fixture = *state;
    char secret[WEBHOOK_SECRET_SIZE], text[8192], hex[HASH_HEX_SIZE], expected[128];
    uint8_t key[32];
    json_t *answer, *delivery;

    happen(fixture, "sale", 1); /* before anybody wants it */
    subscribe(fixture, "shop", "sale stock.low", secret);
    for (int i = 2; i < 6; i++) {
        happen(fixture, "sale", i);
        happen(fixture, "order.placed", 100 + i);
    }
    happen(fixture, "stock.low", 6);
    delivery = due(fixture, &answer);
    numbers(delivery, text, sizeof text);
    assert_string_equal(text, "2 3 4 5 6 ");
    assert_int_equal(hex_read(secret, key, sizeof key), STATUS_OK);
    (void)snprintf(text, sizeof text, "%lld.%s", (long long)fixture->now_ms / 1000,
                   json_text_or(delivery, "body", ""));
    struct hash hash = hmac_bytes(key, sizeof key, text, strlen(text));
    hex_write(hash.bytes, HASH_SIZE, hex);
    (void)snprintf(expected, sizeof expected, "t=%lld,v1=%s", (long long)fixture->now_ms / 1000,
                   hex);
    assert_string_equal(json_text_or(delivery, "signature", ""), expected);
    /* Not reported: given again. Reported: gone, and reporting again changes nothing. */
    json_decref(answer);
    delivery = due(fixture, &answer);
    assert_non_null(delivery);
    report(fixture, delivery, 204);
    report(fixture, delivery, 500);
    json_decref(answer);
    assert_null(due(fixture, &answer));
    json_decref(answer);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM event"), 1); /* the newest stays */
    happen(fixture, "sale", 7);
    delivery = due(fixture, &answer);
    numbers(delivery, text, sizeof text);
    assert_string_equal(text, "7 ");
    json_decref(answer);
}

static void test_webhooks__try_again_later_and_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    char secret[WEBHOOK_SECRET_SIZE], text[64];
    json_t *answer, *delivery;

    subscribe(fixture, "shop", "*", secret);
    happen(fixture, "a", 1);
    happen(fixture, "b", 2);
    delivery = due(fixture, &answer);
    report(fixture, delivery, 503);
    json_decref(answer);
    fixture->now_ms += 2000; /* the whole of the first pause */
    delivery = due(fixture, &answer);
    numbers(delivery, text, sizeof text);
    assert_string_equal(text, "1 ");
    report(fixture, delivery, 200);
    json_decref(answer);
    delivery = due(fixture, &answer);
    numbers(delivery, text, sizeof text);
    assert_string_equal(text, "2 ");
    json_decref(answer);
}

static void test_webhooks__give_up_with_an_exception_and_go_on(void **state)
{
    struct fixture *fixture = *state;
    char secret[WEBHOOK_SECRET_SIZE], text[64];
    int64_t before_ms = fixture->now_ms;
    json_t *answer, *delivery;

    subscribe(fixture, "shop", "*", secret);
    happen(fixture, "a", 1);
    happen(fixture, "a", 2);
    for (int i = 0; i < WEBHOOK_TRIES; i++) {
        delivery = due(fixture, &answer);
        assert_non_null(delivery);
        report(fixture, delivery, 0);
        json_decref(answer);
        fixture->now_ms += 3600 * 1000;
    }
    assert_true(fixture->now_ms - before_ms < INT64_C(24) * 3600 * 1000);
    delivery = due(fixture, &answer);
    numbers(delivery, text, sizeof text);
    /* The first try was of both; from then on it was one alone that failed. The exception itself is
     * an event, too. */
    assert_string_equal(text, "2 -1 ");
    for (int i = 0; i < WEBHOOK_TRIES; i++) {
        report(fixture, delivery, 0);
        json_decref(answer);
        fixture->now_ms += 3600 * 1000;
        delivery = due(fixture, &answer);
    }
    numbers(delivery, text, sizeof text);
    assert_string_equal(text, "-1 ");
    json_decref(answer);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'webhook'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT dead FROM webhook"), 2);
}

static void test_webhooks__pass_over_what_nobody_wants(void **state)
{
    struct fixture *fixture = *state;
    char secret[WEBHOOK_SECRET_SIZE];
    json_t *answer;

    subscribe(fixture, "few", "stock.low", secret);
    subscribe(fixture, "many", "sale", secret);
    for (int i = 0; i < 10; i++)
        happen(fixture, "sale", i);
    report(fixture, due(fixture, &answer), 200);
    json_decref(answer);
    assert_null(due(fixture, &answer));
    json_decref(answer);
    assert_int_equal(query_int(fixture, "SELECT min(position) FROM webhook"), 10);
    happen(fixture, "sale", 11);
    report(fixture, due(fixture, &answer), 200);
    json_decref(answer);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM event"), 1);
}

static void test_webhooks__refuse_what_is_no_subscription(void **state)
{
    static const char *const wrong[] = {
        "{\"name\":\"x\",\"url\":\"http://example.com/\",\"events\":\"*\"}",
        "{\"name\":\"x\",\"url\":\"http://127.0.0.1.evil.example/\",\"events\":\"*\"}",
        "{\"name\":\"x\",\"url\":\"https://\",\"events\":\"*\"}",
        "{\"name\":\"x\",\"url\":\"file:///etc/passwd\",\"events\":\"*\"}",
        "{\"name\":\"x\",\"url\":\"https://a@b/\",\"events\":\"*\"}",
        "{\"name\":\"x\",\"url\":\"https://a b/\",\"events\":\"*\"}",
        "{\"name\":\"x/y\",\"url\":\"https://a/\",\"events\":\"*\"}",
        "{\"name\":\"x\",\"url\":\"https://a/\",\"events\":\"\"}",
        "{\"name\":\"x\",\"url\":\"https://a/\",\"events\":\"Sale\"}",
        "{\"name\":\"x\",\"url\":\"https://a/\",\"events\":\"sale *\"}",
        "{\"url\":\"https://a/\",\"events\":\"*\"}"};
    struct fixture *fixture = *state;
    char secret[WEBHOOK_SECRET_SIZE];
    json_t *list;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        tell(fixture, "/v1/admin/webhooks", wrong[i], 400);
    tell(fixture, "/v1/admin/webhooks",
         "{\"name\":\"x\",\"url\":\"http://127.0.0.1:8000/\",\"events\":\"*\"}", 200);
    tell(fixture, "/v1/admin/webhooks", "{\"name\":\"x\",\"url\":\"https://b/\",\"events\":\"*\"}",
         409);
    tell(fixture, "/v1/admin/webhooks/remove", "{\"name\":\"x\"}", 200);
    tell(fixture, "/v1/admin/webhooks/remove", "{\"name\":\"x\"}", 404);
    subscribe(fixture, "x", "sale", secret); /* its name is free again */
    list = ask(fixture, "GET", "/v1/admin/webhooks", "", 200);
    assert_int_equal(json_array_size(json_object_get(list, "webhooks")), 1);
    char *text = json_dumps(list, 0);
    assert_null(strstr(text, secret));
    free(text);
    json_decref(list);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_webhooks__deliver_what_was_subscribed_in_order_and_signed),
        TEST(test_webhooks__try_again_later_and_one_by_one),
        TEST(test_webhooks__give_up_with_an_exception_and_go_on),
        TEST(test_webhooks__pass_over_what_nobody_wants),
        TEST(test_webhooks__refuse_what_is_no_subscription),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
