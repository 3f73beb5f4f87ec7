/* Hostile requests, without a socket: each is refused in one line, and changes nothing. */
#include "ledger_fixture.h"

#include <signal.h>
#include <sys/wait.h>

/* A signed request that can be sent again, and changed. */
struct captured {
    struct signature_headers headers;
    char method[8], path[64], query[64];
    char body[8192];
    size_t length;
};

static void capture(struct fixture *fixture, const struct device *device, int64_t created_s,
                    const char *method, const char *path, struct captured *out)
{
    struct signature_params params = {.created = created_s};
    struct signed_request about = {.method = method,
                                   .path = path,
                                   .query = out->query,
                                   .body_hash = hash_bytes(out->body, out->length)};
    struct entropy entropy = entropy_system();

    (void)fixture;
    signature_nonce(&entropy, params.nonce);
    hex_write(device->id.bytes, ID_SIZE, params.keyid);
    signature_build(&about, &params, &device->secret, &out->headers);
    (void)snprintf(out->method, sizeof out->method, "%s", method);
    (void)snprintf(out->path, sizeof out->path, "%s", path);
}

static struct ledger_request request_of(const struct captured *captured)
{
    return (struct ledger_request){.method = captured->method,
                                   .path = captured->path,
                                   .query = captured->query,
                                   .content_digest = captured->headers.digest,
                                   .signature_input = captured->headers.input,
                                   .signature = captured->headers.value,
                                   .body = captured->body,
                                   .length = captured->length};
}

/* The status; every refusal is one line of JSON. */
static int send_captured(struct fixture *fixture, const struct captured *captured)
{
    struct ledger_request request = request_of(captured);
    struct answer answer = request_answer(fixture, &request);
    int status = answer.status;

    if (status != 200) {
        assert_non_null(answer.json);
        assert_null(strchr(answer.text, '\n'));
        assert_true(strlen(json_text_or(answer.json, "message", "")) > 0);
    }
    answer_free(&answer);
    return status;
}

static int64_t count_all(struct fixture *fixture)
{
    return query_int(fixture, "SELECT count(*) * 1000000 FROM entry") +
           query_int(fixture, "SELECT COALESCE(sum(seq), 0) * 1000 FROM epoch") +
           query_int(fixture, "SELECT COALESCE(sum(position), 0) FROM feed") +
           query_int(fixture, "SELECT count(*) * 7 FROM exception") +
           query_int(fixture, "SELECT count(*) * 11 FROM branch") +
           query_int(fixture, "SELECT count(*) * 13 FROM device");
}

/* A till that has sold once; the sale is in the captured request, not sent yet. */
static struct device *selling_device(struct fixture *fixture, struct captured *out)
{
    struct device *device;
    struct frame *frame;
    struct buf body;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 250);
    frame = frame_new(&device->epoch, 1);
    for (int i = 0; i < device->count; i++) {
        struct frame_entry raw = {.signature = device->entries[i].signature,
                                  .bytes = device->entries[i].bytes,
                                  .length = device->entries[i].length};
        assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    buf_init(&body, sizeof out->body);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    memcpy(out->body, body.data, body.used);
    out->length = body.used;
    buf_finish(&body);
    frame_free(frame);
    capture(fixture, device, fixture->now_ms / 1000, "POST", "/v1/journal", out);
    return device;
}

static void flip_text(struct fixture *fixture, struct captured *captured, char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        for (int bit = 0; bit < 8; bit++) {
            char before = text[i];
            text[i] = (char)(before ^ (1 << bit));
            if (text[i] != '\0') {
                int status = send_captured(fixture, captured);
                if (status < 400 || status > 405)
                    fail_msg("%d for bit %d of byte %zu in %s", status, bit, i, text);
            }
            text[i] = before;
        }
    }
}

static void test_attack__an_altered_request_is_refused_bit_by_bit(void **state)
{
    struct fixture *fixture = *state;
    struct captured captured = {0};
    struct device *device = selling_device(fixture, &captured);
    int64_t before = count_all(fixture);

    flip_text(fixture, &captured, captured.headers.digest);
    flip_text(fixture, &captured, captured.headers.input);
    flip_text(fixture, &captured, captured.method);
    flip_text(fixture, &captured, captured.path);
    for (size_t i = 0; i < captured.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            captured.body[i] = (char)(captured.body[i] ^ (1 << bit));
            assert_int_equal(send_captured(fixture, &captured), 401);
            captured.body[i] = (char)(captured.body[i] ^ (1 << bit));
        }
    }
    strcpy(captured.query, "a=1");
    assert_int_equal(send_captured(fixture, &captured), 401);
    captured.query[0] = '\0';
    assert_true(count_all(fixture) == before);
    assert_int_equal(send_captured(fixture, &captured), 200); /* the nonce was not used up */
    device_free(device);
}

/* The signature's text: a bit of it that base64 ignores would be another spelling of the same. */
static void test_attack__an_altered_signature_is_refused_bit_by_bit(void **state)
{
    struct fixture *fixture = *state;
    struct captured captured = {0};
    struct device *device = selling_device(fixture, &captured);
    int64_t before = count_all(fixture);

    flip_text(fixture, &captured, captured.headers.value);
    assert_true(count_all(fixture) == before);
    device_free(device);
}

static void test_attack__foreign_signed_expired_and_early_requests_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct captured captured = {0};
    struct device *device = selling_device(fixture, &captured), foreign = *device;
    struct entropy entropy = entropy_system();
    int64_t now_s = fixture->now_ms / 1000, before = count_all(fixture);

    key_pair(&entropy, &foreign.key, &foreign.secret);
    capture(fixture, &foreign, now_s, "POST", "/v1/journal", &captured);
    assert_int_equal(send_captured(fixture, &captured), 401);
    capture(fixture, device, now_s - SIGNATURE_WINDOW_S - 1, "POST", "/v1/journal", &captured);
    assert_int_equal(send_captured(fixture, &captured), 401);
    capture(fixture, device, now_s + NONCES_AHEAD_S + 1, "POST", "/v1/journal", &captured);
    assert_int_equal(send_captured(fixture, &captured), 401);
    /* One route's signature at another. */
    capture(fixture, device, now_s, "POST", "/v1/journal", &captured);
    strcpy(captured.path, "/v1/enroll");
    assert_int_equal(send_captured(fixture, &captured), 401);
    assert_true(count_all(fixture) == before);
    device_free(device);
}

static void test_attack__a_replay_is_refused_after_a_stop_too(void **state)
{
    struct fixture *fixture = *state;
    struct captured captured = {0};
    struct device *device = selling_device(fixture, &captured);
    struct answer answer;

    assert_int_equal(send_captured(fixture, &captured), 200);
    assert_int_equal(send_captured(fixture, &captured), 401);
    for (int i = 0; i < 2; i++) {
        fixture_close(fixture);
        fixture_open(fixture); /* in the very same second */
        assert_int_equal(send_captured(fixture, &captured), 401);
        answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
        assert_int_equal(answer.status, 200); /* and nobody honest waits */
        answer_free(&answer);
    }
    device_free(device);
}

/* Serves in a process of its own, which dies without a stop. */
static void serve_and_die(struct fixture *fixture, const struct captured *captured)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        fixture_open(fixture);
        status = send_captured(fixture, captured);
        _exit(status == 200 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_attack__a_replay_is_refused_after_a_crash_too(void **state)
{
    struct fixture *fixture = *state;
    struct captured captured = {0};
    struct device *device = selling_device(fixture, &captured);
    struct answer answer;

    capture(fixture, device, fixture->now_ms / 1000 + NONCES_AHEAD_S, "POST", "/v1/journal",
            &captured); /* signed ahead, as far as it may */
    fixture_close(fixture);
    serve_and_die(fixture, &captured);
    fixture_open(fixture);
    for (int second = 0; second < 2 * SIGNATURE_WINDOW_S; second++) {
        assert_int_not_equal(send_captured(fixture, &captured), 200);
        answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
        assert_int_equal(answer.status, second <= NONCES_AHEAD_S ? 503 : 200);
        answer_free(&answer);
        fixture->now_ms += 1000;
    }
    device_free(device);
}

/* A ledger that crashed, started with a clock that is a year ahead, and was then put right. */
static void test_attack__a_clock_that_is_set_back_locks_nobody_out(void **state)
{
    struct fixture *fixture = *state;
    struct captured captured = {0};
    struct device *device = selling_device(fixture, &captured);
    int64_t year_ms = INT64_C(365) * 86400 * 1000;
    struct answer answer;

    fixture_close(fixture);
    serve_and_die(fixture, &captured);
    fixture->now_ms += year_ms;
    fixture_open(fixture);
    fixture->now_ms += 10 * 1000;
    answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    fixture->now_ms -= year_ms;
    for (int second = 0; second < 5; second++) {
        assert_int_not_equal(send_captured(fixture, &captured), 200);
        answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
        assert_int_equal(answer.status, second <= NONCES_AHEAD_S ? 503 : 200);
        answer_free(&answer);
        fixture->now_ms += 1000;
    }
    device_free(device);
}

static int post_one(struct fixture *fixture, const struct device *device, int64_t first,
                    const struct frame_entry *entry)
{
    struct frame *frame = frame_new(&device->epoch, first);
    struct buf body;
    struct answer answer;
    int status;

    assert_int_equal(frame_add(frame, entry), STATUS_OK);
    buf_init(&body, FRAME_MAX_BYTES);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used);
    status = answer.status;
    answer_free(&answer);
    buf_finish(&body);
    frame_free(frame);
    return status;
}

/* Signed with the right key, and following what came before: but they say that they are of another
 * place, or of another epoch, or where none is. */
static void test_attack__entries_are_of_their_place(void **state)
{
    struct fixture *fixture = *state;
    struct frame_entry raw = {.damaged = true, .hash = hash_bytes("a", 1)};
    struct device *device;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    assert_int_equal(post_one(fixture, device, 1, &raw), 400); /* opens no epoch */
    add_open(device, NULL);
    assert_int_equal(post_ok(fixture, device, 1, 1), 1);
    assert_int_equal(post_one(fixture, device, UINT32_MAX - FRAME_MAX_ENTRIES + 1, &raw), 413);
    for (int i = 0; i < 2; i++) {
        json_t *entry = next_entry(device, "no_sale");
        if (i == 0)
            json_put_int(entry, "seq", 3);
        else
            json_put_hex(entry, "epoch", device->id.bytes, ID_SIZE);
        seal_entry(device, entry);
        device->count--;
        raw = (struct frame_entry){.signature = device->entries[1].signature,
                                   .bytes = device->entries[1].bytes,
                                   .length = device->entries[1].length};
        assert_int_equal(post_one(fixture, device, 2, &raw), 400);
        sealed_entry_finish(&device->entries[1]);
    }
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 0);
    device_free(device);
}

static void test_attack__no_card_number_is_written_down(void **state)
{
    static const struct {
        const char *path, *body;
    } cases[] = {
        {"/v1/admin/tokens", "{\"name\":\"4111-1111-1111-1111\",\"scopes\":\"read\"}"},
        {"/v1/admin/webhooks", "{\"name\":\"5555555555554444\",\"url\":\"https://a/\","
                               "\"events\":\"*\"}"},
        {"/v1/admin/reference",
         "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"X\",\"name\":"
         "\"for 4111 1111 1111 1111\"}}]}"},
        {"/v1/admin/enroll-codes", "{\"location\":\"S01\",\"till\":\"4111111111111111\"}"},
    };
    struct fixture *fixture = *state;
    struct answer answer;
    int64_t before;

    admin_put(fixture, SHOP_ROWS);
    before = count_all(fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer =
            admin_call(fixture, "POST", cases[i].path, "", cases[i].body, strlen(cases[i].body));
        assert_int_equal(answer.status, 400);
        assert_non_null(strstr(answer.text, "looks like a card number"));
        assert_null(strstr(answer.text, "1111"));
        answer_free(&answer);
    }
    assert_true(count_all(fixture) == before);
    /* In a field that holds codes it is a code. */
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":"
                       "\"4111111111111111\",\"name\":\"Tin\"}}]}");
}

static void test_attack__a_journal_with_a_card_number_is_taken_and_told(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct answer answer;
    json_t *entry;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    entry = next_entry(device, "no_sale");
    json_put_text(entry, "reason", "card 4111 1111 1111 1111");
    seal_entry(device, entry);
    assert_int_equal(post_ok(fixture, device, 1, 2), 2);
    answer = admin_call(fixture, "GET", "/v1/admin/exceptions", "", "", 0);
    assert_non_null(strstr(answer.text, "\"card_number\""));
    assert_null(strstr(answer.text, "1111 1111"));
    answer_free(&answer);
    device_free(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attack__an_altered_request_is_refused_bit_by_bit,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__an_altered_signature_is_refused_bit_by_bit,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            test_attack__foreign_signed_expired_and_early_requests_are_refused, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__a_replay_is_refused_after_a_stop_too,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__a_replay_is_refused_after_a_crash_too,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__a_clock_that_is_set_back_locks_nobody_out,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__entries_are_of_their_place, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__no_card_number_is_written_down, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_attack__a_journal_with_a_card_number_is_taken_and_told,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
