/* The change feed: dense, whole, bounded; a replica that follows it equals the ledger. */
#include "replica_fixture.h"

static void put_item(struct fixture *fixture, const char *sku, const char *name)
{
    char rows[256];

    (void)snprintf(rows, sizeof rows,
                   "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"%s\","
                   "\"name\":\"%s\"}}]}",
                   sku, name);
    admin_put(fixture, rows);
}

static void test_feed__numbers_transactions_densely(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    for (int i = 0; i < 20; i++)
        put_item(fixture, "D", "Date");
    assert_int_equal(feed_mark(fixture->ledger->feed, "catalogue").position, 21);
    assert_int_equal(feed_mark(fixture->ledger->feed, "location:S01").position, 1);
    assert_int_equal(feed_mark(fixture->ledger->feed, "staff").position, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM change c JOIN feed f "
                                        "ON f.number = c.id >> 40 WHERE f.scope = 'catalogue' "
                                        "AND (c.id & 1099511627775) BETWEEN 1 AND 21"),
                     21);
    /* A start later it goes on where it was. */
    fixture_close(fixture);
    fixture_open(fixture);
    put_item(fixture, "D", "Date");
    assert_int_equal(feed_mark(fixture->ledger->feed, "catalogue").position, 22);
}

/* Random changes and sales; at random moments the replica catches up and must equal the ledger. */
static void test_feed__keeps_a_replica_true(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;
    struct db *replica = replica_empty(fixture, "replica.db");
    struct changes_query query;
    int sent = 0;

    srand(11);
    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    query = changes_from(fixture, "S01");
    add_open(device, NULL);
    for (int i = 0; i < 200; i++) {
        char sku[8], rows[256];
        (void)snprintf(sku, sizeof sku, "N%d", rand() % 9);
        switch (rand() % 5) {
        case 0:
            put_item(fixture, sku, rand() % 2 == 0 ? "one" : "two");
            break;
        case 1:
            (void)snprintf(rows, sizeof rows,
                           "{\"rows\":[{\"t\":\"setting\",\"op\":\"%s\",\"row\":{\"location\":"
                           "\"S0%d\",\"key\":\"%s\",\"value\":\"v%d\"}}]}",
                           rand() % 3 == 0 ? "del" : "put", 1 + rand() % 2, sku, i);
            admin_put(fixture, rows);
            break;
        case 2:
            add_sale(device, rand() % 2 == 0 ? "A" : "C\"q", rand() % 500 + 1, 10);
            break;
        case 3:
            if (device->count > sent)
                sent = (int)post_ok(fixture, device, sent + 1, device->count - sent);
            break;
        default:
            (void)catch_up(fixture, device, replica, &query);
            assert_replica_true(fixture, replica, "S01");
        }
    }
    (void)catch_up(fixture, device, replica, &query);
    assert_replica_true(fixture, replica, "S01");
    db_close(replica);
    device_free(device);
}

/* Larger than one answer: several, each of whole transactions. */
static void test_feed__cuts_answers_between_transactions(void **state)
{
    struct fixture *fixture = *state;
    struct db *replica = replica_empty(fixture, "replica.db");
    struct changes_query query;
    struct device *device;
    struct buf rows;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    query = changes_from(fixture, "S01");
    for (int i = 0; i < 10; i++) {
        buf_init(&rows, (size_t)8 << 20);
        assert_int_equal(buf_append_text(&rows, "{\"rows\":["), STATUS_OK);
        for (int j = 0; j < 1500; j++)
            assert_int_equal(
                buf_printf(&rows,
                           "%s{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"%d-%d\","
                           "\"name\":\"%0200d\"}}",
                           j == 0 ? "" : ",", i, j, j),
                STATUS_OK);
        assert_int_equal(buf_append_text(&rows, "]}"), STATUS_OK);
        admin_put(fixture, buf_text(&rows));
        buf_finish(&rows);
    }
    assert_true(catch_up(fixture, device, replica, &query) >= 3);
    assert_replica_true(fixture, replica, "S01");
    db_close(replica);
    device_free(device);
}

static void assert_gone(struct fixture *fixture, const struct device *device,
                        const struct changes_query *query)
{
    struct answer answer = ask_changes(fixture, device, query);

    assert_int_equal(answer.status, 410);
    assert_string_equal(json_text_or(answer.json, "error", ""), "snapshot");
    answer_free(&answer);
}

static void test_feed__raises_the_floor_for_bulk(void **state)
{
    struct fixture *fixture = *state;
    struct changes_query query;
    struct device *device;
    struct buf rows;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    query = changes_from(fixture, "S01");
    buf_init(&rows, (size_t)8 << 20);
    assert_int_equal(buf_append_text(&rows, "{\"rows\":["), STATUS_OK);
    for (int j = 0; j <= FEED_BULK_ROWS; j++)
        assert_int_equal(buf_printf(&rows,
                                    "%s{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"%d\","
                                    "\"name\":\"n\"}}",
                                    j == 0 ? "" : ",", j),
                         STATUS_OK);
    assert_int_equal(buf_append_text(&rows, "]}"), STATUS_OK);
    admin_put(fixture, buf_text(&rows));
    buf_finish(&rows);
    struct feed_mark mark = feed_mark(fixture->ledger->feed, "catalogue");
    assert_int_equal(mark.position, 2);
    assert_int_equal(mark.floor, 2);
    assert_gone(fixture, device, &query);
    query.cursors[0].position = 1;
    assert_gone(fixture, device, &query);
    query.cursors[0].position = 3; /* beyond what there is */
    assert_gone(fixture, device, &query);
    query.cursors[0].position = 2;
    struct answer answer = ask_changes(fixture, device, &query);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    put_item(fixture, "D", "Date");
    answer = ask_changes(fixture, device, &query);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.text, "Date"));
    answer_free(&answer);
    device_free(device);
}

static enum status one_row(void *context, const struct writer_turn *turn, struct error *error)
{
    (void)context;
    (void)error;
    feed_add(turn->feed, "staff", "{\"t\":\"later\"}", 13);
    return STATUS_OK;
}

static void test_feed__compacts_what_is_old(void **state)
{
    struct fixture *fixture = *state;
    struct writer_job job = {.run = one_row};
    struct error error = {0};

    for (int i = 0; i < FEED_KEEP_TRANSACTIONS + 10; i++)
        must(writer_run(fixture->ledger->writer, &job, &error), &error);
    struct feed_mark mark = feed_mark(fixture->ledger->feed, "staff");
    assert_int_equal(mark.position, FEED_KEEP_TRANSACTIONS + 10);
    assert_int_equal(mark.floor, (FEED_KEEP_TRANSACTIONS + 1) / 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM change"), mark.position - mark.floor);
    assert_int_equal(query_int(fixture, "SELECT bytes FROM feed"),
                     14 * (mark.position - mark.floor));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_feed__numbers_transactions_densely),
        TEST(test_feed__keeps_a_replica_true),
        TEST(test_feed__cuts_answers_between_transactions),
        TEST(test_feed__raises_the_floor_for_bulk),
        TEST(test_feed__compacts_what_is_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
