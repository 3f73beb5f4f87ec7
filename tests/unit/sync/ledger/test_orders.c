/* Orders of channels: placed once, within what may be sold, followed through entries in any order.
 */
#include "trade_fixture.h"

#include "sync/ledger/availability.h"
#include "sync/ledger/watch.h"

#define ORDER(id, milli)                                                                           \
    "{\"channel\":\"web\",\"id\":\"" id "\",\"location\":\"S01\",\"customer\":\"p-1\","            \
    "\"lines\":[{\"line\":1,\"sku\":\"A\",\"quantity_milli\":" milli "}]}"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    open_stock(*state, "A", 10000);
    return *state;
}

static int64_t stock_in(struct fixture *fixture, const char *status)
{
    return count_text(fixture,
                      "SELECT quantity_milli FROM stock WHERE location = 'S01' AND sku = 'A' AND "
                      "status = ?1",
                      status);
}

static void expect_state(struct fixture *fixture, const char *id, const char *state)
{
    char path[96];
    struct answer answer;

    (void)snprintf(path, sizeof path, "/v1/orders/web/%s", id);
    answer = get(fixture, path, "");
    if (answer.status != 200 || strcmp(json_text_or(answer.json, "state", ""), state) != 0)
        fail_msg("%d %s instead of %s", answer.status, answer.text, state);
    answer_free(&answer);
}

static void test_orders__are_placed_once(void **state)
{
    struct fixture *fixture = shop(state);
    char *first = NULL;

    for (int i = 0; i < 3; i++) {
        struct answer answer = post_json(fixture, "/v1/orders", ORDER("W-1", "4000"));
        assert_int_equal(answer.status, 200);
        if (first != NULL)
            assert_string_equal(answer.text, first);
        free(first);
        first = mem_copy_text(answer.text);
        answer_free(&answer);
        fixture->now_ms += 1000;
    }
    assert_int_equal(stock_in(fixture, "available"), 6000);
    assert_int_equal(stock_in(fixture, "reserved"), 4000);
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "4001")), 409); /* another one */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM pickup_order"), 1);
    expect_state(fixture, "W-1", "placed");
    assert_projections_true(fixture);
    free(first);
}

static void test_orders__beyond_what_may_be_sold_are_refused(void **state)
{
    struct fixture *fixture = shop(state);
    struct answer answer;

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "8000")), 200);
    answer = post_json(fixture, "/v1/orders", ORDER("W-2", "3000"));
    assert_int_equal(answer.status, 409);
    assert_string_equal(json_text_or(answer.json, "error", ""), "refused");
    assert_string_equal(json_text_or(answer.json, "message", ""), "line 1: only 2 may be sold");
    answer_free(&answer);
    /* Two lines of one item count together. */
    expect_status(post_json(fixture, "/v1/orders",
                            "{\"channel\":\"web\",\"id\":\"W-3\",\"location\":\"S01\",\"lines\":["
                            "{\"line\":1,\"sku\":\"A\",\"quantity_milli\":1500},"
                            "{\"line\":2,\"sku\":\"A\",\"quantity_milli\":1500}]}"),
                  409);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM order_request"), 1);
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-2", "2000")), 200); /* may come later */
    assert_projections_true(fixture);
}

static void test_orders__refuse_what_is_malformed(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"channel\":\"web\",\"id\":\"W 1\",\"location\":\"S01\",\"lines\":[{\"line\":1,"
        "\"sku\":\"A\",\"quantity_milli\":1}]}",
        "{\"channel\":\"web\",\"id\":\"W\",\"location\":\"S01\",\"lines\":[]}",
        "{\"channel\":\"web\",\"id\":\"W\",\"location\":\"S01\",\"lines\":[{\"line\":1,"
        "\"sku\":\"A\",\"quantity_milli\":0}]}",
        "{\"channel\":\"web\",\"id\":\"W\",\"location\":\"S01\",\"lines\":[{\"line\":1,"
        "\"sku\":\"NONE\",\"quantity_milli\":1}]}",
        "{\"channel\":\"web\",\"id\":\"W\",\"location\":\"S01\",\"customer\":\"Jo Smith\","
        "\"lines\":[{\"line\":1,\"sku\":\"A\",\"quantity_milli\":1}]}",
    };
    struct fixture *fixture = shop(state);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_status(post_json(fixture, "/v1/orders", wrong[i]), 400);
    expect_status(post_json(fixture, "/v1/orders",
                            "{\"channel\":\"web\",\"id\":\"W\",\"location\":\"S99\",\"lines\":[{"
                            "\"line\":1,\"sku\":\"A\",\"quantity_milli\":1}]}"),
                  404);
    expect_status(get(fixture, "/v1/orders/web/W", ""), 404);
    expect_status(get(fixture, "/v1/orders/web", ""), 404);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM order_request"), 0);
}

static void test_orders__are_cancelled_until_the_shop_begins(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "4000")), 200);
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-2", "1000")), 200);
    for (int i = 0; i < 2; i++)
        expect_status(post_json(fixture, "/v1/orders/web/W-1/cancel", "{}"), 200);
    assert_int_equal(stock_in(fixture, "available"), 9000);
    expect_state(fixture, "W-1", "cancelled");
    expect_status(post_json(fixture, "/v1/orders/web/W-9/cancel", "{}"), 404);
    add_open(device, NULL);
    add_pickup(device, "pickup_pick", "W-2", "staged", "A", 1000, "reserved", "staged");
    (void)post_ok(fixture, device, 1, 2);
    expect_status(post_json(fixture, "/v1/orders/web/W-2/cancel", "{}"), 409);
    expect_state(fixture, "W-2", "staged");
    assert_projections_true(fixture);
    device_free(device);
}

/* Whatever became of the item since: what was reserved comes back, and nothing else. */
static void test_orders__cancelled_give_back_what_they_took(void **state)
{
    struct fixture *fixture = shop(state);

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "4000")), 200);
    admin_put(fixture,
              "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"A\",\"name\":\"A\","
              "\"stocked\":0}}]}");
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-2", "1000")), 200);
    expect_status(post_json(fixture, "/v1/orders/web/W-1/cancel", "{}"), 200);
    assert_int_equal(stock_in(fixture, "reserved"), 0);
    assert_int_equal(stock_in(fixture, "available"), 10000);
    admin_put(fixture,
              "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"A\",\"name\":\"A\","
              "\"stocked\":1}}]}");
    expect_status(post_json(fixture, "/v1/orders/web/W-2/cancel", "{}"), 200);
    assert_int_equal(stock_in(fixture, "reserved"), 0);
    assert_int_equal(stock_in(fixture, "available"), 10000);
    assert_projections_true(fixture);
}

/* Another order's reservation hides that goods are counted as available which are not there. */
static void test_orders__freed_and_given_away_are_an_exception(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "1000")), 200);
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-2", "1000")), 200);
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-3", "5000")), 200);
    expect_status(post_json(fixture, "/v1/orders/web/W-1/cancel", "{}"), 200);
    add_open(device, NULL);
    add_pickup(device, "pickup_hand_over", "W-1", "handed_over", "A", 1000, "reserved",
               "@customer");
    (void)post_ok(fixture, device, 1, 2);
    assert_int_equal(exceptions_of(fixture, "order"), 1);
    add_pickup(device, "pickup_refuse", "W-2", "refused", "A", 1000, "reserved", "available");
    (void)post_ok(fixture, device, 3, 1);
    assert_int_equal(exceptions_of(fixture, "order"), 1);
    add_pickup(device, "pickup_refuse", "W-2", "refused", "A", 1000, "reserved", "available");
    (void)post_ok(fixture, device, 4, 1);
    (void)post_ok(fixture, device, 2, 3);
    assert_int_equal(exceptions_of(fixture, "order"), 2);
    add_pickup(device, "pickup_refuse", "W-3", "refused", "A", 1000, "reserved", "available");
    add_pickup(device, "pickup_hand_over", "W-3", "handed_over", "A", 1000, "reserved",
               "@customer");
    (void)post_ok(fixture, device, 5, 2);
    assert_int_equal(exceptions_of(fixture, "order"), 3);
    assert_int_equal(exceptions_of(fixture, "negative_stock"), 0);
    assert_projections_true(fixture);
    device_free(device);
}

/* The furthest mark is the state, whichever till's entry comes first. */
static void test_orders__follow_entries_in_any_order(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *picker = device_make(fixture, "S01", "T01");
    struct device *giver = device_make(fixture, "S01", "T02");

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "2000")), 200);
    add_open(picker, NULL);
    add_pickup(picker, "pickup_pick", "W-1", "staged", "A", 2000, "reserved", "staged");
    add_open(giver, NULL);
    add_pickup(giver, "pickup_hand_over", "W-1", "handed_over", "A", 2000, "staged", "@customer");
    (void)post_ok(fixture, giver, 1, 2);
    expect_state(fixture, "W-1", "handed_over");
    (void)post_ok(fixture, picker, 1, 2);
    expect_state(fixture, "W-1", "handed_over");
    assert_int_equal(stock_in(fixture, "staged"), 0);
    assert_int_equal(stock_in(fixture, "@customer"), 2000);
    assert_int_equal(exceptions_of(fixture, "double_pickup"), 0);
    assert_projections_true(fixture);
    device_free(picker);
    device_free(giver);
}

static void test_orders__handed_over_twice_are_one_exception(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *one = device_make(fixture, "S01", "T01");
    struct device *two = device_make(fixture, "S01", "T02");

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "2000")), 200);
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-2", "2000")), 200);
    add_open(one, NULL);
    add_open(two, NULL);
    add_pickup(one, "pickup_hand_over", "W-1", "handed_over", "A", 2000, "reserved", "@customer");
    add_pickup(two, "pickup_hand_over", "W-1", "handed_over", "A", 2000, "reserved", "@customer");
    /* In parts, which is fine until more leaves than was ordered. */
    add_pickup(one, "pickup_hand_over", "W-2", "staged", "A", 1500, "reserved", "@customer");
    add_pickup(two, "pickup_hand_over", "W-2", "handed_over", "A", 500, "reserved", "@customer");
    (void)post_ok(fixture, one, 1, 3);
    assert_int_equal(exceptions_of(fixture, "double_pickup"), 0);
    (void)post_ok(fixture, two, 1, 3);
    (void)post_ok(fixture, one, 1, 3);
    (void)post_ok(fixture, two, 1, 3);
    assert_int_equal(exceptions_of(fixture, "double_pickup"), 1);
    add_pickup(one, "pickup_hand_over", "W-2", "staged", "A", 1, "reserved", "@customer");
    (void)post_ok(fixture, one, 4, 1);
    assert_int_equal(exceptions_of(fixture, "double_pickup"), 2);
    /* Twice said, though the pieces would fit. */
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-3", "2000")), 200);
    for (int i = 0; i < 2; i++)
        add_pickup(two, "pickup_hand_over", "W-3", "handed_over", "A", 500, "reserved",
                   "@customer");
    (void)post_ok(fixture, two, 4, 2);
    assert_int_equal(exceptions_of(fixture, "double_pickup"), 3);
    /* And an order that this ledger does not know. */
    add_pickup(one, "pickup_hand_over", "W-77", "handed_over", "A", 1, "available", "@customer");
    (void)post_ok(fixture, one, 5, 1);
    assert_int_equal(exceptions_of(fixture, "order"), 1);
    assert_projections_true(fixture);
    device_free(one);
    device_free(two);
}

static void test_orders__reach_the_shops_tills(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct changes_query query = changes_from(fixture, "S01");
    struct answer answer;

    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "2000")), 200);
    answer = ask_changes(fixture, device, &query);
    assert_non_null(strstr(answer.text, "{\"t\":\"pickup_order\",\"op\":\"put\",\"row\":{"
                                        "\"location\":\"S01\",\"channel\":\"web\",\"id\":\"W-1\","
                                        "\"customer\":\"p-1\",\"state\":\"placed\""));
    assert_non_null(strstr(answer.text, "\"t\":\"pickup_line\""));
    answer_free(&answer);
    device_free(device);
}

/* --- availability --- */

static void expect_sellable(struct fixture *fixture, const char *buffer, const char *sellable)
{
    struct answer answer = get(fixture, "/v1/availability", "location=S01&sku=A");
    char wanted[96];

    (void)snprintf(wanted, sizeof wanted, "\"buffer\":%s,\"leased\":0,\"sellable\":%s,", buffer,
                   sellable);
    if (answer.status != 200 || strstr(answer.text, wanted) == NULL)
        fail_msg("%d %s instead of %s", answer.status, answer.text, wanted);
    answer_free(&answer);
}

/* 2 sold a day; half a day of silence holds back 1. */
static void test_orders__the_buffer_grows_with_silence(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct error error = {0};

    add_open(device, NULL);
    add_sale(device, "A", 2000, 100);
    (void)post_ok(fixture, device, 1, 2);
    must(watch_run(fixture->ledger->watch, &error), &error);
    expect_sellable(fixture, "0", "8");
    fixture->now_ms += AVAILABILITY_QUIET_MS;
    expect_sellable(fixture, "0", "8"); /* not yet silent */
    fixture->now_ms += 43200000 - AVAILABILITY_QUIET_MS;
    expect_sellable(fixture, "1", "7");
    expect_status(post_json(fixture, "/v1/orders", ORDER("W-1", "8000")), 409);
    fixture->now_ms += INT64_C(86400000) * 30;
    expect_sellable(fixture, "14", "0"); /* a week's, and never below nothing */
    expect_status(signed_call(fixture, device, "GET", "/v1/device", "", "", 0), 200);
    must(watch_run(fixture->ledger->watch, &error), &error);
    expect_sellable(fixture, "0", "8");
    device_free(device);
}

static void test_orders__low_stock_is_an_alert_while_it_lasts(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct answer answer;

    admin_put(fixture, "{\"rows\":[{\"t\":\"stock_rule\",\"op\":\"put\",\"row\":{\"location\":"
                       "\"S01\",\"sku\":\"\",\"safety_milli\":0,\"low_milli\":3000}}]}");
    add_open(device, NULL);
    add_sale(device, "A", 7000, 100);
    (void)post_ok(fixture, device, 1, 2);
    answer = get(fixture, "/v1/alerts", "location=S01");
    assert_int_equal(json_array_size(json_object_get(answer.json, "alerts")), 1);
    answer_free(&answer);
    add_sale(device, "A", -1000, -100);
    (void)post_ok(fixture, device, 3, 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM alert"), 0);
    device_free(device);
}

static void put_rule(struct fixture *fixture, const char *op, const char *sku, int low)
{
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"rows\":[{\"t\":\"stock_rule\",\"op\":\"%s\",\"row\":{\"location\":\"S01\","
                   "\"sku\":\"%s\",\"safety_milli\":0,\"low_milli\":%d}}]}",
                   op, sku, low);
    admin_put(fixture, body);
}

/* No goods have to move for it. */
static void test_orders__a_rule_alerts_at_once_and_stops_at_once(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_sale(device, "A", 7000, 100); /* three are left */
    (void)post_ok(fixture, device, 1, 2);
    put_rule(fixture, "put", "", 2000);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM alert"), 0);
    put_rule(fixture, "put", "", 3000);
    assert_int_equal(query_int(fixture, "SELECT quantity_milli FROM alert WHERE sku = 'A' AND "
                                        "kind = 'low_stock'"),
                     3000);
    put_rule(fixture, "put", "A", 1000); /* the item's own holds instead */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM alert"), 0);
    put_rule(fixture, "del", "A", 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM alert"), 1);
    put_rule(fixture, "put", "", -1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM alert"), 0);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_orders__are_placed_once),
        TEST(test_orders__beyond_what_may_be_sold_are_refused),
        TEST(test_orders__refuse_what_is_malformed),
        TEST(test_orders__are_cancelled_until_the_shop_begins),
        TEST(test_orders__cancelled_give_back_what_they_took),
        TEST(test_orders__freed_and_given_away_are_an_exception),
        TEST(test_orders__follow_entries_in_any_order),
        TEST(test_orders__handed_over_twice_are_one_exception),
        TEST(test_orders__reach_the_shops_tills),
        TEST(test_orders__the_buffer_grows_with_silence),
        TEST(test_orders__low_stock_is_an_alert_while_it_lasts),
        TEST(test_orders__a_rule_alerts_at_once_and_stops_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
