/* Every call, and every refusal, without a socket. */
#include "ledger_fixture.h"

static const char *error_code(const struct answer *answer)
{
    return json_text_or(answer->json, "error", "");
}

static void assert_refused(struct answer answer, int status, const char *code)
{
    if (answer.status != status || strcmp(error_code(&answer), code) != 0)
        fail_msg("%d %s instead of %d %s", answer.status, answer.text, status, code);
    assert_true(json_int_or(answer.json, "time_ms", 0) > 0);
    assert_true(strlen(json_text_or(answer.json, "message", "")) > 0);
    answer_free(&answer);
}

static void test_handle__tells_health_to_anybody(void **state)
{
    struct ledger_request request = {.method = "GET", .path = "/v1/health", .query = ""};
    struct answer answer = request_answer(*state, &request);

    assert_int_equal(answer.status, 200);
    assert_string_equal(json_text_or(answer.json, "status", ""), "ok");
    answer_free(&answer);
}

static void test_handle__refuses_unknown_paths_and_methods(void **state)
{
    struct ledger_request nowhere = {.method = "GET", .path = "/v1/nothing", .query = ""};
    struct ledger_request below = {.method = "GET", .path = "/v1/health/", .query = ""};
    struct ledger_request capitals = {.method = "GET", .path = "/v1/HEALTH", .query = ""};
    struct ledger_request unnamed = {.method = "GET", .path = "/v1/snapshot/", .query = ""};
    struct ledger_request method = {.method = "DELETE", .path = "/v1/device", .query = ""};

    assert_refused(request_answer(*state, &nowhere), 404, "not_found");
    assert_refused(request_answer(*state, &below), 404, "not_found");
    assert_refused(request_answer(*state, &capitals), 404, "not_found");
    assert_refused(request_answer(*state, &unnamed), 404, "not_found");
    assert_refused(request_answer(*state, &method), 405, "unsupported");
}

static void test_handle__wants_the_token_for_administration(void **state)
{
    struct fixture *fixture = *state;
    char wrong[96];
    struct ledger_request request = {.method = "GET", .path = "/v1/admin/totals", .query = ""};

    assert_refused(request_answer(fixture, &request), 401, "denied");
    (void)snprintf(wrong, sizeof wrong, "Bearer %s", fixture->token);
    wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
    request.authorization = wrong;
    assert_refused(request_answer(fixture, &request), 401, "denied");
    request.authorization = fixture->token; /* without the scheme */
    assert_refused(request_answer(fixture, &request), 401, "denied");
}

static void test_handle__enrols_once_and_says_it_again(void **state)
{
    struct fixture *fixture = *state;
    struct device one = {0}, two = {0};
    struct entropy entropy = entropy_system();
    char code[MESSAGE_CODE_SIZE];
    struct answer first, again;

    admin_put(fixture, SHOP_ROWS);
    key_pair(&entropy, &one.key, &one.secret);
    key_pair(&entropy, &two.key, &two.secret);
    new_code(fixture, "S01", "T01", code);
    first = enroll(fixture, &one, code);
    fixture->now_ms += INT64_C(48) * 3600 * 1000; /* long expired, and yet the same answer */
    again = enroll(fixture, &one, code);
    assert_int_equal(first.status, 200);
    assert_int_equal(again.status, 200);
    assert_string_equal(json_text_or(first.json, "device", "1"),
                        json_text_or(again.json, "device", "2"));
    answer_free(&first);
    answer_free(&again);
    assert_refused(enroll(fixture, &two, code), 403, "denied");
    assert_refused(enroll(fixture, &two, "WRONG"), 403, "denied");
    new_code(fixture, "S01", "T02", code);
    assert_refused(enroll(fixture, &one, code), 403, "denied"); /* the key is a device already */
    fixture->now_ms += INT64_C(24) * 3600 * 1000;
    assert_refused(enroll(fixture, &two, code), 403, "denied"); /* expired */
}

static void test_handle__wants_a_known_location_for_a_code(void **state)
{
    const char *nowhere = "{\"location\":\"S09\",\"till\":\"T01\"}";
    struct answer answer =
        admin_call(*state, "POST", "/v1/admin/enroll-codes", "", nowhere, strlen(nowhere));

    assert_refused(answer, 404, "not_found");
    answer = admin_call(*state, "POST", "/v1/admin/enroll-codes", "", "{\"till\":\"T01\"}", 14);
    assert_refused(answer, 400, "invalid");
}

/* No till takes such a name: the code would be spent, and the shop have a till that is silent. */
static void test_handle__wants_a_tills_name_for_a_code(void **state)
{
    static const char *const wrong[] = {"{\"location\":\"S01\",\"till\":\"a b\"}",
                                        "{\"location\":\"S01\",\"till\":\"T/1\"}"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(
            admin_call(*state, "POST", "/v1/admin/enroll-codes", "", wrong[i], strlen(wrong[i])),
            400, "invalid");
}

static void test_handle__refuses_what_is_not_signed_well(void **state)
{
    struct fixture *fixture = *state;
    struct device *device, stranger = {0};
    struct entropy entropy = entropy_system();
    struct ledger_request bare = {.method = "GET", .path = "/v1/device", .query = ""};

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    assert_refused(request_answer(fixture, &bare), 401, "denied");
    key_pair(&entropy, &stranger.key, &stranger.secret);
    stranger.id = id_random(&entropy);
    assert_refused(signed_call(fixture, &stranger, "GET", "/v1/device", "", "", 0), 401, "denied");
    stranger.id = device->id; /* a known name under another key */
    assert_refused(signed_call(fixture, &stranger, "GET", "/v1/device", "", "", 0), 401, "denied");
    device_free(device);
}

static void test_handle__keeps_the_window_and_tells_the_time(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    int64_t now_s;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    fixture->now_ms += 3600 * 1000;
    now_s = fixture->now_ms / 1000;
    assert_refused(signed_call_at(fixture, device, now_s - 301, "GET", "/v1/device", "", "", 0),
                   401, "clock");
    assert_refused(signed_call_at(fixture, device, now_s + 301, "GET", "/v1/device", "", "", 0),
                   401, "clock");
    struct answer answer =
        signed_call_at(fixture, device, now_s - 299, "GET", "/v1/device", "", "", 0);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    assert_refused(signed_call_at(fixture, device, now_s + 3, "GET", "/v1/device", "", "", 0), 401,
                   "clock");
    device_free(device);
}

/* A request that can be made again, byte for byte. */
struct repeated {
    struct signature_headers headers;
    struct ledger_request request;
};

static void sign_repeated(struct fixture *fixture, const struct device *device,
                          struct repeated *out)
{
    struct signature_params params = {.created = fixture->now_ms / 1000};
    struct signed_request about = {
        .method = "GET", .path = "/v1/device", .query = "", .body_hash = hash_bytes("", 0)};
    struct entropy entropy = entropy_system();

    signature_nonce(&entropy, params.nonce);
    hex_write(device->id.bytes, ID_SIZE, params.keyid);
    signature_build(&about, &params, &device->secret, &out->headers);
    out->request = (struct ledger_request){.method = "GET",
                                           .path = "/v1/device",
                                           .query = "",
                                           .content_digest = out->headers.digest,
                                           .signature_input = out->headers.input,
                                           .signature = out->headers.value};
}

static void assert_served(struct fixture *fixture, const struct repeated *repeated)
{
    struct answer answer = request_answer(fixture, &repeated->request);

    assert_int_equal(answer.status, 200);
    answer_free(&answer);
}

static void test_handle__refuses_a_replay(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct repeated early, late, last;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    sign_repeated(fixture, device, &early);
    assert_served(fixture, &early);
    assert_refused(request_answer(fixture, &early.request), 401, "denied");
    fixture->now_ms += 299 * 1000;
    assert_refused(request_answer(fixture, &early.request), 401, "denied");
    /* Over the change of generations. */
    fixture->now_ms += 291 * 1000;
    sign_repeated(fixture, device, &late);
    assert_served(fixture, &late);
    fixture->now_ms += 20 * 1000;
    sign_repeated(fixture, device, &last);
    assert_served(fixture, &last);
    assert_refused(request_answer(fixture, &late.request), 401, "denied");
    device_free(device);
}

static void test_handle__refuses_a_blocked_device(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    run_sql(fixture, "UPDATE device SET active = 0");
    assert_refused(signed_call(fixture, device, "GET", "/v1/device", "", "", 0), 403, "revoked");
    device_free(device);
}

static void test_handle__unpacks_bodies_within_their_ceiling(void **state)
{
    struct fixture *fixture = *state;
    char bearer[96];
    struct buf packed, large;
    struct ledger_request request = {.method = "POST",
                                     .path = "/v1/admin/reference",
                                     .query = "",
                                     .authorization = bearer,
                                     .content_encoding = "zstd"};

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", fixture->token);
    buf_init(&packed, (size_t)1 << 20);
    assert_int_equal(compress_bytes(SHOP_ROWS, strlen(SHOP_ROWS), &packed), STATUS_OK);
    request.body = packed.data;
    request.length = packed.used;
    struct answer answer = request_answer(fixture, &request);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    request.length = packed.used - 3;
    assert_refused(request_answer(fixture, &request), 400, "invalid");
    request.content_encoding = "gzip";
    assert_refused(request_answer(fixture, &request), 400, "unsupported");
    /* Nine megabytes of nothing. */
    char *zeros = mem_alloc((size_t)9 << 20);
    buf_init(&large, (size_t)1 << 20);
    assert_int_equal(compress_bytes(zeros, (size_t)9 << 20, &large), STATUS_OK);
    request.content_encoding = "zstd";
    request.body = large.data;
    request.length = large.used;
    assert_refused(request_answer(fixture, &request), 413, "range");
    /* Cut at the ceiling of its own path, not unpacked first. */
    request.path = "/v1/admin/tokens";
    answer = request_answer(fixture, &request);
    assert_int_equal(answer.status, 413);
    assert_non_null(strstr(answer.text, "more than 65536 bytes come out"));
    answer_free(&answer);
    /* As it is, one byte beyond. */
    request.content_encoding = NULL;
    request.body = zeros;
    request.length = 65537;
    assert_refused(request_answer(fixture, &request), 413, "range");
    request.length = 65536;
    assert_refused(request_answer(fixture, &request), 400, "invalid");
    free(zeros);
    buf_finish(&packed);
    buf_finish(&large);
}

static void test_handle__says_how_large_a_body_may_be(void **state)
{
    struct fixture *fixture = *state;
    char bearer[96];
    static const char reading[] = "{\"name\":\"web\",\"scopes\":\"read\"}";
    struct ledger_request request = {.method = "POST", .path = "/v1/admin/import", .query = ""};
    struct answer answer;

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", fixture->token);
    assert_int_equal(ledger_body_ceiling(fixture->ledger, &request), 65536);
    request.authorization = bearer;
    assert_int_equal(ledger_body_ceiling(fixture->ledger, &request), COMPRESS_IMPORT_CEILING);
    answer = admin_call(fixture, "POST", "/v1/admin/tokens", "", reading, sizeof reading - 1);
    assert_int_equal(answer.status, 200);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", json_text_or(answer.json, "token", ""));
    answer_free(&answer);
    assert_int_equal(ledger_body_ceiling(fixture->ledger, &request), 65536);
    request.path = "/v1/no/such/path";
    assert_int_equal(ledger_body_ceiling(fixture->ledger, &request), 65536);
    request.path = "/v1/journal";
    assert_int_equal(ledger_body_ceiling(fixture->ledger, &request), FRAME_MAX_BYTES);
    request.method = "GET";
    request.path = "/v1/device";
    assert_int_equal(ledger_body_ceiling(fixture->ledger, &request), 0);
}

static void test_handle__refuses_rows_that_break_rules(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } cases[] = {
        {"", 400, "invalid"},
        {"{}", 400, "invalid"},
        {"{\"rows\":[{\"t\":\"nothing\",\"op\":\"put\",\"row\":{}}]}", 400, "unsupported"},
        {"{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"\"}}]}", 400, "invalid"},
        {"{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"X\",\"name\":5}}]}", 400,
         "invalid"},
        {"{\"rows\":[{\"t\":\"stock\",\"op\":\"put\",\"row\":{\"location\":\"S01\",\"sku\":\"A\","
         "\"status\":\"available\",\"quantity_milli\":5}}]}",
         403, "denied"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(admin_call(*state, "POST", "/v1/admin/reference", "", cases[i].body,
                                  strlen(cases[i].body)),
                       cases[i].status, cases[i].code);
    /* One bad row: none of them is written. */
    const char *mixed = "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"OK\","
                        "\"name\":\"n\"}},{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":5}}]}";
    assert_refused(admin_call(*state, "POST", "/v1/admin/reference", "", mixed, strlen(mixed)), 400,
                   "invalid");
    assert_int_equal(query_int(*state, "SELECT count(*) FROM item"), 0);
}

static void test_handle__keeps_items_that_have_stock(void **state)
{
    struct fixture *fixture = *state;
    const char *delete = "{\"rows\":[{\"t\":\"item\",\"op\":\"del\",\"row\":{\"sku\":\"A\"}}]}";
    struct device *device;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    assert_refused(admin_call(fixture, "POST", "/v1/admin/reference", "", delete, strlen(delete)),
                   409, "conflict");
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"del\",\"row\":{\"sku\":\"B\"}}]}");
    device_free(device);
}

static void test_handle__tells_stock_as_exact_decimals(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct answer answer;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "C\"q", -1250, -100);
    (void)post_ok(fixture, device, 1, 2);
    answer = admin_call(fixture, "GET", "/v1/admin/stock", "sku=C%22q", "", 0);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.text,
                        "{\"sku\":\"C\\\"q\",\"locations\":{\"S01\":{\"available\":1.25,"
                        "\"reserved\":0,\"in_transit\":0,\"damaged\":0}}}");
    answer_free(&answer);
    answer = signed_call(fixture, device, "GET", "/v1/stock", "sku=A", "", 0);
    assert_string_equal(answer.text, "{\"sku\":\"A\",\"locations\":{}}");
    answer_free(&answer);
    assert_refused(admin_call(fixture, "GET", "/v1/admin/stock", "sku=nothing", "", 0), 404,
                   "not_found");
    assert_refused(admin_call(fixture, "GET", "/v1/admin/stock", "", "", 0), 400, "invalid");
    assert_refused(admin_call(fixture, "GET", "/v1/admin/stock", "sku=%4", "", 0), 400, "invalid");
    assert_refused(admin_call(fixture, "GET", "/v1/admin/stock", "sku=%", "", 0), 400, "invalid");
    assert_refused(admin_call(fixture, "GET", "/v1/admin/stock", "sku=%FF", "", 0), 400, "invalid");
    device_free(device);
}

/* What a stranger sent comes back in messages, and must not break the answer. */
static void test_handle__quotes_strangers_safely(void **state)
{
    static const char *const queries[] = {"list=%FF%FE", "list=%C3", "list=a%0Ab%1B",
                                          "stock=%E2%82=5", "list=%00"};

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct answer answer =
            admin_call(*state, "POST", "/v1/admin/import", queries[i], "sku,name,price\n", 15);
        assert_true(answer.status == 400 || answer.status == 404);
        assert_non_null(answer.json);
        answer_free(&answer);
    }
    for (size_t i = 0; i < 3; i++) {
        static const char *const versions[] = {"\xFF\xFE", "a\x1B\n", "123456789012345\xC3\xA4"};
        char bearer[96];
        struct ledger_request request = {.method = "GET",
                                         .path = "/v1/admin/totals",
                                         .query = "",
                                         .authorization = bearer,
                                         .version = versions[i]};
        (void)snprintf(bearer, sizeof bearer, "Bearer %s", ((const struct fixture *)*state)->token);
        assert_refused(request_answer(*state, &request), 426, "version");
    }
}

/* A long message is cut, but never within a character. */
static void test_handle__cuts_messages_between_characters(void **state)
{
    const struct fixture *fixture = *state;

    for (size_t lead = 0; lead < 2; lead++) {
        struct ledger_response response;
        char text[401] = "x";
        json_t *told;
        for (size_t at = lead; at + 2 < sizeof text; at += 2)
            memcpy(text + at, "\xC3\xA4", 3);
        ledger_response_init(&response);
        ledger_refuse(fixture->ledger, 400, "invalid", text, &response);
        told = json_loads(buf_text(&response.body), 0, NULL);
        assert_non_null(told);
        assert_int_equal(strlen(json_text_or(told, "message", "")), 254 + lead);
        json_decref(told);
        ledger_response_finish(&response);
    }
}

static void test_handle__tells_totals_by_location_and_currency(void **state)
{
    struct fixture *fixture = *state;
    struct device *one, *two;
    struct answer answer;

    admin_put(fixture, SHOP_ROWS);
    one = device_make(fixture, "S01", "T01");
    two = device_make(fixture, "S02", "T01");
    add_open(one, NULL);
    add_sale(one, "A", 1000, 250);
    add_sale(one, "A", -1000, -50);
    add_open(two, NULL);
    add_sale(two, "B", 2000, 1);
    (void)post_ok(fixture, one, 1, 3);
    (void)post_ok(fixture, two, 1, 2);
    answer = admin_call(fixture, "GET", "/v1/admin/totals", "", "", 0);
    assert_string_equal(answer.text,
                        "{\"entries\":5,\"sales\":2,\"returns\":1,\"gross_minor\":{\"GBP\":201},"
                        "\"locations\":{\"S01\":{\"entries\":3,\"sales\":1,\"returns\":1,"
                        "\"gross_minor\":{\"GBP\":200}},\"S02\":{\"entries\":2,\"sales\":1,"
                        "\"returns\":0,\"gross_minor\":{\"GBP\":1}}}}");
    answer_free(&answer);
    device_free(one);
    device_free(two);
}

static void test_handle__tells_the_heads_of_a_device(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct device_answer heads;
    struct error error = {0};

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 250);
    (void)post_ok(fixture, device, 1, 2);
    struct answer answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
    must(message_read_device_answer(answer.text, answer.length, &heads, &error), &error);
    assert_int_equal(heads.count, 1);
    assert_int_equal(heads.heads[0].seq, 2);
    assert_true(countersign_head_valid(&device->id, &heads.heads[0], &fixture->ledger->key));
    message_finish_device_answer(&heads);
    answer_free(&answer);
    device_free(device);
}

static void test_handle__keeps_scopes_of_other_locations_apart(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct changes_query query;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    query = changes_from(fixture, "S02");
    assert_refused(ask_changes(fixture, device, &query), 403, "denied");
    query = changes_from(fixture, "S01B"); /* which begins with this one's name */
    assert_refused(ask_changes(fixture, device, &query), 403, "denied");
    query = changes_from(fixture, "S01");
    query.incarnation.bytes[0] ^= 1;
    assert_refused(ask_changes(fixture, device, &query), 410, "snapshot");
    assert_refused(signed_call(fixture, device, "GET", "/v1/changes", "incarnation=5", "", 0), 400,
                   "invalid");
    device_free(device);
}

/* Whoever speaks a version that is not its neighbour is told so, and nothing of his is taken; a
 * stranger is told that he is one. */
static void test_handle__versions_that_are_too_far_apart_are_426(void **state)
{
    struct fixture *fixture = *state;
    char bearer[96];
    struct ledger_request request = {.method = "POST",
                                     .path = "/v1/admin/reference",
                                     .query = "",
                                     .authorization = bearer,
                                     .body = SHOP_ROWS,
                                     .length = sizeof SHOP_ROWS - 1};
    static const struct {
        int from_now;
        int status;
    } versions[] = {{-1, 200}, {0, 200}, {1, 200}, {2, 426}, {1000000, 426}};
    char version[24];
    struct answer answer;

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", fixture->token);
    request.version = "x";
    assert_refused(request_answer(fixture, &request), 426, "version");
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item"), 0);
    request.version = version;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        (void)snprintf(version, sizeof version, "%d", MESSAGE_VERSION + versions[i].from_now);
        answer = request_answer(fixture, &request);
        assert_int_equal(answer.status, versions[i].status);
        answer_free(&answer);
    }
    request.authorization = "Bearer nonsense";
    assert_refused(request_answer(fixture, &request), 401, "denied");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_handle__tells_health_to_anybody),
        TEST(test_handle__refuses_unknown_paths_and_methods),
        TEST(test_handle__wants_the_token_for_administration),
        TEST(test_handle__enrols_once_and_says_it_again),
        TEST(test_handle__wants_a_known_location_for_a_code),
        TEST(test_handle__refuses_what_is_not_signed_well),
        TEST(test_handle__wants_a_tills_name_for_a_code),
        TEST(test_handle__keeps_the_window_and_tells_the_time),
        TEST(test_handle__refuses_a_replay),
        TEST(test_handle__refuses_a_blocked_device),
        TEST(test_handle__unpacks_bodies_within_their_ceiling),
        TEST(test_handle__says_how_large_a_body_may_be),
        TEST(test_handle__refuses_rows_that_break_rules),
        TEST(test_handle__keeps_items_that_have_stock),
        TEST(test_handle__tells_stock_as_exact_decimals),
        TEST(test_handle__quotes_strangers_safely),
        TEST(test_handle__cuts_messages_between_characters),
        TEST(test_handle__tells_totals_by_location_and_currency),
        TEST(test_handle__tells_the_heads_of_a_device),
        TEST(test_handle__keeps_scopes_of_other_locations_apart),
        TEST(test_handle__versions_that_are_too_far_apart_are_426),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
