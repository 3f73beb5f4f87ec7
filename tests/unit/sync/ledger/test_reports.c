/* The day's money as people read it, and what webhooks are told of sales and stock. */
#include "trade_fixture.h"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

static void add_day(struct device *device, const char *date, int64_t gross)
{
    json_t *entry = next_entry(device, "sale");

    json_put_text(entry, "business_date", date);
    put_sale(entry, "S01", "A", 1000, gross);
    seal_entry(device, entry);
}

static void test_reports__money_is_exact_and_says_its_age(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    int64_t heard_ms = fixture->now_ms;
    struct error error = {0};
    struct answer answer;
    json_t *entry;

    add_open(device, NULL);
    add_day(device, "2026-11-20", 1250);
    add_day(device, "2026-11-20", 5);
    add_day(device, "2026-11-21", 333);
    entry = next_entry(device, "paid_out");
    json_put_text(entry, "business_date", "2026-11-21");
    json_put_int(entry, "amount", 40);
    seal_entry(device, entry);
    (void)post_ok(fixture, device, 1, device->count);
    must(watch_run(fixture->ledger->watch, &error), &error);
    fixture->now_ms += 7200000;
    answer = get(fixture, "/v1/reports/money", "location=S01&from=2026-11-20&to=2026-11-21");
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.text, "{\"date\":\"2026-11-20\",\"GBP\":{\"gross\":{\"minor\":"
                                        "1255,\"amount\":12.55,\"count\":2}"));
    /* What names no currency is in the location's. */
    assert_non_null(strstr(answer.text, "\"paid_out\":{\"minor\":40,\"amount\":0.40,\"count\":1}"));
    assert_non_null(strstr(answer.text, "\"sums\":{\"GBP\":{\"gross\":{\"minor\":1588,\"amount\":"
                                        "15.88,\"count\":3}"));
    char age[64];
    (void)snprintf(age, sizeof age, "\"as_of_ms\":%lld}", (long long)heard_ms);
    assert_non_null(strstr(answer.text, age));
    answer_free(&answer);
    answer = get(fixture, "/v1/reports/money", "location=S01&from=2026-11-21");
    assert_null(strstr(answer.text, "2026-11-20"));
    answer_free(&answer);
    answer = get(fixture, "/v1/reports/money", "location=S02"); /* nothing, but well formed */
    assert_non_null(answer.json);
    assert_int_equal(json_array_size(json_object_get(answer.json, "business_dates")), 0);
    answer_free(&answer);
    expect_status(get(fixture, "/v1/reports/money", "location=S99"), 404);
    static const char *const wrong[] = {"from=yesterday-or-so", "from=2026-02-31", "to=2026-1-1",
                                        "from=2026-11-2", "from=2026-11-21&to=2026-11-20"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char query[64];
        (void)snprintf(query, sizeof query, "location=S01&%s", wrong[i]);
        expect_status(get(fixture, "/v1/reports/money", query), 400);
    }
    device_free(device);
}

static int64_t events_of(struct fixture *fixture, const char *kind)
{
    return count_text(fixture, "SELECT count(*) FROM event WHERE kind = ?1", kind);
}

static void test_reports__events_are_written_when_they_are_wanted(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM event"), 0); /* nobody asks */
    expect_status(post_json(fixture, "/v1/admin/webhooks",
                            "{\"name\":\"erp\",\"url\":\"http://127.0.0.1:9/x\","
                            "\"events\":\"sale stock.changed exception.opened\"}"),
                  200);
    add_sale(device, "A", 1000, 250);
    add_sale(device, "B", -2000, -300);
    add_sale(device, "NEW", 2000, 300);
    (void)post_ok(fixture, device, 3, 3);
    (void)post_ok(fixture, device, 1, 5); /* nothing new, nothing told */
    assert_int_equal(events_of(fixture, "sale"), 3);
    assert_int_equal(events_of(fixture, "stock.changed"), 1);
    assert_int_equal(events_of(fixture, "exception.opened"), 1); /* the suspense */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM event WHERE body LIKE "
                                        "'%\"type\":\"return\",\"currency\":\"GBP\","
                                        "\"gross_minor\":-300}'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM event WHERE body LIKE "
                                        "'%{\"sku\":\"A\",\"status\":\"available\","
                                        "\"quantity_milli\":-2000}%'"),
                     1);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reports__money_is_exact_and_says_its_age),
        TEST(test_reports__events_are_written_when_they_are_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
