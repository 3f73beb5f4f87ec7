/* Questions for changes that wait until there are some. */
#include "ledger_fixture.h"

/* Of a new device that has all there is. */
static struct changes_query wait_for_changes(struct fixture *fixture, struct device **device)
{
    struct changes_query query;

    admin_put(fixture, SHOP_ROWS);
    *device = device_make(fixture, "S01", "T01");
    query = changes_from(fixture, "S01");
    query.wait_s = 20;
    query.cursors[0].position = 1; /* catalogue */
    query.cursors[4].position = 1; /* location:S01 */
    return query;
}

static void test_changes__wait_until_the_feed_grows(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct changes_query query;
    struct ledger_response response;

    query = wait_for_changes(fixture, &device);
    struct answer answer = ask_changes(fixture, device, &query);
    assert_non_null(answer.response.wait);
    assert_false(ledger_wait_over(fixture->ledger, answer.response.wait, fixture->monotonic_us));
    assert_true(ledger_wait_over(fixture->ledger, answer.response.wait, 20 * 1000000));
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"D\","
                       "\"name\":\"Date\"}}]}");
    assert_true(ledger_wait_over(fixture->ledger, answer.response.wait, fixture->monotonic_us));
    continue_waiting(fixture, &answer, &response);
    assert_int_equal(response.status, 200);
    assert_non_null(strstr(buf_text(&response.body), "Date"));
    ledger_response_finish(&response);
    answer_free(&answer);
    /* With wait=0 the answer comes at once, empty as it is. */
    query.wait_s = 0;
    query.cursors[0].position = 2;
    answer = ask_changes(fixture, device, &query);
    assert_int_equal(answer.status, 200);
    assert_int_equal(json_array_size(json_object_get(answer.json, "scopes")), 0);
    answer_free(&answer);
    device_free(device);
}

/* Most of what goes down goes this way, to every till: an import would fill a shop's line. */
static void test_changes__that_were_waited_for_travel_packed(void **state)
{
    struct fixture *fixture = *state;
    struct changes_query query;
    struct ledger_response response;
    struct device *device;
    struct answer answer;
    struct buf rows, plain;
    struct error error = {0};

    query = wait_for_changes(fixture, &device);
    answer = ask_changes(fixture, device, &query);
    assert_non_null(answer.response.wait);
    buf_init(&rows, 65536);
    assert_int_equal(buf_append_text(&rows, "{\"rows\":["), STATUS_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_printf(&rows,
                                    "%s{\"t\":\"item\",\"op\":\"put\",\"row\":"
                                    "{\"sku\":\"D%d\",\"name\":\"Date %d\"}}",
                                    i > 0 ? "," : "", i, i),
                         STATUS_OK);
    assert_int_equal(buf_append_text(&rows, "]}"), STATUS_OK);
    admin_put(fixture, buf_text(&rows));
    continue_waiting(fixture, &answer, &response);
    assert_int_equal(response.status, 200);
    assert_true(response.zstd);
    buf_init(&plain, 65536);
    must(compress_unpack(response.body.data, response.body.used, &plain, &error), &error);
    assert_non_null(strstr(buf_text(&plain), "Date 99"));
    assert_true(response.body.used < plain.used / 4);
    buf_finish(&plain);
    buf_finish(&rows);
    ledger_response_finish(&response);
    answer_free(&answer);
    device_free(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes__wait_until_the_feed_grows, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_changes__that_were_waited_for_travel_packed,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
