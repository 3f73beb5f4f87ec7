/* Forks taken in by a person's decision: once, whole, and kept so through a rebuild. */
#include "trade_fixture.h"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

/* Device and clone share entries 1..3; the ledger has the device's 4; the clone holds 4'.. */
struct fork {
    struct device *device, *clone;
};

static struct fork make_fork(struct fixture *fixture, int more)
{
    struct fork fork = {.device = device_make(fixture, "S01", "T01")};

    add_open(fork.device, NULL);
    add_sale(fork.device, "A", 1000, 100);
    add_sale(fork.device, "A", 1000, 100);
    fork.clone = clone_of(fork.device);
    add_sale(fork.device, "A", 1000, 100);
    for (int i = 0; i < more; i++)
        add_sale(fork.clone, "B", 1000, 700);
    (void)post_ok(fixture, fork.device, 1, 4);
    return fork;
}

static void free_fork(struct fork *fork)
{
    clone_free(fork->clone, 3);
    device_free(fork->device);
}

static int64_t sold_of(struct fixture *fixture, const char *sku)
{
    return count_text(
        fixture, "SELECT quantity_milli FROM stock WHERE status = '@customer' AND sku = ?1", sku);
}

static void apply(struct fixture *fixture)
{
    expect_status(change_exception(fixture, exception_id(fixture, "fork"), "{\"op\":\"apply\"}"),
                  200);
}

static void test_branches__are_taken_in_once(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 3);

    expect_status(post_entries(fixture, fork.clone, 4, 3), 409);
    assert_int_equal(sold_of(fixture, "B"), 0);
    assert_int_equal(query_int(fixture, "SELECT seq FROM branch_mark"), 3);
    assert_projections_true(fixture);
    for (int i = 0; i < 3; i++) {
        apply(fixture);
        assert_int_equal(sold_of(fixture, "B"), 3000);
        assert_int_equal(query_int(fixture, "SELECT sum(gross_minor) FROM total"), 300 + 2100);
        assert_int_equal(query_int(fixture, "SELECT sum(entries) FROM total"), 4 + 3);
        assert_int_equal(query_int(fixture, "SELECT seq FROM branch_mark"), 6);
        assert_projections_true(fixture);
    }
    assert_int_equal(query_int(fixture, "SELECT seq FROM watermark"), 4);
    assert_int_equal(
        query_int(fixture, "SELECT count(*) FROM exception_history WHERE op = 'applied'"), 1);
    /* The branch sent again changes nothing, nor does the main chain that goes on. */
    expect_status(post_entries(fixture, fork.clone, 4, 3), 409);
    add_sale(fork.device, "A", 1000, 100);
    (void)post_ok(fixture, fork.device, 5, 1);
    assert_int_equal(sold_of(fixture, "B"), 3000);
    assert_int_equal(sold_of(fixture, "A"), 4000);
    assert_int_equal(exceptions_of(fixture, "fork"), 1);
    assert_projections_true(fixture);
    free_fork(&fork);
}

static void test_branches__that_grow_are_told_and_taken_in_again(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 5);

    expect_status(post_entries(fixture, fork.clone, 4, 2), 409);
    apply(fixture);
    assert_int_equal(sold_of(fixture, "B"), 2000);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'fork' AND "
                                        "state = 'open'"),
                     0);
    expect_status(post_entries(fixture, fork.clone, 6, 3), 409);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'fork' AND "
                                        "state = 'open'"),
                     1);
    assert_int_equal(sold_of(fixture, "B"), 2000);
    assert_projections_true(fixture);
    apply(fixture);
    assert_int_equal(sold_of(fixture, "B"), 5000);
    assert_int_equal(query_int(fixture, "SELECT seq FROM branch_mark"), 8);
    assert_int_equal(exceptions_of(fixture, "fork"), 1);
    assert_projections_true(fixture);
    free_fork(&fork);
}

/* Two clones of one till from the same place: each branch has its exception and its decision. */
static void test_branches__of_two_clones_are_two_decisions(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 2);
    struct device *third = clone_of(fork.device);
    int64_t first;

    third->count = 3;
    for (int i = 0; i < 3; i++)
        add_sale(third, "C\"q", 1000, 900);
    expect_status(post_entries(fixture, fork.clone, 4, 2), 409);
    first = exception_id(fixture, "fork");
    expect_status(post_entries(fixture, third, 4, 3), 409);
    assert_int_equal(exceptions_of(fixture, "fork"), 2);
    expect_status(change_exception(fixture, first, "{\"op\":\"apply\"}"), 200);
    assert_int_equal(sold_of(fixture, "B"), 2000);
    assert_int_equal(sold_of(fixture, "C\"q"), 0);
    assert_projections_true(fixture);
    apply(fixture); /* the later one */
    assert_int_equal(sold_of(fixture, "C\"q"), 3000);
    assert_projections_true(fixture);
    clone_free(third, 3);
    free_fork(&fork);
}

static void test_branches__survive_a_restart_and_a_repair(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 2);

    add_sale(fork.clone, "NEW", 4000, 400); /* not in the catalogue: waits, for the branch too */
    expect_status(post_entries(fixture, fork.clone, 4, 3), 409);
    apply(fixture);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM suspense"), 1);
    assert_projections_true(fixture);
    run_sql(fixture, "UPDATE stock SET quantity_milli = quantity_milli + 5");
    run_sql(fixture, "INSERT INTO ledger_meta(key, value) SELECT 'refold', '1'");
    fixture_close(fixture);
    fixture_open(fixture);
    assert_projections_true(fixture);
    assert_int_equal(sold_of(fixture, "B"), 2000);
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"NEW\","
                       "\"name\":\"New\"}}]}");
    assert_int_equal(sold_of(fixture, "NEW"), 4000);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM suspense"), 0);
    assert_projections_true(fixture);
    apply(fixture);
    assert_int_equal(sold_of(fixture, "NEW"), 4000);
    free_fork(&fork);
}

/* What the till's disk lost names no entry before it: it goes on with the branch all the same. */
static void test_branches__go_on_through_damage(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 3);
    struct frame *frame = frame_new(&fork.clone->epoch, 5);
    struct buf body;

    add_sale(fork.device, "A", 1000, 100); /* the main chain has an entry at that place, too */
    (void)post_ok(fixture, fork.device, 5, 1);
    expect_status(post_entries(fixture, fork.clone, 4, 1), 409);
    for (int i = 4; i < 6; i++) {
        const struct sealed_entry *entry = &fork.clone->entries[i];
        struct frame_entry raw = {.signature = entry->signature,
                                  .bytes = i == 4 ? NULL : entry->bytes,
                                  .length = i == 4 ? 0 : entry->length,
                                  .hash = entry->hash,
                                  .damaged = i == 4};
        assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    buf_init(&body, 1 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    expect_status(signed_call(fixture, fork.clone, "POST", "/v1/journal", "", body.data, body.used),
                  409);
    assert_int_equal(query_int(fixture, "SELECT count(DISTINCT root) FROM branch"), 1);
    assert_int_equal(exceptions_of(fixture, "fork"), 1);
    apply(fixture);
    assert_int_equal(sold_of(fixture, "B"), 2000);
    assert_int_equal(query_int(fixture, "SELECT seq FROM branch_mark"), 6);
    assert_projections_true(fixture);
    buf_finish(&body);
    frame_free(frame);
    free_fork(&fork);
}

/* Entries 3 and 4 were destroyed: nobody knows the hash of 3, and 4 still has its own. */
static int post_destroyed(struct fixture *fixture, const struct device *device)
{
    struct frame *frame = frame_new(&device->epoch, 1);
    struct answer answer;
    struct buf body;
    int status;

    for (int i = 0; i < device->count; i++) {
        const struct sealed_entry *entry = &device->entries[i];
        struct frame_entry raw = {.damaged = true};
        if (i != 2)
            raw = (struct frame_entry){.signature = entry->signature,
                                       .bytes = i == 3 ? NULL : entry->bytes,
                                       .length = i == 3 ? 0 : entry->length,
                                       .hash = entry->hash,
                                       .damaged = i == 3};
        assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    buf_init(&body, 1 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used);
    status = answer.status;
    answer_free(&answer);
    buf_finish(&body);
    frame_free(frame);
    return status;
}

/* A copy that still has what the till's disk lost is no fork, where they agree behind it. */
static void test_branches__do_not_begin_with_a_lost_name(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01"), *copy, *other;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    other = clone_of(device);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    copy = clone_of(device);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_destroyed(fixture, device), 200);
    expect_status(post_entries(fixture, copy, 1, 5), 200);
    assert_int_equal(exceptions_of(fixture, "fork"), 0);
    add_sale(copy, "B", 1000, 700); /* 6' */
    expect_status(post_entries(fixture, copy, 1, 6), 409);
    assert_int_equal(query_int(fixture, "SELECT min(start) FROM branch"), 6);
    /* It may be another entry that lost its name: then it is kept with what follows it. */
    add_sale(other, "B", 1000, 700); /* 4' */
    expect_status(post_entries(fixture, other, 1, 4), 409);
    assert_int_equal(query_int(fixture, "SELECT min(start) FROM branch"), 3);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 3);
    assert_projections_true(fixture);
    clone_free(other, 3);
    clone_free(copy, 5);
    device_free(device);
}

static void test_branches__pass_what_the_sender_lost(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    for (int i = 0; i < 4; i++)
        add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 4), 4);
    assert_int_equal(post_destroyed(fixture, device), 200);
    assert_int_equal(exceptions_of(fixture, "fork"), 0);
    assert_int_equal(sold_of(fixture, "A"), 4000);
    assert_projections_true(fixture);
    device_free(device);
}

/* A return of what the branch sold is not more than was sold. */
static void test_branches__count_as_sold_for_returns(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 0);

    add_line_sale(fork.clone, "B", 2000, 200); /* 4' */
    expect_status(post_entries(fixture, fork.clone, 4, 1), 409);
    add_linked_return(fork.device, fork.clone, 4, "B", 2000, 200);
    (void)post_ok(fixture, fork.device, 5, 1);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 0);
    free_fork(&fork);
}

/* Posts the entries from..to of a device; the one at `lost` can't be read any more. */
static struct answer post_with_lost(struct fixture *fixture, const struct device *device, int from,
                                    int to, int lost)
{
    struct frame *frame = frame_new(&device->epoch, from);
    struct answer answer;
    struct buf body;

    for (int seq = from; seq <= to; seq++) {
        const struct sealed_entry *entry = &device->entries[seq - 1];
        struct frame_entry raw = {.damaged = true, .hash = entry->hash};
        raw.signature = entry->signature;
        if (seq != lost)
            raw = (struct frame_entry){
                .signature = entry->signature, .bytes = entry->bytes, .length = entry->length};
        assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    buf_init(&body, 1 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used);
    buf_finish(&body);
    frame_free(frame);
    return answer;
}

/* Two histories end at the same place: what nobody can read follows the one whose end comes with
 * it. */
static void test_branches__are_not_joined_by_what_cannot_be_read(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 3); /* 4', 5', 6' */
    struct answer answer;

    expect_status(post_entries(fixture, fork.clone, 4, 1), 409);
    answer = post_with_lost(fixture, fork.clone, 5, 6, 5);
    assert_int_equal(answer.status, 409);
    assert_string_equal(json_text_or(answer.json, "error", ""), "gap");
    assert_int_equal(json_int_or(answer.json, "expected", 0), 4);
    answer_free(&answer);
    expect_status(post_with_lost(fixture, fork.clone, 4, 6, 5), 409);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 3);
    add_sale(fork.device, "A", 1000, 100);
    add_sale(fork.device, "A", 1000, 100);
    expect_status(post_with_lost(fixture, fork.device, 5, 6, 5), 409);
    expect_status(post_with_lost(fixture, fork.device, 4, 6, 5), 200);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 3);
    assert_int_equal(sold_of(fixture, "A"), 4000);
    assert_projections_true(fixture);
    free_fork(&fork);
}

/* Whichever comes first: a return of more than the branch sold is told. */
static void test_branches__that_come_after_the_return_are_judged(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 0);
    struct device *other = device_make(fixture, "S01", "T02");

    for (int i = 0; i < 2; i++)
        add_line_sale(fork.clone, "B", 1000, 100); /* 4', 5' */
    add_open(other, NULL);
    add_linked_return(other, fork.clone, 5, "B", 2000, 200);
    (void)post_ok(fixture, other, 1, 2);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 0);
    expect_status(post_entries(fixture, fork.clone, 4, 2), 409);
    assert_int_equal(exceptions_of(fixture, "refund_over_sale"), 1);
    device_free(other);
    free_fork(&fork);
}

static void test_branches__are_told_to_the_tills(void **state)
{
    struct fixture *fixture = shop(state);
    struct fork fork = make_fork(fixture, 2);
    struct changes_query query = changes_from(fixture, "S01");
    struct answer answer;

    expect_status(post_entries(fixture, fork.clone, 4, 2), 409);
    apply(fixture);
    answer = ask_changes(fixture, fork.device, &query);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.text, "\"branch_mark\""));
    assert_non_null(strstr(answer.text, "\"start\":4,\"seq\":3}"));
    assert_non_null(strstr(answer.text, "\"start\":4,\"seq\":5}"));
    answer_free(&answer);
    free_fork(&fork);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_branches__are_taken_in_once),
        TEST(test_branches__that_grow_are_told_and_taken_in_again),
        TEST(test_branches__of_two_clones_are_two_decisions),
        TEST(test_branches__survive_a_restart_and_a_repair),
        TEST(test_branches__go_on_through_damage),
        TEST(test_branches__do_not_begin_with_a_lost_name),
        TEST(test_branches__pass_what_the_sender_lost),
        TEST(test_branches__count_as_sold_for_returns),
        TEST(test_branches__are_not_joined_by_what_cannot_be_read),
        TEST(test_branches__that_come_after_the_return_are_judged),
        TEST(test_branches__are_told_to_the_tills),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
