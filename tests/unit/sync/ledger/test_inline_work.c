/* The ledger without threads: what the verifier and the snapshot builder do is done when its caller
 * turns to it, and not before.
 */
#include "tests/unit/sync/ledger/ledger_fixture.h"

static void open_inline(struct fixture *fixture)
{
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};

    fixture_close(fixture);
    options.inline_work = true;
    must(ledger_open(&options, &fixture->ledger, &error), &error);
    admin_put(fixture, SHOP_ROWS);
}

static void work_all(struct fixture *fixture)
{
    int turns = 100;

    while (ledger_work(fixture->ledger))
        assert_true(turns-- > 0);
}

static int64_t unverified(struct fixture *fixture)
{
    return query_int(fixture, "SELECT coalesce(sum(seq - verified), 0) FROM epoch");
}

static void test_inline_work__signatures_are_checked_when_asked(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;

    open_inline(fixture);
    device = device_make(fixture, "S01", "T01");
    work_all(fixture);
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 2), 2);
    assert_int_equal(unverified(fixture), 2);
    work_all(fixture);
    assert_int_equal(unverified(fixture), 0);
    device_free(device);
}

static void test_inline_work__a_snapshot_is_built_when_asked(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct answer answer;

    open_inline(fixture);
    device = device_make(fixture, "S01", "T01");
    for (int i = 0; i < 3; i++) {
        answer = signed_call(fixture, device, "GET", "/v1/snapshot", "", "", 0);
        assert_int_equal(answer.status, 202);
        answer_free(&answer);
    }
    work_all(fixture);
    answer = signed_call(fixture, device, "GET", "/v1/snapshot", "", "", 0);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_inline_work__signatures_are_checked_when_asked),
        TEST(test_inline_work__a_snapshot_is_built_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
