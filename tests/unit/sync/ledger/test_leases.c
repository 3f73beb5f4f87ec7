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

/* A lease is no money of its own: it pays from its own account, or holds its own item. */
static void test_leases__used_for_something_else_are_told(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct id value, stock;
    json_t *entry;

    open_stock(fixture, "B", 9000);
    add_open(device, NULL);
    add_account(device, "GC-1", 1000);
    add_account(device, "GC-2", 1000);
    (void)post_ok(fixture, device, 1, 3);
    value = grant(fixture, device, "value", "GC-1", 500, 500);
    stock = grant(fixture, device, "stock", "B", 3000, 3000);
    add_spend(device, "GC-1", &value, 100);
    (void)post_ok(fixture, device, 4, 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 0);
    /* Another account's; then less from its own than the lease lost. */
    add_spend(device, "GC-2", &value, 100);
    (void)post_ok(fixture, device, 5, 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "A", 1000, 100);
    json_put(entry, "accounts", list_of(account_item("GC-1", -99)));
    json_put(entry, "leases", list_of(lease_item(&value, 100)));
    seal_entry(device, entry);
    expect_status(change_exception(fixture, exception_id(fixture, "lease_overspent"),
                                   "{\"op\":\"settle\",\"note\":\"seen\"}"),
                  200);
    (void)post_ok(fixture, device, 6, 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = "
                                        "'lease_overspent' AND state = 'open'"),
                     1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    /* What is promised of B does not sell A. */
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "B", 1000, 100);
    json_put(entry, "leases", list_of(lease_item(&stock, 1000)));
    seal_entry(device, entry);
    (void)post_ok(fixture, device, 7, 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    add_lease_return(device, &stock, 1000); /* for nothing, and that is well */
    (void)post_ok(fixture, device, 8, 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "A", 1000, 100);
    json_put(entry, "leases", list_of(lease_item(&stock, 1000)));
    seal_entry(device, entry);
    (void)post_ok(fixture, device, 9, 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 2);
    assert_projections_true(fixture);
    device_free(device);
}

/* --- a ledger that was put back to an earlier state --- */

static void backup_path(const struct fixture *fixture, char out[160])
{
    (void)snprintf(out, 160, "%s.backup", fixture->db);
}

static void keep_backup(struct fixture *fixture)
{
    char path[160];
    struct error error = {0};

    backup_path(fixture, path);
    must(store_backup(fixture->location, path, &error), &error);
}

static void put_back(struct fixture *fixture)
{
    char path[160];
    struct id before = fixture->ledger->incarnation;
    struct error error = {0};

    backup_path(fixture, path);
    fixture_close(fixture);
    must(store_restore(fixture->location, path, &error), &error);
    fixture_open(fixture);
    fixture->now_ms += 3000;
    assert_memory_not_equal(before.bytes, fixture->ledger->incarnation.bytes, ID_SIZE);
}

/* The request of a lease on GC-1; what was granted, 0: refused. */
static int64_t ask(struct fixture *fixture, const struct device *device, uint8_t request,
                   int64_t amount, int64_t least, struct id *lease)
{
    struct lease_request asked = {.request = {{request}},
                                  .kind = "value",
                                  .subject = "GC-1",
                                  .currency = "GBP",
                                  .amount = amount,
                                  .least = least};
    struct answer answer;
    struct buf body;
    int64_t granted = 0;

    buf_init(&body, 4096);
    assert_int_equal(message_write_lease_request(&asked, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/leases", "", buf_text(&body), body.used);
    assert_true(answer.status == 200 || answer.status == 409);
    if (answer.status == 200) {
        granted = json_int_or(answer.json, "amount", 0);
        assert_int_equal(hex_read(json_text_or(answer.json, "lease", ""), lease->bytes, ID_SIZE),
                         STATUS_OK);
    }
    answer_free(&answer);
    buf_finish(&body);
    return granted;
}

static int64_t promised(struct fixture *fixture)
{
    return query_int(fixture, "SELECT coalesce(sum(granted), 0) FROM lease");
}

static int64_t untold(struct fixture *fixture)
{
    return query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'lease_overspent' AND "
                              "state <> 'settled'");
}

static void test_leases__asked_for_again_after_a_restore_are_the_same(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S01", "T02");
    struct id first, second, other;

    add_open(one, NULL);
    add_account(one, "GC-1", 1000);
    (void)post_ok(fixture, one, 1, 2);
    assert_int_equal(ask(fixture, one, 1, 200, 1, &first), 200);
    keep_backup(fixture);
    assert_int_equal(ask(fixture, one, 2, 600, 1, &second), 600);
    /* A device may call its request what another one called its own. */
    assert_int_equal(ask(fixture, two, 2, 100, 1, &other), 100);
    assert_memory_not_equal(other.bytes, second.bytes, ID_SIZE);
    assert_memory_not_equal(first.bytes, second.bytes, ID_SIZE);
    put_back(fixture);
    assert_int_equal(promised(fixture), 200);
    for (int i = 0; i < 2; i++) {
        struct id again;
        assert_int_equal(ask(fixture, one, 1, 200, 200, &again), 200);
        assert_memory_equal(again.bytes, first.bytes, ID_SIZE);
        assert_int_equal(ask(fixture, one, 2, 600, 600, &again), 600);
        assert_memory_equal(again.bytes, second.bytes, ID_SIZE);
        assert_int_equal(promised(fixture), 800);
    }
    /* So that nobody is granted what is promised already. */
    assert_int_equal(ask(fixture, two, 3, 1000, 1, &other), 200);
    assert_int_equal(promised(fixture), balance(fixture, "GC-1"));
    device_free(one);
    device_free(two);
}

/* Somebody got it meanwhile: what is left is all that there is, and a holder who wants all of it or
 * nothing gets nothing. */
static void test_leases__asked_for_again_too_late_are_smaller(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S01", "T02");
    struct id lease, again, other;

    add_open(one, NULL);
    add_account(one, "GC-1", 1000);
    (void)post_ok(fixture, one, 1, 2);
    keep_backup(fixture);
    assert_int_equal(ask(fixture, one, 1, 600, 1, &lease), 600);
    put_back(fixture);
    assert_int_equal(ask(fixture, two, 1, 700, 1, &other), 700);
    assert_int_equal(ask(fixture, one, 1, 600, 600, &again), 0);
    assert_int_equal(ask(fixture, one, 1, 600, 301, &again), 0);
    assert_int_equal(promised(fixture), 700);
    assert_int_equal(ask(fixture, one, 1, 600, 300, &again), 300);
    assert_memory_equal(again.bytes, lease.bytes, ID_SIZE);
    assert_int_equal(promised(fixture), balance(fixture, "GC-1"));
    device_free(one);
    device_free(two);
}

/* Entries come back before the lease: told, until it is granted again and bears them. */
static void test_leases__used_before_they_are_granted_again(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S01", "T02");
    struct id lease, again, other;

    add_open(one, NULL);
    (void)post_ok(fixture, one, 1, 1);
    keep_backup(fixture);
    add_account(one, "GC-1", 1000);
    (void)post_ok(fixture, one, 2, 1);
    assert_int_equal(ask(fixture, one, 1, 700, 1, &lease), 700);
    add_spend(one, "GC-1", &lease, 500);
    (void)post_ok(fixture, one, 3, 1);
    put_back(fixture);
    assert_int_equal(ask(fixture, one, 1, 700, 1, &again), 0); /* the card is empty yet */
    (void)post_ok(fixture, one, 2, 2);
    assert_int_equal(untold(fixture), 1);
    assert_int_equal(ask(fixture, two, 1, 300, 1, &other), 300);
    assert_int_equal(ask(fixture, one, 1, 700, 700, &again), 700);
    assert_memory_equal(again.bytes, lease.bytes, ID_SIZE);
    assert_int_equal(untold(fixture), 0);
    /* 500 left on the card, 300 of them promised to one till, 200 to the other. */
    assert_int_equal(ask(fixture, two, 2, 100, 1, &other), 0);
    assert_projections_true(fixture);
    /* Beyond what was granted: the one that was settled is open again, and once. */
    add_spend(one, "GC-1", &lease, 201);
    add_spend(one, "GC-1", &lease, 1);
    (void)post_ok(fixture, one, 4, 1);
    assert_int_equal(untold(fixture), 1);
    expect_status(change_exception(fixture, exception_id(fixture, "lease_overspent"),
                                   "{\"op\":\"settle\",\"note\":\"seen\"}"),
                  200);
    (void)post_ok(fixture, one, 5, 1);
    assert_int_equal(untold(fixture), 0); /* a person has looked at it */
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    assert_projections_true(fixture);
    device_free(one);
    device_free(two);
}

/* All of it was spent, and the card is empty: the lease is known again, and nothing is left. */
static void test_leases__wholly_used_ones_are_granted_again(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S01", "T02");
    struct id lease, again, other;

    add_open(one, NULL);
    add_account(one, "GC-1", 400);
    (void)post_ok(fixture, one, 1, 2);
    keep_backup(fixture);
    assert_int_equal(ask(fixture, one, 1, 400, 1, &lease), 400);
    add_spend(one, "GC-1", &lease, 300);
    add_lease_return(one, &lease, 100);
    (void)post_ok(fixture, one, 3, 2);
    put_back(fixture);
    (void)post_ok(fixture, one, 3, 2);
    assert_int_equal(ask(fixture, two, 1, 400, 1, &other), 100); /* what was given back */
    assert_int_equal(untold(fixture), 1);
    assert_int_equal(ask(fixture, one, 1, 400, 400, &again), 400);
    assert_int_equal(untold(fixture), 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM lease WHERE closed = 1"), 1);
    assert_projections_true(fixture);
    device_free(one);
    device_free(two);
}

/* More was spent than was ever granted: granting it again mends nothing. */
static void test_leases__overspent_ones_stay_told_when_granted_again(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct id lease, again;

    add_open(one, NULL);
    add_account(one, "GC-1", 1000);
    (void)post_ok(fixture, one, 1, 2);
    keep_backup(fixture);
    assert_int_equal(ask(fixture, one, 1, 400, 1, &lease), 400);
    add_spend(one, "GC-1", &lease, 401);
    put_back(fixture);
    (void)post_ok(fixture, one, 3, 1);
    assert_int_equal(ask(fixture, one, 1, 400, 1, &again), 400);
    assert_int_equal(untold(fixture), 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    assert_projections_true(fixture);
    device_free(one);
}

/* What another till was granted meanwhile was spent: it stays told, once. */
static void test_leases__spent_by_one_and_granted_to_another_stay_told(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S01", "T02");
    struct id lease, again, other;

    add_open(one, NULL);
    add_account(one, "GC-1", 1000);
    (void)post_ok(fixture, one, 1, 2);
    keep_backup(fixture);
    assert_int_equal(ask(fixture, one, 1, 600, 1, &lease), 600);
    add_spend(one, "GC-1", &lease, 500);
    put_back(fixture);
    assert_int_equal(ask(fixture, two, 1, 900, 1, &other), 900);
    (void)post_ok(fixture, one, 3, 1);
    assert_int_equal(ask(fixture, one, 1, 600, 1, &again), 0);
    assert_int_equal(untold(fixture), 1);
    assert_int_equal(exceptions_of(fixture, "lease_overspent"), 1);
    assert_int_equal(promised(fixture), 900);
    device_free(one);
    device_free(two);
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
        TEST(test_leases__used_for_something_else_are_told),
        TEST(test_leases__asked_for_again_after_a_restore_are_the_same),
        TEST(test_leases__asked_for_again_too_late_are_smaller),
        TEST(test_leases__used_before_they_are_granted_again),
        TEST(test_leases__wholly_used_ones_are_granted_again),
        TEST(test_leases__overspent_ones_stay_told_when_granted_again),
        TEST(test_leases__spent_by_one_and_granted_to_another_stay_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
