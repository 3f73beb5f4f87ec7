#include "terminal/stock/stock.h"

#include "tests/unit/terminal/stock/stock_fixture.h"

static int make(void **state)
{
    *state = shop_make();
    return 0;
}

static int clear(void **state)
{
    shop_free(*state);
    return 0;
}

static void level_is(struct shop *shop, const char *sku, int64_t confirmed, int64_t pending)
{
    struct stock_level level = shop_level(shop, sku);
    int64_t sum = 0;
    for (int i = 0; i < STOCK_STATUSES; i++)
        sum += level.by_status[i].milli;
    assert_int_equal(level.confirmed.milli, confirmed);
    assert_int_equal(level.pending.milli, pending);
    assert_int_equal(level.on_hand.milli, confirmed + pending);
    assert_int_equal(sum, level.on_hand.milli);
}

static void test_stock__confirmed_counts_what_stands_in_the_shop(void **state)
{
    struct shop *shop = *state;
    static const char *const statuses[] = {"available", "reserved",   "staged",    "hold",
                                           "damaged",   "in_transit", "@customer", "elsewhere"};
    int64_t milli = 1;
    for (size_t i = 0; i < 8; i++, milli *= 10)
        shop_put_stock(shop, "A", statuses[i], milli);
    shop_ok(shop, db_exec(shop->replica,
                          "INSERT INTO stock(location, sku, status, quantity_milli)"
                          " VALUES('S02', 'A', 'available', 5)",
                          &shop->error));
    level_is(shop, "A", 11111, 0);
    struct stock_level level = shop_level(shop, "A");
    assert_int_equal(level.by_status[STOCK_AVAILABLE].milli, 1);
    assert_int_equal(level.by_status[STOCK_RESERVED].milli, 10);
    assert_int_equal(level.by_status[STOCK_STAGED].milli, 100);
    assert_int_equal(level.by_status[STOCK_HOLD].milli, 1000);
    assert_int_equal(level.by_status[STOCK_DAMAGED].milli, 10000);
    level_is(shop, "a", 0, 0); /* SKUs compare byte for byte */
}

static void test_stock__a_sale_is_pending_until_the_watermark_passes_it(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 2000);
    const struct id *epoch = journal_epoch(shop->till->journal);
    shop_put_stock(shop, "A", "available", 10000);
    shop_commit(shop, &sale, 1); /* seq 2 */
    shop_commit(shop, &sale, 1); /* seq 3 */
    level_is(shop, "A", 10000, -4000);
    shop_put_stock(shop, "A", "available", 8000);
    shop_put_mark(shop, epoch, 2);
    level_is(shop, "A", 8000, -2000);
    assert_int_equal(shop_level(shop, "A").watermark, 2);
    shop_put_stock(shop, "A", "available", 6000);
    shop_put_mark(shop, epoch, 3);
    level_is(shop, "A", 6000, 0);
}

static void test_stock__watermark_of_another_till_counts_nothing(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 2000);
    char hex[ID_HEX_SIZE], sql[256];
    hex_write(journal_epoch(shop->till->journal)->bytes, ID_SIZE, hex);
    shop_commit(shop, &sale, 1);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO watermark(location, device, epoch, seq) VALUES"
                   "('S01', '00112233445566778899aabbccddeeff', '%s', 9)",
                   hex);
    shop_ok(shop, db_exec(shop->replica, sql, &shop->error));
    level_is(shop, "A", 0, -2000);
}

static void test_stock__moves_between_buckets_stay_on_hand(void **state)
{
    struct shop *shop = *state;
    struct quantity one = {1000};
    struct stock_move moves[] = {
        stock_move_make(1, "A", one, "S01", "available", "S01", "damaged", "broken"),
        stock_move_make(2, "B", one, "S01", "available", "S02", "in_transit", "transfer"),
        stock_move_make(3, "C", one, "S01", "@supplier", "S01", "available", "receive"),
        stock_move_make(4, "D", one, "S02", "available", "S02", "@customer", "sale"),
        stock_move_make(5, "A", one, "S01", "@customer", "S01", "hold", "return"),
    };
    shop_commit(shop, moves, 5);
    level_is(shop, "A", 0, 1000);
    assert_int_equal(shop_level(shop, "A").by_status[STOCK_AVAILABLE].milli, -1000);
    assert_int_equal(shop_level(shop, "A").by_status[STOCK_DAMAGED].milli, 1000);
    assert_int_equal(shop_level(shop, "A").by_status[STOCK_HOLD].milli, 1000);
    level_is(shop, "B", 0, -1000);
    level_is(shop, "C", 0, 1000);
    level_is(shop, "D", 0, 0);
}

static void test_stock__every_epoch_counts(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 1000);
    struct chain_point ahead;
    struct id first = *journal_epoch(shop->till->journal);
    shop_commit(shop, &sale, 1);
    ahead = journal_head(shop->till->journal);
    ahead.seq += 7;
    fixture_reopen(shop->till, &ahead, 1);
    shop_commit(shop, &sale, 1);
    level_is(shop, "A", 0, -2000);
    shop_put_mark(shop, &first, 2);
    level_is(shop, "A", 0, -1000);
    assert_int_equal(shop_level(shop, "A").watermark, 0); /* of the current epoch */
    shop_put_mark(shop, journal_epoch(shop->till->journal), 2);
    level_is(shop, "A", 0, 0);
}

/* A clone went on in the same epoch: the ledger has its entries 3 and 4, and keeps this till's 3
 * aside. The watermark speaks of the clone's entries, the branch's mark of this till's. */
static void test_stock__of_a_fork_its_own_mark_counts(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 1000);
    struct chain_point root;
    char device[ID_HEX_SIZE], epoch[ID_HEX_SIZE], hash[HASH_HEX_SIZE], sql[512];
    shop_commit(shop, &sale, 1); /* 2: known to both */
    shop_commit(shop, &sale, 1); /* 3: the fork's first */
    root = journal_head(shop->till->journal);
    shop_commit(shop, &sale, 1); /* 4 */
    shop_put_mark(shop, journal_epoch(shop->till->journal), 4);
    level_is(shop, "A", 0, 0); /* what the watermark alone would say */
    hex_write(shop->till->identity.device.bytes, ID_SIZE, device);
    hex_write(root.epoch.bytes, ID_SIZE, epoch);
    hex_write(root.hash.bytes, HASH_SIZE, hash);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO branch_mark(location, device, epoch, hash, start, seq) VALUES"
                   "('S01', '%s', '%s', '%s', 3, 2)",
                   device, epoch, hash);
    shop_ok(shop, db_exec(shop->replica, sql, &shop->error));
    level_is(shop, "A", 0, -2000); /* 3 and 4 are nowhere but here */
    shop_ok(shop, db_exec(shop->replica, "UPDATE branch_mark SET seq = 3", &shop->error));
    level_is(shop, "A", 0, -1000); /* taken in up to 3 */
    shop_ok(shop, db_exec(shop->replica, "UPDATE branch_mark SET seq = 4", &shop->error));
    level_is(shop, "A", 0, 0);
    /* The other till's entries have another hash there: nothing of this counts. */
    shop_ok(shop,
            db_exec(shop->replica, "UPDATE branch_mark SET seq = 2, hash = replace(hash, '0', '1')",
                    &shop->error));
    level_is(shop, "A", 0, 0);
}

static void test_stock__rolled_back_sale_never_was(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 1000);
    fixture_ok(shop->till, db_begin(shop->till->db, &shop->till->error));
    shop_append(shop, &sale, 1);
    level_is(shop, "A", 0, -1000); /* the till sees what it is doing */
    journal_rollback(shop->till->journal);
    level_is(shop, "A", 0, 0);
}

static void test_stock__moves_are_append_only(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 1000);
    shop_commit(shop, &sale, 1);
    assert_int_not_equal(db_exec(shop->till->db, "UPDATE move SET quantity = 1", NULL), STATUS_OK);
    assert_int_not_equal(db_exec(shop->till->db, "DELETE FROM move", NULL), STATUS_OK);
    level_is(shop, "A", 0, -1000);
}

static void test_stock__without_a_replica_only_own_moves_are_known(void **state)
{
    struct shop *shop = *state;
    struct stock_move sale = shop_sale("A", 1000);
    struct stock_level level;
    shop_commit(shop, &sale, 1);
    shop_ok(shop, stock_of(shop->till->db, NULL, "S01", "A", &level, &shop->error));
    assert_int_equal(level.on_hand.milli, -1000);
    assert_int_equal(level.as_of_ms, 0);
}

static void test_stock__age_is_the_locations(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(shop_level(shop, "A").as_of_ms, 0);
    shop_ok(shop, db_exec(shop->replica,
                          "INSERT INTO cursor(scope, incarnation, position, as_of_ms) VALUES"
                          "('location:S01', '', 4, 777), ('catalogue', '', 9, 888)",
                          &shop->error));
    assert_int_equal(shop_level(shop, "A").as_of_ms, 777);
}

static void test_stock__sum_that_does_not_fit_is_refused(void **state)
{
    struct shop *shop = *state;
    struct stock_move huge = shop_sale("A", INT64_MAX);
    struct stock_level level;
    shop_commit(shop, &huge, 1);
    shop_commit(shop, &huge, 1);
    assert_int_equal(stock_of(shop->till->db, shop->reader, "S01", "A", &level, &shop->error),
                     STATUS_RANGE);
    level_is(shop, "B", 0, 0);
}

static void test_stock__grid_equals_single_look_ups(void **state)
{
    struct shop *shop = *state;
    char names[30][16];
    const char *skus[30];
    struct stock_level levels[30];
    for (int i = 0; i < 30; i++) {
        (void)snprintf(names[i], sizeof names[i], "K%d", i);
        skus[i] = names[i];
        shop_put_stock(shop, skus[i], "available", i * 100);
        struct stock_move sale = shop_sale(skus[i], i + 1);
        shop_commit(shop, &sale, 1);
    }
    skus[29] = skus[3]; /* the same item twice in a grid */
    shop_ok(shop,
            stock_of_each(shop->till->db, shop->reader, "S01", skus, 30, levels, &shop->error));
    for (int i = 0; i < 30; i++) {
        struct stock_level one = shop_level(shop, skus[i]);
        assert_memory_equal(&levels[i], &one, sizeof one);
    }
    shop_ok(shop,
            stock_of_each(shop->till->db, shop->reader, "S01", skus, 0, levels, &shop->error));
}

/* ---- how it reads ---- */

static int count_step(void *context)
{
    (*(int *)context)++;
    return 0;
}

/* The work does not grow with what the watermark has passed. */
static void test_stock__costs_only_what_came_after_the_watermark(void **state)
{
    struct shop *shop = *state;
    struct stock_move moves[100];
    int steps = 0, fewer;
    for (int i = 0; i < 100; i++)
        moves[i] = shop_sale("A", 1000);
    shop_commit(shop, moves, 1);
    shop_put_mark(shop, journal_epoch(shop->till->journal), 1);
    (void)shop_level(shop, "A");
    sqlite3_progress_handler(db_handle(shop->till->db), 1, count_step, &steps);
    level_is(shop, "A", 0, -1000);
    fewer = steps;
    sqlite3_progress_handler(db_handle(shop->till->db), 0, NULL, NULL);
    for (int i = 0; i < 100; i++)
        shop_commit(shop, moves, 100);
    shop_put_mark(shop, journal_epoch(shop->till->journal), 101);
    shop_commit(shop, moves, 1);
    shop_put_mark(shop, journal_epoch(shop->till->journal), 102);
    steps = 0;
    sqlite3_progress_handler(db_handle(shop->till->db), 1, count_step, &steps);
    level_is(shop, "A", 0, -1000);
    sqlite3_progress_handler(db_handle(shop->till->db), 0, NULL, NULL);
    assert_int_equal(steps, fewer);
}

struct order {
    char seen[256];
    size_t used;
};

static int note(struct order *order, char who)
{
    if (order->used < sizeof order->seen - 1)
        order->seen[order->used++] = who;
    return 0;
}

static int note_replica(unsigned kind, void *context, void *statement, void *sql)
{
    (void)kind;
    (void)statement;
    (void)sql;
    return note(context, 'R');
}

static int note_journal(unsigned kind, void *context, void *statement, void *sql)
{
    (void)kind;
    (void)statement;
    (void)sql;
    return note(context, 'J');
}

static void test_stock__replica_is_read_before_the_journal(void **state)
{
    struct shop *shop = *state;
    struct order order = {0};
    const char *skus[] = {"A", "B"};
    struct stock_level levels[2];
    (void)sqlite3_trace_v2(db_handle(shop->reader), SQLITE_TRACE_STMT, note_replica, &order);
    (void)sqlite3_trace_v2(db_handle(shop->till->db), SQLITE_TRACE_STMT, note_journal, &order);
    shop_ok(shop,
            stock_of_each(shop->till->db, shop->reader, "S01", skus, 2, levels, &shop->error));
    (void)sqlite3_trace_v2(db_handle(shop->reader), 0, NULL, NULL);
    (void)sqlite3_trace_v2(db_handle(shop->till->db), 0, NULL, NULL);
    const char *last_replica = strrchr(order.seen, 'R');
    const char *first_journal = strchr(order.seen, 'J');
    assert_non_null(last_replica);
    assert_non_null(first_journal);
    assert_true(last_replica < first_journal);
    assert_false(db_in_transaction(shop->reader));
    assert_false(db_in_transaction(shop->till->db));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_stock__confirmed_counts_what_stands_in_the_shop),
        CASE(test_stock__a_sale_is_pending_until_the_watermark_passes_it),
        CASE(test_stock__watermark_of_another_till_counts_nothing),
        CASE(test_stock__of_a_fork_its_own_mark_counts),
        CASE(test_stock__moves_between_buckets_stay_on_hand),
        CASE(test_stock__every_epoch_counts),
        CASE(test_stock__rolled_back_sale_never_was),
        CASE(test_stock__moves_are_append_only),
        CASE(test_stock__without_a_replica_only_own_moves_are_known),
        CASE(test_stock__age_is_the_locations),
        CASE(test_stock__sum_that_does_not_fit_is_refused),
        CASE(test_stock__grid_equals_single_look_ups),
        CASE(test_stock__costs_only_what_came_after_the_watermark),
        CASE(test_stock__replica_is_read_before_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
