/* Exceptions: each cause opens one, whatever is repeated or comes in another order; their lives. */
#include "trade_fixture.h"

#include "sync/ledger/watch.h"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

/* Posts everything again, in pieces. */
static void post_again(struct fixture *fixture, const struct device *device)
{
    for (int at = 1; at <= device->count; at += 2)
        (void)post_ok(fixture, device, at, at < device->count ? 2 : 1);
}

static void test_exceptions__refund_over_sale_opens_one_in_any_order(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *seller = device_make(fixture, "S01", "T01");
    struct device *first = device_make(fixture, "S01", "T02");
    struct device *second = device_make(fixture, "S02", "T03");

    add_open(seller, NULL);
    add_line_sale(seller, "A", 2000, 200); /* 2: returned once too often */
    add_line_sale(seller, "B", 2000, 200); /* 3: returned in full, which is fine */
    add_open(first, NULL);
    add_linked_return(first, seller, 2, "A", 1500, 150);
    add_linked_return(first, seller, 3, "B", 2000, 200);
    add_open(second, NULL);
    add_linked_return(second, seller, 2, "A", 1000, 100);
    /* The returns come first: nothing is known of the sale. */
    (void)post_ok(fixture, first, 1, 3);
    (void)post_ok(fixture, second, 1, 2);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 0);
    (void)post_ok(fixture, seller, 1, 3);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 1);
    /* And once more, now that the sale is there. */
    add_linked_return(second, seller, 2, "A", 500, 50);
    (void)post_ok(fixture, second, 3, 1);
    post_again(fixture, first);
    post_again(fixture, seller);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 1);
    assert_projections_true(fixture);
    device_free(seller);
    device_free(first);
    device_free(second);
}

static void test_exceptions__a_return_of_what_was_never_sold_is_told(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_linked_return(device, device, 1, "A", 1000, 100); /* entry 1 sold nothing */
    add_linked_return(device, device, 9, "A", 1000, 100); /* still to come */
    (void)post_ok(fixture, device, 1, 3);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 1);
    device_free(device);
}

static void test_exceptions__suspense_is_one_per_item_and_ends_by_itself(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    for (int i = 0; i < 4; i++)
        add_sale(device, i % 2 == 0 ? "NEW" : "NEWER", 1000, 100);
    (void)post_ok(fixture, device, 1, 5);
    post_again(fixture, device);
    assert_int_equal(exceptions_of(fixture, "suspense"), 2);
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"NEW\","
                       "\"name\":\"New\"}}]}");
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'suspense' "
                                        "AND state = 'settled'"),
                     1);
    assert_projections_true(fixture);
    device_free(device);
}

static void test_exceptions__tell_a_till_that_speaks_for_another(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    json_t *entry;

    add_open(device, NULL);
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "A", 1000, 100);
    json_put_text(entry, "location", "S01");
    json_put_text(entry, "till", "T01");
    seal_entry(device, entry);
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "A", 1000, 100);
    json_put_text(entry, "location", "S02");
    json_put_text(entry, "till", "T01");
    seal_entry(device, entry);
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "A", 1000, 100);
    json_put_text(entry, "location", "S01");
    json_put_text(entry, "till", "T09");
    seal_entry(device, entry);
    (void)post_ok(fixture, device, 1, 4);
    post_again(fixture, device);
    assert_int_equal(exceptions_of(fixture, "location"), 2);
    device_free(device);
}

static void test_exceptions__oversell_comes_back_when_it_was_settled(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    int64_t id;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", -3000, -300);
    add_sale(device, "A", 5000, 500);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    assert_int_equal(exceptions_of(fixture, "oversell"), 1);
    id = exception_id(fixture, "oversell");
    expect_status(change_exception(fixture, id, "{\"op\":\"settle\",\"note\":\"counted\"}"), 200);
    (void)post_ok(fixture, device, 3, 1); /* above zero */
    (void)post_ok(fixture, device, 4, 1); /* below again */
    (void)post_ok(fixture, device, 5, 1); /* still below */
    assert_int_equal(exceptions_of(fixture, "oversell"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE state = 'open'"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception_history WHERE "
                                        "op = 'opened'"),
                     2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM alert WHERE kind = 'oversell'"), 1);
    device_free(device);
}

static void test_exceptions__a_gap_that_is_never_filled_is_told_and_ends(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    for (int i = 0; i < 6; i++)
        add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    for (int i = 0; i < WATCH_GAP_ANSWERS - 1; i++)
        expect_status(post_entries(fixture, device, 5, 2), 409);
    assert_int_equal(exceptions_of(fixture, "gap"), 0);
    for (int i = 0; i < 2 * WATCH_GAP_ANSWERS; i++)
        expect_status(post_entries(fixture, device, 5, 2), 409);
    assert_int_equal(exceptions_of(fixture, "gap"), 1);
    fixture_close(fixture); /* the ledger remembers which are open */
    fixture_open(fixture);
    (void)post_ok(fixture, device, 3, 5);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'gap' AND "
                                        "state = 'settled'"),
                     1);
    device_free(device);
}

static void test_exceptions__a_silent_till_is_told_until_it_speaks(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *other = device_make(fixture, "S02", "T01");
    struct error error = {0};

    admin_put(fixture, "{\"rows\":[{\"t\":\"setting\",\"op\":\"put\",\"row\":{\"location\":\"S02\","
                       "\"key\":\"silent_till_minutes\",\"value\":\"0\"}}]}");
    add_open(device, NULL);
    (void)post_ok(fixture, device, 1, 1);
    fixture->now_ms += 59 * 60000;
    must(watch_run(fixture->ledger->watch, &error), &error);
    assert_int_equal(exceptions_of(fixture, "silent_till"), 0);
    for (int i = 0; i < 3; i++) {
        fixture->now_ms += 2 * 60000;
        must(watch_run(fixture->ledger->watch, &error), &error);
    }
    assert_int_equal(exceptions_of(fixture, "silent_till"), 1); /* S02 wants none */
    /* A person settles it: it stays so while the till stays silent. */
    expect_status(change_exception(fixture, exception_id(fixture, "silent_till"),
                                   "{\"op\":\"settle\",\"note\":\"closed for holidays\"}"),
                  200);
    fixture->now_ms += 60 * 60000;
    must(watch_run(fixture->ledger->watch, &error), &error);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE state = 'open'"), 0);
    /* It speaks, and falls silent again: the same one is open again, and ends by itself. */
    expect_status(signed_call(fixture, device, "GET", "/v1/device", "", "", 0), 200);
    must(watch_run(fixture->ledger->watch, &error), &error);
    fixture->now_ms += 61 * 60000;
    must(watch_run(fixture->ledger->watch, &error), &error);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE state = 'open'"), 1);
    expect_status(signed_call(fixture, device, "GET", "/v1/device", "", "", 0), 200);
    must(watch_run(fixture->ledger->watch, &error), &error);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE state = 'open'"), 0);
    assert_int_equal(exceptions_of(fixture, "silent_till"), 1);
    device_free(device);
    device_free(other);
}

/* A frame that tells the till's clock. */
static void post_with_clock(struct fixture *fixture, struct device *device, int64_t clock_ms)
{
    struct frame *frame = frame_new(&device->epoch, device->count);
    const struct sealed_entry *entry = &device->entries[device->count - 1];
    struct frame_entry raw = {
        .signature = entry->signature, .bytes = entry->bytes, .length = entry->length};
    struct buf body;

    frame->clock_ms = clock_ms;
    assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    buf_init(&body, 1 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    expect_status(signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used),
                  200);
    buf_finish(&body);
    frame_free(frame);
}

static void test_exceptions__skew_is_one_per_till(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    static const int64_t offsets[] = {0, 299000, -299000, 301000, -301000, 86400000};

    add_open(device, NULL);
    (void)post_ok(fixture, device, 1, 1);
    for (size_t i = 0; i < 6; i++) {
        add_sale(device, "A", 1000, 100);
        post_with_clock(fixture, device, fixture->now_ms + offsets[i]);
        assert_int_equal(exceptions_of(fixture, "skew"), i < 3 ? 0 : 1);
    }
    device_free(device);
}

static void test_exceptions__entries_from_the_future_and_from_the_past_are_told(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct entry_head head;
    json_t *entry;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    fixture->now_ms -= 400000; /* what was sent is dated ahead now */
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 3, 1);
    assert_int_equal(exceptions_of(fixture, "skew"), 1);
    for (int i = 0; i < 2; i++) {
        head = (struct entry_head){.device = device->id,
                                   .epoch = device->epoch,
                                   .seq = device->count + 1,
                                   .hlc = 5, /* long ago */
                                   .business_date = "2026-11-21",
                                   .kind = "no_sale",
                                   .prev = device->entries[device->count - 1].hash};
        entry = entry_start(&head);
        seal_entry(device, entry);
        (void)post_ok(fixture, device, device->count, 1);
    }
    assert_int_equal(exceptions_of(fixture, "skew"), 2);
    device_free(device);
}

static void test_exceptions__live_by_their_rules(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct answer answer;
    int64_t id;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    id = exception_id(fixture, "oversell");
    expect_status(change_exception(fixture, id, "{\"op\":\"assign\",\"to\":\"morgan\"}"), 200);
    expect_status(change_exception(fixture, id, "{\"op\":\"assign\",\"to\":\"morgan\"}"), 200);
    expect_status(change_exception(fixture, id, "{\"op\":\"settle\",\"note\":\"found\"}"), 200);
    expect_status(change_exception(fixture, id, "{\"op\":\"settle\",\"note\":\"again\"}"), 200);
    expect_status(change_exception(fixture, id, "{\"op\":\"assign\",\"to\":\"x\"}"), 409);
    expect_status(change_exception(fixture, id, "{\"op\":\"apply\"}"), 409);
    expect_status(change_exception(fixture, id, "{\"op\":\"forget\"}"), 400);
    expect_status(change_exception(fixture, id, "{\"op\":\"assign\",\"to\":\"\"}"), 400);
    expect_status(change_exception(fixture, id + 100, "{\"op\":\"reopen\"}"), 404);
    expect_status(change_exception(fixture, id, "{\"op\":\"reopen\"}"), 200);
    expect_status(get(fixture, "/v1/exceptions", "state=opened"), 400);
    answer = get(fixture, "/v1/exceptions", "state=open");
    assert_int_equal(json_array_size(json_object_get(answer.json, "exceptions")), 1);
    answer_free(&answer);
    answer = get(fixture, "/v1/exceptions", "state=settled");
    assert_int_equal(json_array_size(json_object_get(answer.json, "exceptions")), 0);
    answer_free(&answer);
    char path[64];
    (void)snprintf(path, sizeof path, "/v1/exceptions/%lld", (long long)id);
    answer = get(fixture, path, "");
    assert_string_equal(json_text_or(answer.json, "state", ""), "open");
    const json_t *history = json_object_get(answer.json, "history");
    static const char *const steps[] = {"opened", "assigned", "settled", "reopened"};
    assert_int_equal(json_array_size(history), 4); /* repetitions change nothing */
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(json_text_or(json_array_get(history, i), "op", ""), steps[i]);
    assert_string_equal(json_text_or(json_array_get(history, 2), "note", ""), "found");
    answer_free(&answer);
    expect_status(get(fixture, "/v1/exceptions/999", ""), 404);
    expect_status(get(fixture, "/v1/exceptions/x", ""), 404);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_exceptions__refund_over_sale_opens_one_in_any_order),
        TEST(test_exceptions__a_return_of_what_was_never_sold_is_told),
        TEST(test_exceptions__suspense_is_one_per_item_and_ends_by_itself),
        TEST(test_exceptions__tell_a_till_that_speaks_for_another),
        TEST(test_exceptions__oversell_comes_back_when_it_was_settled),
        TEST(test_exceptions__a_gap_that_is_never_filled_is_told_and_ends),
        TEST(test_exceptions__a_silent_till_is_told_until_it_speaks),
        TEST(test_exceptions__skew_is_one_per_till),
        TEST(test_exceptions__entries_from_the_future_and_from_the_past_are_told),
        TEST(test_exceptions__live_by_their_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
