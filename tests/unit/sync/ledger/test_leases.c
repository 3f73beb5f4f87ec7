/* Leases: what is granted is kept, what is spent comes from entries, nothing is granted twice. */
#include "trade_fixture.h"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

static int64_t balance(struct fixture *fixture, const char *account)
{
    return count_text(fixture, "SELECT balance_minor FROM account WHERE account = ?1", account);
}

static void test_leases__grant_what_the_account_has_left(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S02", "T02");
    struct entropy entropy = entropy_system();
    struct id request = id_random(&entropy);

    expect_status(ask_lease(fixture, one, &request, "value", "GC-1", 500), 409); /* no account */
    add_open(one, NULL);
    add_account(one, "GC-1", 1000);
    (void)post_ok(fixture, one, 1, 2);
    (void)grant(fixture, one, "value", "GC-1", 600, 600);
    (void)grant(fixture, two, "value", "GC-1", 600, 400); /* what is left */
    expect_status(ask_lease(fixture, two, &request, "value", "GC-1", 1), 409);
    add_account(one, "GC-1", 50);
    (void)post_ok(fixture, one, 3, 1);
    expect_status(ask_lease(fixture, two, &request, "value", "GC-1", 80), 200); /* same id, later */
    assert_int_equal(query_int(fixture, "SELECT sum(granted) FROM lease"), 1050);
    device_free(one);
    device_free(two);
}

static void test_leases__answer_the_same_request_the_same_for_ever(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct entropy entropy = entropy_system();
    struct id request = id_random(&entropy);
    char *first = NULL;

    add_open(device, NULL);
    add_account(device, "GC-1", 1000);
    (void)post_ok(fixture, device, 1, 2);
    for (int i = 0; i < 3; i++) {
        struct answer answer = ask_lease(fixture, device, &request, "value", "GC-1", 300 + i);
        assert_int_equal(answer.status, 200);
        assert_int_equal(json_int_or(answer.json, "amount", 0), 300);
        if (first != NULL)
            assert_string_equal(json_text_or(answer.json, "lease", ""), first);
        free(first);
        first = mem_copy_text(json_text_or(answer.json, "lease", ""));
        answer_free(&answer);
        fixture_close(fixture);
        fixture_open(fixture);
        fixture->now_ms += 3000;
    }
    expect_status(ask_lease(fixture, device, &request, "value", "GC-2", 300), 409);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM lease"), 1);
    free(first);
    device_free(device);
}

static void test_leases__spent_and_returned_come_from_entries_alone(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct id lease;
    struct answer answer;

    add_open(device, NULL);
    add_account(device, "GC-1", 1000);
    (void)post_ok(fixture, device, 1, 2);
    lease = grant(fixture, device, "value", "GC-1", 1000, 1000);
    add_spend(device, "GC-1", &lease, 300);
    (void)post_ok(fixture, device, 3, 1);
    (void)post_ok(fixture, device, 3, 1);
    assert_int_equal(balance(fixture, "GC-1"), 700);
    answer = signed_call(fixture, device, "GET", "/v1/device", "", "", 0);
    json_t *held = json_array_get(json_object_get(answer.json, "leases"), 0);
    assert_int_equal(json_int_or(held, "amount", 0), 1000);
    assert_int_equal(json_int_or(held, "left", 0), 700);
    answer_free(&answer);
    fixture->now_ms += INT64_C(86400000) * 400; /* no clock gives it back */
    struct entropy entropy = entropy_system();
    struct id request = id_random(&entropy);
    expect_status(ask_lease(fixture, device, &request, "value", "GC-1", 1), 409);
    add_lease_return(device, &lease, 700);
    (void)post_ok(fixture, device, 4, 1);
    (void)grant(fixture, device, "value", "GC-1", 5000, 700);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM lease WHERE closed = 1"), 1);
    assert_projections_true(fixture);
    device_free(device);
}

static void test_leases__overspent_opens_one_exception(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *thief = device_make(fixture, "S01", "T02");
    struct entropy entropy = entropy_system();
    struct id lease, other, never = id_random(&entropy);

    add_open(device, NULL);
    add_account(device, "GC-1", 1000);
    (void)post_ok(fixture, device, 1, 2);
    lease = grant(fixture, device, "value", "GC-1", 400, 400);
    other = grant(fixture, device, "value", "GC-1", 400, 400);
    for (int i = 0; i < 4; i++)
        add_spend(device, "GC-1", &lease, 150);
    for (int i = 3; i <= 6; i++)
        (void)post_ok(fixture, device, i, 1);
    (void)post_ok(fixture, device, 1, 6);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    /* Another device gives back what it does not hold: told, and it frees nothing. */
    add_open(thief, NULL);
    add_lease_return(thief, &other, 400);
    add_lease_return(thief, &other, 1);
    (void)post_ok(fixture, thief, 1, 3);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM lease WHERE closed = 0"), 1);
    /* And one that was never granted. */
    add_spend(device, "GC-1", &never, 1);
    add_spend(device, "GC-1", &never, 1);
    (void)post_ok(fixture, device, 7, 2);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 3);
    assert_projections_true(fixture);
    device_free(device);
    device_free(thief);
}

static void test_leases__of_stock_keep_it_from_the_channels(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct answer answer;

    admin_put(fixture, "{\"rows\":[{\"t\":\"stock_rule\",\"op\":\"put\",\"row\":{\"location\":"
                       "\"S01\",\"sku\":\"A\",\"safety_milli\":1000}}]}");
    open_stock(fixture, "A", 5000);
    (void)grant(fixture, device, "stock", "A", 3000, 3000);
    (void)grant(fixture, device, "stock", "A", 3000, 1000); /* the rest but the safety stock */
    answer = get(fixture, "/v1/availability", "location=S01&sku=A");
    assert_non_null(strstr(answer.text, "\"available\":5,\"safety\":1,\"buffer\":0,\"leased\":4,"
                                        "\"sellable\":0,"));
    answer_free(&answer);
    device_free(device);
}

static void test_leases__refuse_what_is_malformed(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct entropy entropy = entropy_system();
    struct id request = id_random(&entropy);

    expect_status(ask_lease(fixture, device, &request, "value", "4111111111111111", 5), 400);
    expect_status(ask_lease(fixture, device, &request, "value", "a b", 5), 400);
    expect_status(ask_lease(fixture, device, &request, "value", "GC-1", 0), 400);
    expect_status(ask_lease(fixture, device, &request, "honour", "GC-1", 5), 400);
    expect_status(post_json(fixture, "/v1/leases", "{}"), 401); /* devices only */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM lease"), 0);
    device_free(device);
}

/* An account named like a payment card is told and never becomes a key. */
static void test_leases__no_account_looks_like_a_card(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_account(device, "4111111111111111", 1000);
    add_account(device, "GC-1", -200); /* below zero: told once */
    add_account(device, "GC-1", -200);
    (void)post_ok(fixture, device, 1, 4);
    assert_int_equal(exceptions_of(fixture, "account"), 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM account"), 1);
    assert_projections_true(fixture);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_leases__grant_what_the_account_has_left),
        TEST(test_leases__answer_the_same_request_the_same_for_ever),
        TEST(test_leases__spent_and_returned_come_from_entries_alone),
        TEST(test_leases__overspent_opens_one_exception),
        TEST(test_leases__of_stock_keep_it_from_the_channels),
        TEST(test_leases__refuse_what_is_malformed),
        TEST(test_leases__no_account_looks_like_a_card),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
