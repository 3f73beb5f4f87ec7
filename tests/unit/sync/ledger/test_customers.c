/* Customers: pseudonym and group to the tills, the person only in side records, which can go. */
#include "trade_fixture.h"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

static void post_with_side(struct fixture *fixture, struct device *device, int64_t seq,
                           const char *side, int status)
{
    struct frame *frame = frame_new(&device->epoch, seq);
    const struct sealed_entry *entry = &device->entries[seq - 1];
    struct frame_entry raw = {
        .signature = entry->signature, .bytes = entry->bytes, .length = entry->length};
    struct buf body;

    assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    assert_int_equal(frame_add_side(frame, side, strlen(side)), STATUS_OK);
    buf_init(&body, 1 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    expect_status(signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used),
                  status);
    buf_finish(&body);
    frame_free(frame);
}

#define PERSON "{\"pseudonym\":\"p-1\",\"name\":\"Jo Smith\",\"mail\":\"jo@example.org\"}"

static void test_customers__are_erased_and_the_chain_stays_whole(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct answer answer;
    struct changes_query query = changes_from(fixture, "S01");

    add_open(device, NULL);
    add_customer(device, "p-1", "created", "gold");
    (void)post_ok(fixture, device, 1, 1);
    post_with_side(fixture, device, 2, PERSON, 200);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM side_record"), 1);
    answer = ask_changes(fixture, device, &query);
    assert_non_null(strstr(answer.text, "\"row\":{\"id\":\"p-1\",\"name\":\"\",\"group_id\":"
                                        "\"gold\",\"note\":\"\"}"));
    assert_null(strstr(answer.text, "Smith"));
    answer_free(&answer);
    add_customer(device, "p-1", "erased", "");
    (void)post_ok(fixture, device, 3, 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM side_record"), 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM customer"), 0);
    post_with_side(fixture, device, 2, PERSON, 200); /* a late repetition does not bring it back */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM side_record"), 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 3);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 4), 4); /* same hashes, and it goes on */
    assert_projections_true(fixture);
    device_free(device);
}

/* The till sends them once, with what is kept aside as with what is taken. */
static void test_customers__of_a_branch_are_kept(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *clone;

    add_open(device, NULL);
    clone = clone_of(device);
    add_sale(device, "A", 1000, 100);
    add_customer(clone, "p-1", "created", "gold");
    (void)post_ok(fixture, device, 1, 2);
    post_with_side(fixture, clone, 2, PERSON, 409);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM side_record"), 1);
    assert_projections_true(fixture);
    clone_free(clone, 1);
    device_free(device);
}

/* What was said last holds, whichever till's word comes first; erased beats all. */
static void test_customers__are_as_they_were_said_last(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *early = device_make(fixture, "S01", "T01");
    struct device *late = device_make(fixture, "S02", "T02");

    add_open(early, NULL);
    add_customer(early, "p-1", "created", "silver");
    add_customer(early, "p-2", "created", "silver");
    add_open(late, NULL);
    for (int i = 0; i < 8; i++) /* the fixture's clock goes with the entries */
        add_sale(late, "A", 1000, 100);
    add_customer(late, "p-1", "updated", "gold");
    add_customer(late, "p-2", "erased", "");
    add_customer(late, "p-3", "updated", "gold"); /* by who did not know yet */
    add_customer(early, "p-3", "erased", "");
    (void)post_ok(fixture, late, 1, late->count);
    (void)post_ok(fixture, early, 1, early->count);
    assert_int_equal(
        query_int(fixture, "SELECT count(*) FROM customer WHERE id = 'p-1' AND group_id = 'gold'"),
        1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM customer WHERE id <> 'p-1'"), 0);
    assert_projections_true(fixture);
    device_free(early);
    device_free(late);
}

static void test_customers__have_totals_and_no_names(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    static const char *const names[] = {"p-1", "p-1", "Jo Smith", "4111111111111111"};

    add_open(device, NULL);
    for (int i = 0; i < 4; i++) {
        json_t *entry = next_entry(device, "sale");
        put_sale(entry, "S01", "A", 1000, 100);
        json_put_text(entry, "customer", names[i]);
        seal_entry(device, entry);
    }
    add_customer(device, "Jo Smith", "created", "");
    (void)post_ok(fixture, device, 1, 6);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM customer_total"), 1);
    assert_int_equal(query_int(fixture, "SELECT gross_minor FROM customer_total"), 200);
    assert_int_equal(exceptions_of(fixture, "sale"), 2);
    assert_int_equal(exceptions_of(fixture, "customer"), 1);
    assert_projections_true(fixture);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_customers__are_erased_and_the_chain_stays_whole),
        TEST(test_customers__of_a_branch_are_kept),
        TEST(test_customers__are_as_they_were_said_last),
        TEST(test_customers__have_totals_and_no_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
