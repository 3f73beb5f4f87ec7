/* Tokens with scopes, and devices that are revoked. */
#include "ledger_fixture.h"

static struct answer token_call(struct fixture *fixture, const char *token, const char *method,
                                const char *path, const char *body)
{
    char bearer[96];
    struct ledger_request request = {.method = method,
                                     .path = path,
                                     .query = "",
                                     .authorization = bearer,
                                     .body = body,
                                     .length = strlen(body)};

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", token);
    return request_answer(fixture, &request);
}

static int token_status(struct fixture *fixture, const char *token, const char *method,
                        const char *path, const char *body)
{
    struct answer answer = token_call(fixture, token, method, path, body);
    int status = answer.status;

    answer_free(&answer);
    return status;
}

static int admin_status(struct fixture *fixture, const char *path, const char *body)
{
    return token_status(fixture, fixture->token, "POST", path, body);
}

static void add_token(struct fixture *fixture, const char *body, char out[TOKEN_SIZE])
{
    struct answer answer = token_call(fixture, fixture->token, "POST", "/v1/admin/tokens", body);

    if (answer.status != 200)
        fail_msg("%d %s", answer.status, answer.text);
    (void)snprintf(out, TOKEN_SIZE, "%s", json_text_or(answer.json, "token", ""));
    assert_int_equal(strlen(out), TOKEN_SIZE - 1);
    answer_free(&answer);
}

static void test_tokens__may_do_what_their_scopes_say_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    char token[TOKEN_SIZE];

    add_token(fixture, "{\"name\":\"web\",\"scopes\":\"read,enroll\"}", token);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 200);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/devices", ""), 200);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/tokens", ""), 403);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/exceptions", ""), 403);
    assert_int_equal(token_status(fixture, token, "POST", "/v1/admin/reference", SHOP_ROWS), 403);
    assert_int_equal(token_status(fixture, token, "POST", "/v1/admin/tokens",
                                  "{\"name\":\"mine\",\"scopes\":\"admin\"}"),
                     403);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/device", ""), 401);
}

static void test_tokens__end_when_they_expire_and_when_they_are_revoked(void **state)
{
    struct fixture *fixture = *state;
    char token[TOKEN_SIZE], body[128];

    (void)snprintf(body, sizeof body, "{\"name\":\"day\",\"scopes\":\"read\",\"expires_ms\":%lld}",
                   (long long)START_MS + 1000);
    add_token(fixture, body, token);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 200);
    fixture->now_ms += 1000;
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 401);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 401);
    add_token(fixture, "{\"name\":\"thief\",\"scopes\":\"read\"}", token);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 200);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"thief\"}"), 200);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 401);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"thief\"}"), 200);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 401);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"none\"}"), 404);
}

static void test_tokens__rotate_the_first_administrator(void **state)
{
    struct fixture *fixture = *state;
    char token[TOKEN_SIZE], body[128];

    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"admin\"}"), 409);
    (void)snprintf(body, sizeof body, "{\"name\":\"day\",\"scopes\":\"admin\",\"expires_ms\":%lld}",
                   (long long)START_MS + 86400000);
    add_token(fixture, body, token); /* nobody could administer the day after */
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"admin\"}"), 409);
    add_token(fixture, "{\"name\":\"next\",\"scopes\":\"admin\"}", token);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"admin\"}"), 200);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens", "{}"), 401);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens", "{}"), 401);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/tokens", ""), 200);
    assert_int_equal(
        token_status(fixture, token, "POST", "/v1/admin/tokens/revoke", "{\"name\":\"next\"}"),
        409);
}

/* None of so many, and nothing that only looks like one's header. */
static void test_tokens__are_not_guessed(void **state)
{
    struct fixture *fixture = *state;
    char text[TOKEN_SIZE + 16];
    struct ledger_request request = {
        .method = "GET", .path = "/v1/admin/totals", .query = "", .authorization = text};
    struct answer answer;

    for (int i = 0; i < 8192; i++) {
        (void)snprintf(text, sizeof text, "Bearer %064x", (unsigned)i);
        answer = request_answer(fixture, &request);
        assert_int_equal(answer.status, 401);
        answer_free(&answer);
    }
    for (int i = 0; i < 5; i++) {
        static const char *const forms[] = {"Secret %s", "bearer%s", "%s", "Bearer  %s",
                                            "Bearer %.63s"};
        (void)snprintf(text, sizeof text, forms[i], fixture->token);
        answer = request_answer(fixture, &request);
        assert_int_equal(answer.status, 401);
        answer_free(&answer);
    }
}

static void test_tokens__refuse_what_makes_no_token(void **state)
{
    static const char *const wrong[] = {"{\"name\":\"a b\",\"scopes\":\"read\"}",
                                        "{\"name\":\"\",\"scopes\":\"read\"}",
                                        "{\"name\":\"x\",\"scopes\":\"\"}",
                                        "{\"name\":\"x\",\"scopes\":\"root\"}",
                                        "{\"name\":\"x\",\"scopes\":\"read\",\"expires_ms\":5}",
                                        "{\"scopes\":\"read\"}",
                                        "[]"};
    char token[TOKEN_SIZE];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(admin_status(*state, "/v1/admin/tokens", wrong[i]), 400);
    add_token(*state, "{\"name\":\"x\",\"scopes\":\"read\"}", token);
    assert_int_equal(
        admin_status(*state, "/v1/admin/tokens", "{\"name\":\"x\",\"scopes\":\"read\"}"), 409);
}

static void test_tokens__are_listed_without_themselves(void **state)
{
    struct fixture *fixture = *state;
    char token[TOKEN_SIZE];
    struct answer answer;

    add_token(fixture, "{\"name\":\"web\",\"scopes\":\"orders stock\"}", token);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/stock", ""), 400);
    answer = token_call(fixture, fixture->token, "GET", "/v1/admin/tokens", "");
    assert_int_equal(answer.status, 200);
    assert_null(strstr(answer.text, token));
    assert_non_null(strstr(answer.text, "\"name\":\"admin\",\"scopes\":\"admin\""));
    assert_non_null(strstr(answer.text, "\"name\":\"web\",\"scopes\":\"stock orders\""));
    assert_null(strstr(answer.text, "\"used_ms\":0")); /* both have been used */
    answer_free(&answer);
}

static int device_status(struct fixture *fixture, const struct device *device)
{
    struct answer answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
    int status = answer.status;

    if (status == 403)
        assert_string_equal(json_text_or(answer.json, "error", ""), "revoked");
    answer_free(&answer);
    return status;
}

static void test_devices__a_revoked_one_is_refused_until_it_is_reinstated(void **state)
{
    struct fixture *fixture = *state;
    struct device *one, *two;
    char body[64], hex[ID_HEX_SIZE];

    admin_put(fixture, SHOP_ROWS);
    one = device_make(fixture, "S01", "T01");
    two = device_make(fixture, "S01", "T02");
    hex_write(one->id.bytes, ID_SIZE, hex);
    (void)snprintf(body, sizeof body, "{\"device\":\"%s\"}", hex);
    assert_int_equal(device_status(fixture, one), 200);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/revoke", body), 200);
    assert_int_equal(device_status(fixture, one), 403);
    assert_int_equal(device_status(fixture, two), 200);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/reinstate", body), 200);
    assert_int_equal(device_status(fixture, one), 200);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/revoke",
                                  "{\"device\":\"00000000000000000000000000000000\"}"),
                     404);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/revoke", "{\"device\":\"00\"}"), 400);
    device_free(one);
    device_free(two);
}

static void test_devices__a_revoked_one_gets_no_answer_to_a_waiting_question(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    char query[160], body[64], hex[ID_HEX_SIZE];
    struct ledger_response later;
    struct answer answer;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    hex_write(fixture->ledger->incarnation.bytes, ID_SIZE, hex);
    (void)snprintf(query, sizeof query, "incarnation=%s&wait=20&staff=0", hex);
    answer = signed_call(fixture, device, "GET", "/v1/changes", query, "", 0);
    assert_non_null(answer.response.wait);
    hex_write(device->id.bytes, ID_SIZE, hex);
    (void)snprintf(body, sizeof body, "{\"device\":\"%s\"}", hex);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/revoke", body), 200);
    continue_waiting(fixture, &answer, &later);
    assert_int_equal(later.status, 403);
    assert_non_null(strstr(buf_text(&later.body), "\"revoked\""));
    ledger_response_finish(&later);
    answer_free(&answer);
    device_free(device);
}

/* ---- a backup is put back ---- */

static void backup_path(const struct fixture *fixture, char out[160])
{
    (void)snprintf(out, 160, "%s.backup", fixture->db);
}

static void back_up(struct fixture *fixture)
{
    struct error error = {0};
    char backup[160];

    backup_path(fixture, backup);
    must(store_backup(fixture->location, backup, &error), &error);
}

static void restore(struct fixture *fixture)
{
    struct error error = {0};
    char backup[160];

    backup_path(fixture, backup);
    fixture_close(fixture);
    must(store_restore(fixture->location, backup, &error), &error);
    fixture_open(fixture);
    fixture->now_ms += 3000; /* which requests it had seen is lost, see nonces.h */
}

static void test_revoked__stays_so_when_an_older_state_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct device *stolen, *other;
    char token[TOKEN_SIZE], body[64], hex[ID_HEX_SIZE];

    admin_put(fixture, SHOP_ROWS);
    stolen = device_make(fixture, "S01", "T01");
    other = device_make(fixture, "S01", "T02");
    add_token(fixture, "{\"name\":\"thief\",\"scopes\":\"read\"}", token);
    back_up(fixture);
    hex_write(stolen->id.bytes, ID_SIZE, hex);
    (void)snprintf(body, sizeof body, "{\"device\":\"%s\"}", hex);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/revoke", body), 200);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"thief\"}"), 200);
    restore(fixture);
    assert_int_equal(device_status(fixture, stolen), 403);
    assert_int_equal(device_status(fixture, other), 200);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/totals", ""), 401);
    assert_int_equal(admin_status(fixture, "/v1/admin/devices/reinstate", body), 200);
    restore(fixture);
    assert_int_equal(device_status(fixture, stolen), 200); /* the list knows that, too */
    device_free(stolen);
    device_free(other);
}

/* Nobody could let anybody in any more. */
static void test_revoked__the_last_administrator_is_spared(void **state)
{
    struct fixture *fixture = *state;
    char token[TOKEN_SIZE];

    back_up(fixture);
    add_token(fixture, "{\"name\":\"next\",\"scopes\":\"admin\"}", token);
    assert_int_equal(admin_status(fixture, "/v1/admin/tokens/revoke", "{\"name\":\"admin\"}"), 200);
    restore(fixture);
    assert_int_equal(token_status(fixture, token, "GET", "/v1/admin/tokens", ""), 401);
    assert_int_equal(token_status(fixture, fixture->token, "GET", "/v1/admin/tokens", ""), 200);
}

static void test_revoked__a_damaged_list_hinders_no_start(void **state)
{
    static const char *const lists[] = {"nonsense", "holdfast revoked 1\ntoken 12\ndevice \nx\n\n",
                                        ""};
    struct fixture *fixture = *state;
    struct error error = {0};
    char path[160];

    (void)snprintf(path, sizeof path, "%s.revoked", fixture->db);
    for (int i = 0; i < 3; i++) {
        fixture_close(fixture);
        must(file_write_durable(path, lists[i], strlen(lists[i]), 0600, &error), &error);
        fixture_open(fixture);
        assert_int_equal(token_status(fixture, fixture->token, "GET", "/v1/admin/tokens", ""), 200);
    }
}

static int admit(struct fixture *fixture, const struct device *device, const char *location,
                 const struct public_key *ledger_key)
{
    char id[ID_HEX_SIZE], key[2 * PUBLIC_KEY_SIZE + 1], ledger[2 * PUBLIC_KEY_SIZE + 1];
    char body[512];

    hex_write(device->id.bytes, ID_SIZE, id);
    hex_write(device->key.bytes, PUBLIC_KEY_SIZE, key);
    hex_write(ledger_key->bytes, PUBLIC_KEY_SIZE, ledger);
    (void)snprintf(
        body, sizeof body,
        "{\"device\":\"%s\",\"device_key\":\"%s\",\"ledger_key\":\"%s\",\"till\":\"T01\","
        "\"location\":\"%s\"}",
        id, key, ledger, location);
    return admin_status(fixture, "/v1/admin/devices/admit", body);
}

/* A ledger restored from a backup that is older than the till: its sales must come back. */
static void test_devices__that_a_restored_ledger_does_not_know_are_admitted(void **state)
{
    struct fixture *fixture = *state;
    const struct public_key *ledger_key = &fixture->ledger->key;
    struct device *device, *other;
    struct public_key strange;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    run_sql(fixture, "DELETE FROM device");
    other = device_make(fixture, "S01", "T02");
    strange = other->key;
    assert_int_equal(admit(fixture, device, "S99", ledger_key), 404);
    assert_int_equal(admit(fixture, device, "S01", &strange), 409);
    /* A key that looks like a card number is a key. */
    assert_int_equal(hex_read("a4111111111111111b", strange.bytes, 9), STATUS_OK);
    assert_int_equal(admit(fixture, device, "S01", &strange), 409);
    assert_int_equal(admit(fixture, device, "S 1", ledger_key), 400);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM device"), 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(admit(fixture, device, "S01", ledger_key), 200);
    assert_int_equal(post_ok(fixture, device, 1, 2), 2);
    /* Nobody takes another's id or key, and who was revoked stays so. */
    strange = device->key;
    device->key = other->key;
    assert_int_equal(admit(fixture, device, "S01", ledger_key), 409);
    device->key = strange;
    run_sql(fixture, "UPDATE device SET active = 0, revoked_ms = 1 WHERE till = 'T01'");
    assert_int_equal(admit(fixture, device, "S01", ledger_key), 200);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM device WHERE active = 0"), 1);
    device_free(device);
    device_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tokens__may_do_what_their_scopes_say_and_no_more,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tokens__end_when_they_expire_and_when_they_are_revoked,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tokens__rotate_the_first_administrator, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tokens__are_not_guessed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tokens__refuse_what_makes_no_token, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tokens__are_listed_without_themselves, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_revoked__stays_so_when_an_older_state_comes_back,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_revoked__the_last_administrator_is_spared,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_revoked__a_damaged_list_hinders_no_start,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            test_devices__that_a_restored_ledger_does_not_know_are_admitted, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(
            test_devices__a_revoked_one_is_refused_until_it_is_reinstated, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(
            test_devices__a_revoked_one_gets_no_answer_to_a_waiting_question, fixture_setup,
            fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
