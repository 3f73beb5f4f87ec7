/* Who may ask what: the whole routing table as a list of its own, and each door of it tried with
 * every scope, with a device, with a revoked one, with a stranger's key, and with nothing. */
#include "ledger_fixture.h"

#include "sync/ledger/metrics.h"
#include "sync/ledger/routes.h"

enum door_kind { OPEN, SELF, DEVICE, TOKEN, EITHER };

struct door {
    const char *name; /* as ledger_route_name tells it */
    enum door_kind kind;
    const char *scopes; /* besides "admin" */
};

static const struct door doors[] = {
    {"GET /v1/health", OPEN, ""},
    {"POST /v1/enroll", SELF, ""},
    {"GET /v1/device", DEVICE, ""},
    {"POST /v1/journal", DEVICE, ""},
    {"GET /v1/changes", DEVICE, ""},
    {"GET /v1/snapshot", DEVICE, ""},
    {"GET /v1/snapshot/", DEVICE, ""},
    {"POST /v1/leases", DEVICE, ""},
    {"GET /v1/stock", EITHER, "stock"},
    {"GET /v1/admin/stock", TOKEN, "stock"},
    {"GET /v1/alerts", TOKEN, "read stock"},
    {"GET /v1/availability", TOKEN, "orders read stock"},
    {"GET /v1/admin/totals", TOKEN, "read"},
    {"GET /v1/reports/money", TOKEN, "read"},
    {"POST /v1/admin/reference", TOKEN, "reference"},
    {"POST /v1/admin/import", TOKEN, "reference"},
    {"POST /v1/admin/opening-stock", TOKEN, "reference"},
    {"POST /v1/admin/enroll-codes", TOKEN, "enroll"},
    {"GET /v1/admin/devices", TOKEN, "enroll"},
    {"POST /v1/admin/devices/revoke", TOKEN, "enroll"},
    {"POST /v1/admin/devices/reinstate", TOKEN, "enroll"},
    {"POST /v1/admin/devices/admit", TOKEN, "enroll"},
    {"POST /v1/orders", TOKEN, "orders"},
    {"GET /v1/orders", TOKEN, "orders read"},
    {"GET /v1/orders/", TOKEN, "orders read"},
    {"POST /v1/orders/", TOKEN, "orders"},
    {"GET /v1/exceptions", TOKEN, "exceptions"},
    {"GET /v1/admin/exceptions", TOKEN, "exceptions"},
    {"GET /v1/exceptions/", TOKEN, "exceptions"},
    {"POST /v1/exceptions/", TOKEN, "exceptions"},
    {"GET /metrics", TOKEN, "metrics"},
    {"GET /v1/hooks/deliveries", TOKEN, "hooks"},
    {"POST /v1/hooks/results", TOKEN, "hooks"},
    {"GET /v1/admin/webhooks", TOKEN, ""},
    {"POST /v1/admin/webhooks", TOKEN, ""},
    {"POST /v1/admin/webhooks/remove", TOKEN, ""},
    {"GET /v1/admin/tokens", TOKEN, ""},
    {"POST /v1/admin/tokens", TOKEN, ""},
    {"POST /v1/admin/tokens/revoke", TOKEN, ""},
};
#define DOOR_COUNT (sizeof doors / sizeof doors[0])

static const char *const scopes[] = {"read",       "stock",   "reference", "enroll", "orders",
                                     "exceptions", "metrics", "hooks",     "admin"};
#define SCOPE_COUNT (sizeof scopes / sizeof scopes[0])

/* "GET" and the path; something follows where something has to. */
static void split_name(const struct door *door, char method[8], char path[64])
{
    size_t length = strcspn(door->name, " ");
    const char *rest = door->name + length + 1;

    (void)snprintf(method, 8, "%.*s", (int)length, door->name);
    (void)snprintf(path, 64, "%s%s", rest, rest[strlen(rest) - 1] == '/' ? "x" : "");
}

static int finish(struct answer answer)
{
    int status = answer.status;

    answer_free(&answer);
    return status;
}

static int ask_with_token(struct fixture *fixture, const struct door *door, const char *token)
{
    char method[8], path[64], bearer[96];
    struct ledger_request request = {.method = method, .path = path, .query = "", .body = ""};

    split_name(door, method, path);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", token);
    request.authorization = token[0] == '\0' ? NULL : bearer;
    return finish(request_answer(fixture, &request));
}

static int ask_signed(struct fixture *fixture, const struct door *door, const struct device *device)
{
    char method[8], path[64];

    split_name(door, method, path);
    return finish(signed_call(fixture, device, method, path, "", "", 0));
}

static void assert_let_in(const struct door *door, const char *who, int status)
{
    if (status == 401 || status == 403 || status == 500)
        fail_msg("%s: %s is refused with %d", door->name, who, status);
}

static void assert_kept_out(const struct door *door, const char *who, int status, int wanted)
{
    if (status != wanted)
        fail_msg("%s: %s gets %d, not %d", door->name, who, status, wanted);
}

/* A new route has to be written down above. */
static void test_doors__are_all_listed(void **state)
{
    char room[METRICS_NAME_SIZE];
    const char *name;
    size_t count = 0;

    (void)state;
    for (; strcmp(name = ledger_route_name((int)count, room), "none") != 0; count++) {
        size_t at = 0;
        while (at < DOOR_COUNT && strcmp(doors[at].name, name) != 0)
            at++;
        if (at == DOOR_COUNT)
            fail_msg("%s is not listed", name);
    }
    assert_int_equal(count, DOOR_COUNT);
}

static void add_token(struct fixture *fixture, const char *scope, char out[TOKEN_SIZE])
{
    char body[96];
    struct answer answer;

    (void)snprintf(body, sizeof body, "{\"name\":\"for-%s\",\"scopes\":\"%s\"}", scope, scope);
    answer = admin_call(fixture, "POST", "/v1/admin/tokens", "", body, strlen(body));
    assert_int_equal(answer.status, 200);
    (void)snprintf(out, TOKEN_SIZE, "%s", json_text_or(answer.json, "token", ""));
    answer_free(&answer);
}

/* Whether `scope` is one of the words. */
static bool opens(const struct door *door, const char *scope)
{
    const char *at = door->scopes;
    size_t length = strlen(scope);

    if (strcmp(scope, "admin") == 0)
        return true;
    for (; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
        if (strcspn(at, " ") == length && strncmp(at, scope, length) == 0)
            return true;
    }
    return false;
}

static void test_doors__open_to_their_scopes_alone(void **state)
{
    struct fixture *fixture = *state;
    char token[TOKEN_SIZE];

    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        add_token(fixture, scopes[i], token);
        for (const struct door *door = doors; door < doors + DOOR_COUNT; door++) {
            int status = ask_with_token(fixture, door, token);
            if (door->kind == OPEN || (door->kind >= TOKEN && opens(door, scopes[i])))
                assert_let_in(door, scopes[i], status);
            else
                assert_kept_out(door, scopes[i], status, door->kind >= TOKEN ? 403 : 401);
        }
    }
}

static void test_doors__stay_shut_to_who_shows_nothing(void **state)
{
    struct fixture *fixture = *state;

    for (const struct door *door = doors; door < doors + DOOR_COUNT; door++) {
        int status = ask_with_token(fixture, door, "");
        if (door->kind == OPEN)
            assert_let_in(door, "anybody", status);
        else
            assert_kept_out(door, "anybody", status, 401);
    }
}

/* That it was revoked is told to the device itself, and to nobody who only knows its name. */
static void test_doors__of_devices_shut_with_the_device(void **state)
{
    struct fixture *fixture = *state;
    struct entropy entropy = entropy_system();
    struct device *device, stranger;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    stranger = *device;
    key_pair(&entropy, &stranger.key, &stranger.secret);
    for (int round = 0; round < 2; round++) {
        for (const struct door *door = doors; door < doors + DOOR_COUNT; door++) {
            bool mine = door->kind == DEVICE || door->kind == EITHER;
            if (door->kind <= SELF)
                continue;
            if (!mine)
                assert_kept_out(door, "a device", ask_signed(fixture, door, device), 401);
            else if (round == 0)
                assert_let_in(door, "a device", ask_signed(fixture, door, device));
            else
                assert_kept_out(door, "a revoked device", ask_signed(fixture, door, device), 403);
            assert_kept_out(door, "a foreign key", ask_signed(fixture, door, &stranger), 401);
        }
        run_sql(fixture, "UPDATE device SET active = 0");
    }
    device_free(device);
}

/* Whoever has seen a code and a till's key does not enrol the key for it. */
static void test_doors__a_key_is_enrolled_by_who_holds_it(void **state)
{
    struct fixture *fixture = *state;
    struct entropy entropy = entropy_system();
    struct device till = {.count = 0}, thief;
    char code[MESSAGE_CODE_SIZE], key[2 * PUBLIC_KEY_SIZE + 1], body[256];

    admin_put(fixture, SHOP_ROWS);
    new_code(fixture, "S01", "T01", code);
    key_pair(&entropy, &till.key, &till.secret);
    thief = till;
    key_pair(&entropy, &(struct public_key){{0}}, &thief.secret);
    assert_int_equal(finish(enroll(fixture, &thief, code)), 401);
    hex_write(till.key.bytes, PUBLIC_KEY_SIZE, key);
    (void)snprintf(body, sizeof body, "{\"code\":\"%s\",\"device_key\":\"%s\"}", code, key);
    thief = till;
    key_pair(&entropy, &thief.key, &thief.secret); /* signed well, by another key */
    assert_int_equal(
        finish(signed_call(fixture, &thief, "POST", "/v1/enroll", "", body, strlen(body))), 403);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM device"), 0);
    assert_int_equal(finish(enroll(fixture, &till, code)), 200);
}

static void assert_no_card(struct fixture *fixture, const struct door *door, const char *body,
                           bool packed)
{
    char method[8], path[64], bearer[96];
    struct ledger_request request = {.method = method,
                                     .path = path,
                                     .query = "",
                                     .authorization = bearer,
                                     .content_encoding = packed ? "zstd" : NULL,
                                     .body = body,
                                     .length = strlen(body)};
    struct buf bytes;
    struct answer answer;

    split_name(door, method, path);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", fixture->token);
    buf_init(&bytes, 4096);
    if (packed) {
        assert_int_equal(compress_bytes(body, strlen(body), &bytes), STATUS_OK);
        request.body = bytes.data;
        request.length = bytes.used;
    }
    answer = request_answer(fixture, &request);
    if (answer.status != 400 || strstr(answer.text, "looks like a card number") == NULL)
        fail_msg("%s takes %s: %d %s", door->name, body, answer.status, answer.text);
    assert_null(strstr(answer.text, "1111"));
    answer_free(&answer);
    buf_finish(&bytes);
}

/* Whatever the text's name, however deep, packed or not. (An import looks at each record.) */
static void test_doors__take_no_card_numbers(void **state)
{
    static const char *const fields[] = {"note",   "customer", "who",     "name",   "channel",
                                         "reason", "label",    "address", "detail", "category"};
    static const char *const shapes[] = {"{\"%s\":\"4111 1111 1111 1111\"}",
                                         "{\"a\":[{\"%s\":\"to 4111-1111-1111-1111 12/29\"}]}"};
    char body[128];

    for (const struct door *door = doors; door < doors + DOOR_COUNT; door++) {
        if (door->kind < TOKEN || strncmp(door->name, "POST ", 5) != 0 ||
            strcmp(door->name, "POST /v1/admin/import") == 0)
            continue;
        for (size_t i = 0; i < 2 * sizeof fields / sizeof fields[0]; i++) {
            (void)snprintf(body, sizeof body, shapes[i % 2], fields[i / 2]);
            assert_no_card(*state, door, body, false);
            assert_no_card(*state, door, body, true);
        }
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_doors__are_all_listed),
        TEST(test_doors__open_to_their_scopes_alone),
        TEST(test_doors__stay_shut_to_who_shows_nothing),
        TEST(test_doors__of_devices_shut_with_the_device),
        TEST(test_doors__a_key_is_enrolled_by_who_holds_it),
        TEST(test_doors__take_no_card_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
